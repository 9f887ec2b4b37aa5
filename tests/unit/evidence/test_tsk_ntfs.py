"""NTFS volumes made from bytes: streams that are compressed, read in any order."""

import io
import random

import pytest

from hashmatch.model.locators import parse_place
from hashmatch.model.outcomes import Failed, ItemError, Reason
from tests.byte_medium import ByteMedium, content, items, mounted
from tests.ntfs_maker import Data, NtfsVolume

pytest.importorskip("pytsk3", reason="file systems are read with pytsk3")


def mixed(size, seed):
    """Give content that is compressed well in some places, not at all or away in others."""
    chance, out = random.Random(seed), b""
    while len(out) < size:
        length = 4096 * chance.randint(1, 5)
        kinds = chance.randbytes(length), (b"ab\n" * length)[:length], bytes(length)
        out += chance.choice(kinds)
    return out[:size]


def test_compressed_streams_are_the_same_from_wherever_they_are_read():
    wanted = {
        b"a.bin": mixed(700_001, 1),
        b"b.txt": b"short",
        b"b.txt:inner.zip": mixed(600_000, 2),
        b"b.txt:small": mixed(40_000, 3),
        b"c.bin": mixed(90_000, 4)[:30_000] + bytes(60_000),
    }
    streams = [Data(b"short")]
    streams += [Data(wanted[b"b.txt:" + n.encode()], n, True) for n in ("inner.zip", "small")]
    files = {
        "a.bin": [Data(wanted[b"a.bin"], compressed=True)],
        "b.txt": streams,
        "c.bin": [Data(mixed(90_000, 4), compressed=True, written=30_000)],
    }
    system = mounted(ByteMedium(NtfsVolume(files, clusters=8192).made()))
    found = items(system)
    assert {path: content(system, item)[0] for path, item in found.items()} == wanted
    chance = random.Random(5)
    for path, item in found.items():
        raw, size = system.open(parse_place(item.place)[0], item.size).stream, item.size
        stream = io.BufferedReader(raw)
        for number in range(200):
            near_end = size - min(size, chance.randint(1, 20_000))
            place = near_end if number % 2 else chance.randrange(size)
            length = chance.choice((1, 22, 5_000, 300_000))
            stream.seek(place)
            assert stream.read(length) == wanted[path][place : place + length], (path, place)


def test_compression_that_is_damaged_is_told_wherever_reading_begins():
    raw = NtfsVolume({"a.txt": [Data(b"ab" * 40_000, "ads", compressed=True)]}).made()
    item = items(mounted(ByteMedium(raw)))[b"a.txt:ads"]
    offset = item.facts.extents[0][0]
    raw = raw[:offset] + b"\xff\xb0\xff" + raw[offset + 3 :]
    system = mounted(ByteMedium(raw))
    stream = system.open(parse_place(item.place)[0], item.size).stream
    for place in (0, 70_000, 70_000):
        stream.seek(place)
        with pytest.raises(ItemError) as raised:
            stream.read(100)
        assert raised.value.reason is Reason.DAMAGED_FILE_SYSTEM


def test_compression_where_clusters_are_too_large_for_it_is_refused():
    raw = bytearray(NtfsVolume({"a.txt": [Data(b"ab" * 40_000, compressed=True)]}).made())
    system = mounted(ByteMedium(bytes(raw)))
    system._family.unit = 8192
    failed = [one for one in system.entries(deleted=False) if isinstance(one, Failed)]
    assert [one.reason for one in failed] == [Reason.UNSUPPORTED_STORAGE]
