"""What ext4 keeps inside records: names, content, and lists that break off."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashmatch.evidence.filesystems import ext_inline
from hashmatch.evidence.filesystems.ext_names import Name
from hashmatch.evidence.filesystems.interface import Run
from tests.ext_records import record


def entry(number, name, length):
    return struct.pack("<IHBB", number, length, len(name), 1).ljust(8) + name.ljust(
        length - 8, b"\0"
    )


def test_content_is_of_two_pieces():
    value = bytes(range(100))
    raw = record(b"r" * 60, value)
    assert ext_inline.is_inline(raw)
    found = ext_inline.stream(raw, 1000)
    assert (found.size, found.direct) == (160, True)
    assert found.runs == (Run(1040, 60), Run(1000 + 512 - 100, 100))
    assert ext_inline.stream(record(b"r" * 60, value, size=7), 0).runs == (Run(40, 7),)
    assert ext_inline.stream(record(b"", size=0), 0).size == 0


def test_content_that_is_not_all_there_is_none():
    value = bytes(100)
    for more in ({"size": 161}, {"elsewhere": 9}, {"offset": 480}, {"length": 99}):
        assert ext_inline.stream(record(b"r" * 60, value, **{"size": 160, **more}), 0).size == -1
    narrow = record(b"r" * 60)[:128]
    assert ext_inline.stream(narrow, 0).size == 60


def test_names_of_both_pieces_and_deleted_ones_between_them():
    first = struct.pack("<I", 2) + entry(12, b"a", 12) + entry(13, b"bee", 44)
    first = first[:28] + entry(14, b"gone", 12) + first[40:]
    second = entry(0, b"", 12) + entry(15, b"last.jpg", 88)
    assert list(ext_inline.names(record(first, second), typed=True)) == [
        Name(b"a", 12, deleted=False),
        Name(b"bee", 13, deleted=False),
        Name(b"gone", 14, deleted=True),
        Name(b"last.jpg", 15, deleted=False),
    ]


@pytest.mark.parametrize(
    "bad",
    [
        entry(12, b"a", 12) + bytes(44),
        entry(12, b"a", 12) + entry(13, b"b", 44)[:4] + b"\x30" + entry(13, b"b", 44)[5:],
        entry(12, b"a/b", 56),
        entry(12, b"a", 54) + b"\0\0",
        struct.pack("<IHBB", 12, 8, 4, 1) + entry(13, b"name", 48),
    ],
)
def test_lists_that_break_off_are_told(bad):
    with pytest.raises(ValueError, match="breaks off"):
        list(ext_inline.names(record(struct.pack("<I", 2) + bad), typed=True))


@given(st.binary(max_size=300), st.booleans())
def test_any_record_gives_names_or_breaks_off(raw, typed):
    found = ext_inline.stream(raw, 0)
    assert found.size < 0 or found.size == sum(run.length for run in found.runs)
    try:
        names = list(ext_inline.names(raw.ljust(128, b"\0"), typed=typed))
    except ValueError:
        return
    assert all(one.name and b"/" not in one.name for one in names)
