"""What came in as VICS, CSV, hashdeep or NDJSON goes out and comes in again without a loss."""

import io
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from hashmatch.formats import registry as formats
from hashmatch.formats.interface import ReadOptions
from hashmatch.formats.other_kinds import NAMES
from hashmatch.formats.writers import registry
from hashmatch.formats.writers.interface import About, Outgoing, Written
from hashmatch.model.hashes import Algorithm, Digest, Method, PerceptualHash
from hashmatch.model.hits import Disposition
from hashmatch.model.records import FLAGS, HashRecord, Withdrawn
from tests.life_desk import CONTEXT, table

HEX = st.binary(min_size=16, max_size=16).map(bytes.hex)
SHA1 = st.binary(min_size=20, max_size=20).map(bytes.hex)
PDQ = st.binary(min_size=32, max_size=32).map(bytes.hex)
CELL = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=12) | st.sampled_from(
    ["a,b", 'say "x"', "two\nlines", " blanks ", "ไทย", "=1+1", ";", "\t", "'"]
)
WHOLE = st.integers(0, (1 << 63) - 1)
BITS_64 = st.integers(-(1 << 63), (1 << 63) - 1)
"""No list in JSON is read whose numbers have more bits."""


def read(name, data, options=None):
    events = list(formats.by_name(name).read(io.BytesIO(data), options or ReadOptions()))
    assert not any(isinstance(event, Withdrawn) for event in events)
    return [event for event in events if isinstance(event, HashRecord)]


def around(name, records, **about):
    """Write records with the writer of a format and read them again."""
    told = Written()
    out = (Outgoing(one, Disposition.ILLEGAL) for one in records)
    outgoing = list(out)
    set_about = About("s", "v", "illegal", origin=name, **about)
    data = b"".join(registry.by_name(name).write(lambda: iter(outgoing), set_about, told))
    assert told.whole, told
    return read(name, data)


def same(again, before):
    assert [content(one) for one in again] == [content(one) for one in before]


def content(record):
    return (
        record.digests,
        record.perceptual,
        record.entry,
        record.category,
        record.size,
        record.other,
        dict(record.fields),
        dict(record.flags),
        record.parts,
        record.updated,
    )


MEDIA = st.fixed_dictionaries(
    {"MD5": HEX | HEX.map(str.upper), "MediaID": WHOLE | CELL},
    optional={
        "SHA1": SHA1 | st.none() | st.just(""),
        "Category": st.integers(0, 255) | st.sampled_from(["1", "", "A1"]) | st.none(),
        "MediaSize": WHOLE | WHOLE.map(str),
        "VictimIdentified": st.booleans() | st.sampled_from(["True", "false", None]),
        "DateUpdated": st.just("2023-06-07T02:31:49.8300Z"),
        "Series": CELL,
        "AlternativeHashes": st.lists(
            st.fixed_dictionaries({"HashName": st.just("PDQ"), "HashValue": PDQ}), max_size=2
        ),
        "X": st.recursive(
            st.none() | st.booleans() | st.integers(-(1 << 40), 1 << 40) | CELL,
            lambda inner: st.lists(inner, max_size=2) | st.dictionaries(CELL, inner, max_size=2),
            max_leaves=5,
        ),
    },
)


@given(st.lists(MEDIA, min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_a_vics_set(media):
    data = json.dumps({"@odata.context": CONTEXT, "value": media}).encode()
    before = read("vics", data)
    same(around("vics", before, context="US"), before)


@given(
    st.lists(st.tuples(HEX, SHA1 | st.just(""), PDQ, st.integers(0, 100), CELL, CELL), min_size=1),
    st.sampled_from(",;\t"),
)
@settings(max_examples=60, deadline=None)
def test_a_csv_set(rows, delimiter):
    header = ["MD5", "md5", "SHA-1", "pdq", "quality", "Category", "odd, name"]
    doubled = [
        [one, other[::-1][:32] or "", *rest]
        for (one, other, *_), rest in zip(
            [(row[0], row[1]) for row in rows],
            [[row[1], row[2], str(row[3]), row[4], row[5]] for row in rows],
            strict=True,
        )
    ]
    before = read("csv", table([header, *doubled], delimiter).encode())
    same(around("csv", before), before)


@given(
    st.lists(
        st.tuples(WHOLE.map(str) | st.just(""), HEX | st.just(""), PDQ, SHA1, CELL), min_size=1
    )
)
@settings(max_examples=60, deadline=None)
def test_a_hashdeep_set(rows):
    lines = ["%%%% HASHDEEP-1.0", "%%%% size,md5,sha256,tiger,filename"]
    lines += [",".join(row).replace("\n", " ") for row in rows]
    before = read("hashdeep", "\n".join(lines).encode())
    same(around("hashdeep", before), before)


RECORD = st.builds(
    HashRecord,
    st.just(1),
    st.lists(
        st.sampled_from(list(Algorithm)).flatmap(
            lambda one: st.binary(min_size=one.size, max_size=one.size).map(
                lambda value: Digest(one, value)
            )
        ),
        min_size=1,
        max_size=3,
    ).map(tuple),
    st.lists(
        st.sampled_from(list(Method)).flatmap(
            lambda one: st.builds(
                PerceptualHash,
                st.just(one),
                st.binary(min_size=one.size, max_size=one.size),
                st.none() | st.integers(0, 100),
                st.none() | st.floats(0, 1e6),
            )
        ),
        max_size=2,
    ).map(tuple),
    entry=st.none() | st.text(max_size=5),
    category=st.none() | st.text(max_size=5),
    size=st.none() | WHOLE,
    other=st.lists(st.sampled_from(sorted(NAMES)), max_size=2, unique=True).map(tuple),
    fields=st.dictionaries(
        st.text(max_size=5),
        st.recursive(
            st.none() | st.booleans() | BITS_64 | st.text(max_size=5) | st.floats(-9e9, 9e9),
            lambda inner: (
                st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2)
            ),
            max_leaves=4,
        ),
        max_size=3,
    ),
    flags=st.dictionaries(st.sampled_from(FLAGS), st.booleans(), max_size=3),
    parts=st.lists(st.text(max_size=5), max_size=2).map(tuple),
    updated=st.none() | st.floats(0, 9e9) | st.integers(0, 1 << 40),
)


@given(st.lists(RECORD, max_size=4))
@settings(max_examples=100, deadline=None)
def test_whatever_a_record_holds_as_ndjson(before):
    same(around("ndjson", before), before)
