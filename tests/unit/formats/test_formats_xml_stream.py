"""XML documents are read element by element, in any encoding, with every measure bounded."""

import io
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hashmatch.errors import HashSetError
from hashmatch.formats.interface import ReadOptions
from hashmatch.formats.xml_stream import XmlDocument, opening
from tests.contract.format_contract import Endless

TEXT = "<list><item n='1'><name>ünï</name></item></list>"


def document(data, whole=("item",), **options):
    return XmlDocument(io.BytesIO(data), ReadOptions(**options), whole)


def elements(data, whole=("item",), **options):
    return list(document(data, whole, **options).elements())


def facts(data):
    reading = document(data)
    names = [one.first("name").text for one in reading.elements() if one.name == "item"]
    return names, reading.facts().facts


def test_wanted_elements_come_whole_and_others_without_children():
    data = b"<r><a>1</a><item>x<b>2</b>y<b c='3'/></item> <z:last q='4'>5</z:last></r>"
    first, item, last, root = elements(data)
    assert (first.name, first.text) == ("a", "1")
    assert [one.name for one in item.children] == ["b", "b"]
    assert item.to_json() == {"#text": "xy", "b": ["2", {"@c": "3"}]}
    assert (last.name, last.text, last.attributes) == ("last", "5", {"q": "4"})
    assert (root.name, root.children) == ("r", [])


def test_a_wanted_element_inside_a_wanted_one_stays_inside():
    (outer, _) = elements(b"<r><item><item><item/></item></item></r>")
    assert [one.name for one in outer.children] == ["item"]
    assert outer.value("item") is None


def test_elements_know_the_line_they_begin_on():
    assert [one.line for one in elements(b"<?xml version='1.0'?>\n<r>\n\n<item\n/></r>")] == [4, 2]


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (TEXT.encode("utf-8-sig"), "utf-8"),
        (TEXT.encode("utf-16"), "utf-16-le"),
        (TEXT.encode("utf-16-le"), "utf-16-le"),
        (TEXT.encode("utf-16-be"), "utf-16-be"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "utf-16-be"),
        (b"<?xml version='1.0' encoding='iso-8859-1'?>" + TEXT.encode("latin-1"), "iso8859-1"),
        (b'<?xml version="1.0" encoding="Windows-1252"?>' + TEXT.encode("cp1252"), "cp1252"),
        (TEXT.encode("cp1252"), "cp1252"),
        (b"<?xml version='1.0' encoding='UTF-8'?>" + TEXT.encode("cp1252"), "cp1252"),
        (b"<?xml version='1.1' encoding='us-ascii'?>" + TEXT.encode(), "utf-8"),
    ],
)
def test_every_encoding_gives_the_same_text(data, encoding):
    assert facts(data) == (["ünï"], {"encoding": encoding})


@pytest.mark.parametrize("declared", ["utf-16", "UTF-32", "klingon", "cp037", "idna"])
def test_an_untrue_declaration_is_passed_over_and_said(declared):
    data = f"<?xml version='1.0' encoding='{declared}'?>\r\n{TEXT}".encode()
    said = f"{declared.lower()}, which it is not"
    assert facts(data) == (["ünï"], {"encoding": "utf-8", "declared_encoding": said})
    assert opening(data).root == "list"


def test_only_a_declaration_at_the_beginning_is_dropped():
    (item, _) = elements(b"<r><item><![CDATA[<?xml version='1.0'?>]]></item></r>")
    assert item.text == "<?xml version='1.0'?>"


def test_a_byte_that_means_nothing_is_read_as_a_control_character():
    (item, _) = elements(b"<r><item>a\x81b</item></r>")
    assert item.text == "a\x81b"


BOMB = (
    b"<!DOCTYPE r [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>"
    b"<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;'>]><r><item>&c;</item></r>"
)


@pytest.mark.parametrize(
    "data",
    [
        BOMB,
        b"<!DOCTYPE r SYSTEM 'file:///etc/passwd'><r/>",
        b"<?xml version='1.0'?><!-- a --><!DOCTYPE r><r/>",
        BOMB.decode().encode("utf-16"),
    ],
)
def test_a_document_type_is_refused_but_still_recognised(data):
    with pytest.raises(HashSetError, match="DOCTYPE"):
        elements(data)
    assert opening(data).root == "r"


