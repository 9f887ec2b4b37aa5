"""NTFS volumes made from bytes: streams that are compressed, read in any order."""

import io
import random

import pytest

from hashmatch.evidence.filesystems.interface import MountError
from hashmatch.model.evidence import Item
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


def test_clusters_above_64_kib_are_refused_and_not_called_damaged():
    raw = bytearray(NtfsVolume({"a.txt": [Data(b"text")]}).made())
    raw[13] = 0xF8  # 2**8 sectors
    with pytest.raises(MountError) as caught:
        mounted(ByteMedium(bytes(raw)))
    assert caught.value.reason is Reason.UNSUPPORTED_FILE_SYSTEM


def test_times_of_ntfs_are_those_of_the_record_however_far():
    since = 11_644_473_600 * 10**7
    told = {
        since + 13_569_465_600 * 10**7 + 1: "2400-01-01T00:00:00.0000001Z",
        since: "1970-01-01T00:00:00.0000000Z",
        since - 1: "1969-12-31T23:59:59.9999999Z",
        1: "1601-01-01T00:00:00.0000001Z",
        2**32 * 10**7 + since: "2106-02-07T06:28:16.0000000Z",
        0: None,
        2**63: None,
        2**64 - 1: None,
    }
    files = {f"{n}.txt": ([Data(b"text")], (time,) * 4) for n, time in enumerate(told)}
    files["order.txt"] = ([Data(b"text")], tuple(since + n * 10**7 for n in range(4)))
    found = {}
    for name, file in files.items():
        found |= items(mounted(ByteMedium(NtfsVolume({name: file}, clusters=512).made())))
    for number, text in enumerate(told.values()):
        item = found[b"%d.txt" % number]
        assert dict(item.facts.times).get("modified") == text
        assert len(item.facts.times) == (4 if text else 0)
    assert found[b"0.txt"].modified_ns == 0  # it does not fit into 64 bits
    assert found[b"2.txt"].modified_ns == -100
    assert found[b"4.txt"].modified_ns == 2**32 * 10**9
    assert dict(found[b"order.txt"].facts.times) == {
        "created": "1970-01-01T00:00:00.0000000Z",
        "modified": "1970-01-01T00:00:01.0000000Z",
        "changed": "1970-01-01T00:00:02.0000000Z",
        "accessed": "1970-01-01T00:00:03.0000000Z",
    }


def test_a_stream_whose_list_of_runs_is_damaged_is_a_failure_and_not_left_out():
    name = "side".encode("utf-16-le")
    made = NtfsVolume({"a.jpg": [Data(b"a" * 3000), Data(b"b" * 3000, "side")]}).made()
    sound = items(mounted(ByteMedium(made)), deleted=False)
    assert set(sound) == {b"a.jpg", b"a.jpg:side"}
    runs = made.index(name) + len(name)
    assert made[runs] == 0x32
    for damage in (b"\xff", b"\x32\xff\xff\xff\xff\x7f", b"\x32\0\0"):
        broken = made[:runs] + damage + made[runs + len(damage) :]
        entries = list(mounted(ByteMedium(broken)).entries(deleted=False))
        assert {e.path for e in entries if isinstance(e, Item)} == {b"a.jpg"}, damage
        failed = {e.path: e.reason for e in entries if isinstance(e, Failed)}
        assert failed == {b"a.jpg:side": Reason.DAMAGED_FILE_SYSTEM}, damage
