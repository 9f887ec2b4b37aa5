"""Batches of VICS and of the NSRL say what the same lists say record by record."""

import io
import json
import sqlite3

from hypothesis import given, settings
from hypothesis import strategies as st

from hashmatch.formats import registry
from hashmatch.formats.interface import ReadOptions
from hashmatch.model.records import Dropped, HashRecord, RecordBatch

SCALAR = st.sampled_from(
    [None, True, False, 0, 1, 7, -3, 1.0, 2.5, "", " ", "0", "1", "8", "yes", "maybe", "\ud800"]
)
HEX = st.sampled_from(["a" * 32, "A" * 32, "b" * 32, "b" * 40, "G" * 32, "a a" + "a" * 29, "", " "])
MEDIA = st.dictionaries(
    st.sampled_from(["MD5", "md5", "SHA1", "SHA-1", "PhotoDNA", "TLSH"]), HEX | SCALAR, max_size=3
).flatmap(
    lambda hashes: st.dictionaries(
        st.sampled_from(
            [
                "MediaID",
                "Category",
                "MediaSize",
                "IsDistributed",
                "IsSuspected",
                "Name",
                "Thumbnail",
            ]
        ),
        SCALAR,
        max_size=5,
    ).map(lambda others: {**hashes, **others})
)
LIKE = st.builds(
    lambda number, flag, size: {
        "MediaID": number,
        "Category": 1,
        "MD5": f"{number:032x}",
        "SHA1": "",
        "IsDistributed": flag,
        "MediaSize": size,
        "DateUpdated": "2023-06-07T02:31:49+02:00Z",
    },
    st.integers(0, 99),
    st.sampled_from([None, True, False]) | st.sampled_from(["1", "", "no", "maybe"]),
    st.integers(-1, 9),
)


def said(form, data, *, batches):
    """Events in the order of their places, and what else is said."""
    read = form.read_batches if batches else form.read
    events, others, seen = [], [], 0
    for event in read(io.BytesIO(data), ReadOptions()):
        if isinstance(event, RecordBatch):
            seen += 1
            assert list(event.places) == sorted(event.places)
            events += event.records()
        elif isinstance(event, HashRecord | Dropped):
            events.append(event)
        else:
            others.append(event)
    return [repr(one) for one in sorted(events, key=lambda one: one.place)] + others, seen


@settings(deadline=None, max_examples=150)
@given(st.lists(MEDIA | LIKE | st.just({}) | st.just({"MD5": "a" * 32, "x": []}), max_size=12))
def test_vics_in_batches_is_vics(media):
    form = registry.by_name("vics")
    data = json.dumps({"value": media, "@odata.context": "x"}).encode()
    assert said(form, data, batches=True)[0] == said(form, data, batches=False)[0]


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 3000), st.sampled_from([None, "1", True]))
def test_regular_vics_comes_in_batches(count, flag):
    media = [{"MediaID": n, "MD5": f"{n:032X}", "IsSuspected": flag} for n in range(count)]
    form = registry.by_name("vics")
    data = json.dumps({"value": media}).encode()
    events, seen = said(form, data, batches=True)
    assert seen == -(-count // 1024)
    assert events == said(form, data, batches=False)[0]


CREATE = """
    CREATE TABLE FILE (sha256 VARCHAR, sha1 VARCHAR, md5 VARCHAR, crc32 VARCHAR,
      file_name VARCHAR, file_size INTEGER, package_id INTEGER{});
    CREATE TABLE PKG (package_id INTEGER);
"""
KEY = ", PRIMARY KEY (sha256, sha1, md5, crc32, file_name, file_size, package_id)"
ROW = st.tuples(
    st.sampled_from("abcd"),
    st.sampled_from("ab"),
    st.sampled_from(["x.dll", "y.dll", b"\xff.dll", "a\0b", None, 7]),
    st.sampled_from([1, 1, 1, 2, -1, None, "z"]),
    st.sampled_from([1, 2, 3, 3, "p"]),
)


@settings(deadline=None, max_examples=80)
@given(st.lists(ROW, min_size=1, max_size=12, unique=True), st.booleans(), st.booleans())
def test_the_nsrl_in_batches_is_the_nsrl(rows, indexed, sound):
    base = sqlite3.connect(":memory:")
    base.executescript(CREATE.format(KEY if indexed else ""))
    for one, other, name, size, package in rows:
        sizes = (str(name), 5 if other == "a" else 9, 4) if sound else (name, size, package)
        row = (one * 64, other * 40, one * 32, *sizes)
        base.execute("INSERT OR IGNORE INTO FILE VALUES (?,?,?,'0',?,?,?)", row)
    base.commit()
    data = base.serialize()
    base.close()
    form = registry.by_name("nsrl-rds3")
    events, seen = said(form, data, batches=True)
    assert events == said(form, data, batches=False)[0]
    assert seen or not sound
