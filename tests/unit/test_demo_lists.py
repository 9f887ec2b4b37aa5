"""The demo's lists say what they are meant to say, as our own importers read them."""

import base64
import gzip
import hashlib
import io
import json

import pytest

from hashmatch.demo import broken_lists, lists
from hashmatch.demo.truth import DemoList, Listing, Value
from hashmatch.errors import HashSetError, OutputError
from hashmatch.formats import registry
from hashmatch.formats.interface import ReadOptions
from hashmatch.model.hashes import Algorithm, Method, PerceptualHash
from hashmatch.model.records import Dropped, HashRecord, ListFacts

EVERY = frozenset(Value)
TWO = frozenset({Value.MD5, Value.SHA1})


def known(name, content, *listings, pdq="0f" * 32, quality=100):
    md5, sha1, sha256 = (hashlib.new(a, content).hexdigest() for a in ("md5", "sha1", "sha256"))
    return lists.KnownFile(name, len(content), md5, sha1, sha256, pdq, quality, listings)


FILES = (
    known("first.png", b"first", Listing(DemoList.NATIONAL, EVERY, "1")),
    known(
        "second, with comma.jpg",
        b"second",
        Listing(DemoList.NATIONAL, TWO),
        Listing(DemoList.HOTLINE, EVERY, "A"),
        Listing(DemoList.KNOWN_GOOD, TWO | {Value.SHA256}),
        pdq="f0" * 32,
    ),
    known("empty", b"", Listing(DemoList.NATIONAL, TWO, "1"), pdq=None, quality=None),
    known(
        "clip",
        b"clip",
        Listing(DemoList.HOTLINE, frozenset({Value.MD5}), "C"),
        pdq=None,
        quality=None,
    ),
    known("third.png", b"third", Listing(DemoList.SIMILAR, frozenset({Value.PDQ})), pdq="3c" * 32),
)


@pytest.fixture
def written(tmp_path):
    return {one.list: one for one in lists.write(tmp_path / "new", FILES)}


def events(one):
    content = one.path.read_bytes()
    if one.path.suffix == ".gz":
        content = gzip.decompress(content)
    form = registry.detect(content, one.path.name)
    assert form.name == one.format
    return list(form.read(io.BytesIO(content), ReadOptions()))


def records(one):
    found = events(one)
    assert not [event for event in found if isinstance(event, Dropped)]
    return [event for event in found if isinstance(event, HashRecord)]


def digests(record):
    return {digest.algorithm: digest.hex for digest in record.digests}


def test_every_list_is_recognised_and_read_without_loss(written):
    assert set(written) == set(DemoList)
    for one in written.values():
        assert len(records(one)) == one.records > 0


def test_the_national_list_is_of_the_united_states_and_carries_what_it_should(written):
    first, second, empty = records(written[DemoList.NATIONAL])
    assert digests(first) == {
        Algorithm.MD5: FILES[0].md5,
        Algorithm.SHA1: FILES[0].sha1,
        Algorithm.SHA256: FILES[0].sha256,
    }
    assert [one.value.hex() for one in first.perceptual if one.method is Method.PDQ] == [
        FILES[0].pdq
    ]
    assert (first.category, first.size, first.entry) == ("1", 5, "1")
    assert set(digests(second)) == {Algorithm.MD5, Algorithm.SHA1}
    assert (second.category, second.perceptual, second.other) == (None, (), ())
    assert empty.size == 0
    facts = {}
    for event in events(written[DemoList.NATIONAL]):
        if isinstance(event, ListFacts):
            facts.update(event.facts)
    assert (facts["format_version"], facts["context"]) == ("2.0", "US")


def test_one_record_carries_a_made_up_photodna_value(written):
    first, *others = records(written[DemoList.NATIONAL])
    made_up = base64.b64decode(lists.fake_photodna(), validate=True)
    assert PerceptualHash(Method.PHOTODNA, made_up) in first.perceptual
    assert not any(record.perceptual for record in others)


def test_the_empty_file_is_counted_as_one_that_must_never_match(written):
    assert {name: one.quarantined for name, one in written.items()} == {
        DemoList.NATIONAL: 1,
        DemoList.HOTLINE: 0,
        DemoList.SIMILAR: 0,
        DemoList.KNOWN_GOOD: 0,
    }


def test_the_hotline_leaves_cells_empty_for_values_it_does_not_have(written):
    full, short = records(written[DemoList.HOTLINE])
    assert set(digests(full)) == {Algorithm.MD5, Algorithm.SHA1, Algorithm.SHA256}
    assert (full.perceptual[0].quality, full.category, full.entry) == (100, "A", "H-0001")
    assert digests(short) == {Algorithm.MD5: FILES[3].md5}
    assert (short.perceptual, short.category) == ((), "C")


def test_the_other_lists_carry_digests_or_pdq_only(written):
    (good,) = records(written[DemoList.KNOWN_GOOD])
    assert digests(good)[Algorithm.SHA256] == FILES[1].sha256
    assert (good.size, good.fields["name"]) == (6, "second, with comma.jpg")
    (similar,) = records(written[DemoList.SIMILAR])
    assert similar.digests == ()
    assert similar.perceptual[0].value.hex() == "3c" * 32


def test_only_lists_with_categories_state_a_scheme(written):
    for one in written.values():
        assert (one.kind == "categorized") == (one.scheme is not None)


def test_writing_twice_gives_the_same_bytes(tmp_path):
    first = [one.path.read_bytes() for one in lists.write(tmp_path / "a", FILES)]
    assert [one.path.read_bytes() for one in lists.write(tmp_path / "b", FILES)] == first


def test_a_list_of_another_country_says_so():
    rows = [(FILES[0], FILES[0].listings[0])]
    assert "2.0.xml/UK/$metadata#Media" in json.loads(lists.vics(rows, "UK"))["@odata.context"]


def test_a_place_that_cannot_be_written_is_said_in_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="choose another place"):
        lists.write(tmp_path / "file", FILES)


@pytest.mark.parametrize("broken", broken_lists.make(), ids=lambda broken: broken.file_name)
def test_a_broken_list_has_exactly_the_defect_it_names(broken):
    read = registry.by_name(broken.format).read(io.BytesIO(broken.content), ReadOptions())
    try:
        found = list(read)
    except HashSetError:
        found = []
    kept = sum(isinstance(event, HashRecord) for event in found)
    losses = [event.reason for event in found if isinstance(event, Dropped)]
    assert kept == broken.kept
    assert losses == ([broken.loss] if broken.loss else [])


def test_broken_lists_have_names_and_defects_of_their_own():
    made = broken_lists.make()
    assert len({one.file_name for one in made}) == len({one.defect for one in made}) == len(made)
    assert broken_lists.make() == made