def test_an_entity_that_nobody_declared_is_refused():
    with pytest.raises(HashSetError, match="undefined entity"):
        elements(b"<r>&lol;</r>")
    (item, _) = elements(b"<r><item>&amp;&#65;&lt;</item></r>")
    assert item.text == "&A<"


def test_nesting_has_an_end():
    with pytest.raises(HashSetError, match="more than 64 levels"):
        elements(b"<a>" * 1_000_000)
    assert len(elements(b"<a>" * 64 + b"</a>" * 64)) == 64


@pytest.mark.parametrize("beginning", [b"<r a='", b"<r><!--", b"<", b"<r><item ", b"<r><?"])
def test_a_tag_or_comment_without_end_is_refused_in_little_memory(beginning):
    stream = Endless(beginning, b"x" * 1000)
    reading = XmlDocument(stream, ReadOptions(), ("item",))
    tracemalloc.start()
    with pytest.raises(HashSetError, match="more than"):
        list(reading.elements())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert stream.given < 3_000_000
    assert peak < 20_000_000


@pytest.mark.parametrize(
    ("beginning", "rows"),
    [
        (b"<r><item>", b"x" * 1000),
        (b"<r><item>", b"<b/>" * 100),
        (b"<r><item><![CDATA[", b"y\n" * 500),
        (b"<r><other>", b"z" * 1000),
        (b"<r><item>", b"<b a='1234567890'></b>" * 100),
    ],
)
def test_an_element_without_end_is_refused(beginning, rows):
    reading = XmlDocument(Endless(beginning, rows), ReadOptions(maximum_record=100_000), ("item",))
    with pytest.raises(HashSetError, match="an element of more than 100000 bytes"):
        list(reading.elements())


@pytest.mark.no_cover  # much of the same: it takes half the time so
def test_a_list_without_end_needs_no_more_memory_than_a_short_one():
    reading = document(b"<r>" + b"<item><a>1</a> </item>\n \n<skipped>2</skipped>" * 60_000)
    tracemalloc.start()
    events = reading.elements()
    for _ in range(100_000):
        next(events)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8_000_000


@pytest.mark.parametrize("data", [b"", b"  \n", b"<r>", b"<r><item></item>", b"<r/", b"\xff\xfe"])
def test_a_document_that_ends_too_early_is_refused(data):
    with pytest.raises(HashSetError, match="ends too early"):
        elements(data)


@pytest.mark.parametrize("data", [b"<r></s>", b"<r/><r/>", b"<r/>text", b"<r a='1' a='2'/>", b"x"])
def test_what_is_not_well_formed_is_refused_with_its_line(data):
    with pytest.raises(HashSetError, match="at line 3"):
        elements(b"\n\n" + data)


@pytest.mark.parametrize("data", [b"", b"text", b"{}", b"\0\1", b"<", b"< r>", b"<!-- c -->"])
def test_no_xml_has_no_opening(data):
    assert opening(data) is None


def test_the_opening_names_root_namespace_and_what_follows():
    found = opening(b"<?xml version='1.0'?><x:r xmlns:x='urn:a' xmlns='urn:b'><a><b:c/><cut of")
    assert (found.root, found.namespace, found.names) == ("r", "urn:a", {"r", "a", "c"})
    assert opening(b"<r xmlns='urn:b'/>").namespace == "urn:b"


@given(st.binary(max_size=300), st.integers(0, 40), st.integers(0, 40))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_elements_or_a_refusal_that_repeats_nothing(noise, start, length):
    whole = b"<?xml version='1.0'?><r><item a='secret'>secret</item></r>"
    data = whole[:start] + noise + whole[start + length :]
    opening(data)
    try:
        elements(data)
    except HashSetError as error:
        assert "secret" not in str(error)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="￾￿")))
@settings(max_examples=100, deadline=None)
def test_text_comes_back_as_it_was(text):
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        (item, _) = elements(f"<r><item>{escaped}</item></r>".encode(encoding))
        assert item.text == text
