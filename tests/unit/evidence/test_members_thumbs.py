"""Stores of thumbnails: those of Windows by their entries, others by what their files look like."""

import io
import random
import struct
import zlib

import pytest
from PIL import Image

from hashmatch.evidence.carving import search
from hashmatch.evidence.members import loose, registry, thumbcache
from hashmatch.model.outcomes import Reason
from tests.members_reader import contents, read

NAMES = "0123456789abcdef", "fedcba9876543210", "ffff000011112222"


def jpeg(seed):
    stream = io.BytesIO()
    noise = random.Random(seed).randbytes(64 * 64)
    Image.frombytes("L", (64, 64), noise).save(stream, "JPEG")
    return stream.getvalue()


PICTURES = jpeg(1), b"BM" + bytes(500) + b"CMMM" * 9, jpeg(3)


def entry(version, name, content, padding=2):
    text = name.encode("utf-16-le")
    sizes = struct.pack("<III", len(text), padding, len(content))
    before = b"\1" * 8 + (".jpg".encode("utf-16-le") if version == 20 else b"") + sizes
    before += bytes(20 if version in {20, 21} else 28)
    whole = 8 + len(before) + len(text) + padding + len(content) + 5
    return b"CMMM" + struct.pack("<I", whole) + before + text + bytes(padding) + content + bytes(5)


def cache(version, *entries):
    header = b"CMMM" + struct.pack("<IIIII", version, 2, 24, 0, 3)
    return header + bytes(4 if version > 21 else 0) + b"".join(entries) + bytes(1000)


@pytest.mark.parametrize("version", [20, 21, 30, 31, 32])
def test_entries_of_each_version(version):
    entries = [entry(version, *one) for one in zip(NAMES, PICTURES, strict=True)]
    entries.insert(1, entry(version, "empty", b""))
    made = cache(version, *entries)
    assert registry.recognise(made[:4096], b"x") is thumbcache
    found, end = read(thumbcache, made)
    assert end is None
    assert tuple(data for _, data, _ in found) == PICTURES
    assert [str(given.layer) for given, _, _ in found] == [
        f"thumbcache:{name};n={number}" for number, name in enumerate(NAMES)
    ]


def test_entries_behind_a_damaged_one_are_still_found():
    entries = [entry(32, *one) for one in zip(NAMES, PICTURES, strict=True)]
    lying = entries[0][:4] + b"\xff\xff\xff\x7f" + entries[0][8:]
    found, end = read(thumbcache, cache(32, lying, *entries[1:]))
    assert [data for _, data, _ in found] == list(PICTURES[1:])
    assert end is Reason.DAMAGED_CONTAINER
    made = cache(32, *entries)
    found, end = read(thumbcache, made[: made.index(PICTURES[2]) + 10])
    assert [data for _, data, _ in found] == list(PICTURES[:2])
    assert end is Reason.DAMAGED_CONTAINER


def test_an_empty_cache_holds_nothing():
    assert contents(thumbcache, cache(32)) == []


def test_pictures_in_stores_that_only_their_name_tells():
    store = b"\1" + bytes(12) + PICTURES[0] + bytes(6000) + b"\1" + bytes(12) + PICTURES[2]
    for name in (b".thumbdata3--1967290299", b"imgcache.0", b"IMG_1.thumbcache", b"notes.bin"):
        assert registry.recognise(store[:4096], name) is loose
    assert registry.recognise(bytes(4096), b".thumbdata4") is loose
    assert registry.recognise(b"\1" * 4096, b"notes.bin") is None
    assert registry.recognise(b"", b".thumbdata4") is None
    found, end = read(loose, store)
    assert [data for _, data, _ in found] == [PICTURES[0], PICTURES[2]]
    assert str(found[0][0].layer) == f"loose:13.jpeg;n=0;off=13;len={len(PICTURES[0])}"
    assert end is None


def test_a_jpeg_behind_a_little_of_something_else():
    shifted = b"seven b" + PICTURES[0]
    assert registry.recognise(shifted[:4096], b"x.jpg") is loose
    assert contents(loose, shifted) == [PICTURES[0]]
    ((given, data, _),), _ = read(loose, shifted[:-700])
    assert PICTURES[0].startswith(data)
    assert given.doubt is Reason.CARVED_IN_PART


def test_pictures_that_overlap_too_often_are_said(monkeypatch):
    monkeypatch.setattr(search, "_FREE", 4096)
    head = b"IHDR" + b"\0\0\0\1" * 2 + bytes(5)
    whole = b"\x89PNG\r\n\x1a\n\0\0\0\x0d" + head + struct.pack(">I", zlib.crc32(head))
    begins = (whole + b"\0\0\xff\xffIDAT" + bytes(40)) * 500
    _, end = read(loose, begins + PICTURES[0])
    assert end is Reason.LIMIT_TOTAL


def test_files_of_known_kinds_are_not_searched():
    for head in (b"RIFF1234WEBP", b"SQLite format 3\0", b"\0\0\0\x20ftypheic", b"II*\0", b"BM"):
        assert registry.recognise(head + PICTURES[0], b".thumbdata3") is not loose
