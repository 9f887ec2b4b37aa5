import io

import pytest

from hashmatch.errors import HashSetError
from hashmatch.formats.interface import ReadOptions
from hashmatch.formats.json_stream import Document, parse, whole

DEEP = b"[" * 64 + b"1" + b"]" * 64


def read(data, **options):
    return whole(io.BytesIO(data), ReadOptions(**options))


def document(data, **options):
    return Document(io.BytesIO(data), ReadOptions(**options))


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b" {} ", {}),
        (b"[]", []),
        (b'"x"', "x"),
        (b"7", 7),
        (b" -1.5e3\n", -1500.0),
        (b"true", True),
        (b"null\r\n\t", None),
        (b"\xef\xbb\xbf[1]", [1]),
        ('{"é": "𝄞"}'.encode("utf-16"), {"é": "𝄞"}),
        (b'"\\ud834\\udd1e"', "𝄞"),
        (b'{"\\ud800": ["\\udc00x"]}', {"?": ["?x"]}),
        (b"9223372036854775807", (1 << 63) - 1),
        (b"-9223372036854775807", 1 - (1 << 63)),
    ],
)
def test_every_kind_of_value_is_read(data, value):
    assert read(data) == value


@pytest.mark.parametrize(
    "data",
    [
        *(b"NaN", b"[Infinity]", b"-Infinity", b"1e999", b"-1e999", b"[1]]", b"{} {}", b"nul"),
        *(b"9223372036854775808", b"-9223372036854775809", b"1" * 5000, b"[1" + b"0" * 30 + b"]"),
        *(b"'x'", b'{"a" 1}', b"{1: 2}", b'{"a": 1,}', b"[1,]", b"[1 2]", b'"\t"', b'"\\x"'),
        *(b'"\xff"', b'"\xed\xa0\x80"', b"\x00", b"tru", b"-", b"{]", b"[}", b"[01]", b"+1"),
    ],
)
def test_what_is_no_json_is_refused_without_its_text(data):
    with pytest.raises(HashSetError, match="expected a whole JSON document") as refused:
        read(data)
    assert "111" not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("data", [b"", b"[", b'{"a"', b'{"a":', b'["x', b'"\\u00', b"[1,"])
def test_a_document_that_ends_too_early_is_said_to(data):
    with pytest.raises(HashSetError, match="ends too early"):
        read(data)


@pytest.mark.parametrize("data", [b'{"a": 1, "a": 1}', b'[{"x": {"a": 1, "b": 2, "a": 3}}]'])
def test_a_key_that_stands_twice_is_refused_in_a_whole_document(data):
    with pytest.raises(HashSetError, match="a key stands twice"):
        read(data)


def test_nesting_has_a_limit():
    assert read(DEEP) is not None
    for data in (b"[" + DEEP + b"]", b"[" * 100_000, b'{"a":' * 100_000):
        with pytest.raises(HashSetError, match="nested more than 64 levels"):
            read(data)


def test_many_brackets_are_not_deep():
    assert read(b"[" + b"[]," * 1000 + b"{}]") == [[] for _ in range(1000)] + [{}]
    assert read(b'"' + b"[{" * 100 + b'"') == "[{" * 100


def test_a_value_longer_than_the_maximum_is_refused_although_it_is_at_hand():
    assert read(b'"' + b"x" * 98 + b'"', maximum_record=100) == "x" * 98
    with pytest.raises(HashSetError, match="a record of more than 100 bytes after record 0"):
        read(b'"' + b"x" * 99 + b'"', maximum_record=100)


def test_a_value_that_goes_on_for_ever_is_refused_in_bounded_memory():
    class Endless(io.RawIOBase):
        given = 0

        def read(self, size=-1):
            self.given += size
            return b'"' + b"x" * (size - 1) if self.given == size else b"x" * size

    stream = Endless()
    with pytest.raises(HashSetError, match="more than 1000000 bytes"):
        whole(stream, ReadOptions(maximum_record=1_000_000))
    assert stream.given < 2_500_000


def test_a_number_is_not_cut_off_where_a_block_ends():
    for blanks in range((1 << 16) - 3, (1 << 16) + 1):
        assert read(b" " * blanks + b"123") == 123


# Documents.


def test_elements_come_with_their_numbers_and_the_rest_is_kept():
    read_from = document(
        b'{"v": 1, "data": [{"a": 1}, 7, {"a": 1, "a": 2}, []], "next": {"x": []}}'
    )
    assert list(read_from.elements("data")) == [(1, {"a": 1}), (2, None), (3, None), (4, None)]
    assert read_from.top == {"v": 1, "next": {"x": []}}
    assert read_from.records == 4
    assert read_from.encoding == "utf-8"


def test_arrays_under_several_keys_are_numbered_through():
    both = document(b'{"a": [{}], "b": [{"x": 1}], "c": [1]}')
    assert list(both.elements("a", "b")) == [(1, {}), (2, {"x": 1})]
    assert both.top == {"c": [1]}


def test_a_key_in_whose_place_stands_no_array_is_one_of_the_others():
    either = document(b'{"a": null, "b": []}')
    assert list(either.elements("a", "b")) == []
    assert either.top == {"a": None}


def test_an_array_may_be_the_whole_document():
    assert list(document(b'\n[{"a": 1}]').elements()) == [(1, {"a": 1})]


@pytest.mark.parametrize(
    ("data", "keys", "message"),
    [
        (b"[]", ["a"], "is not an object"),
        (b"{}", [], "is not an array"),
        (b"{}", ["a", "b"], "no list named 'a' or 'b'"),
        (b'{"a": {}}', ["a"], "no list named 'a'"),
        (b'{"a": [], "a": []}', ["a"], "a key stands twice"),
        (b'{"x": {"y": 1, "y": 1}, "a": []}', ["a"], "a key stands twice"),
        (b'{"a": []} 7', ["a"], "is not JSON"),
        (b'{"a": [1}', ["a"], "is not JSON"),
        (b'{"a" [1]}', ["a"], "is not JSON"),
        (b"{7: [1]}", ["a"], "is not JSON"),
        (b'{"a": [', ["a"], "ends too early"),
    ],
)
def test_a_document_without_its_list_is_refused(data, keys, message):
    with pytest.raises(HashSetError, match=message):
        list(document(data).elements(*keys))


def test_an_object_of_endless_keys_is_refused():
    data = "{" + ",".join(f'"{number}": 0' for number in range(500)) + ', "a": []}'
    with pytest.raises(HashSetError, match="more than 1000 bytes"):
        list(document(data.encode(), maximum_record=1000).at(("a",)))
    assert list(document(data.encode()).at(("a",))) == []


def test_what_stands_beside_the_records_has_a_limit():
    data = b'{"x": "%s", "y": "%s", "a": []}' % (b"x" * 60, b"x" * 60)
    assert list(document(data).elements("a")) == []
    with pytest.raises(HashSetError, match="too much beside its records"):
        list(document(data, maximum_record=100).elements("a"))


def test_a_path_leads_to_arrays_at_any_depth():
    data = b'{"x": [1], "r": {"y": {"items": 7}, "items": [{"a": 1}, 2]}}'
    assert list(document(data).at(("r", "items"))) == [(1, {"a": 1}), (2, None)]
    data = b'[{"items": [{"a": 1}]}, 7, {"items": [{"a": 2}]}]'
    assert list(document(data).at(("items",))) == [(1, {"a": 1}), (2, {"a": 2})]
    assert list(document(b"[{}]").at(())) == [(1, {})]


@pytest.mark.parametrize(
    ("data", "path", "message"),
    [
        (b"{}", (), "not an array"),
        (b'{"r": [1]}', ("r", "items"), "no list at the stated path"),
        (b'{"r": []} x', ("r",), "is not JSON"),
    ],
)
def test_a_path_that_leads_nowhere_is_refused(data, path, message):
    with pytest.raises(HashSetError, match=message):
        list(document(data).at(path))


# Lines.


def test_a_line_is_one_value():
    assert parse(' {"a": [1]} \r\n') == {"a": [1]}


@pytest.mark.parametrize(
    "text", ["", "{} {}", '{"a": 1, "a": 2}', "NaN", "1" * 30, "[" * 5000, "[" * 65 + "]" * 65, "{"]
)
def test_a_line_that_is_not_one_plain_value_is_refused(text):
    with pytest.raises(ValueError, match="not one JSON value"):
        parse(text)
