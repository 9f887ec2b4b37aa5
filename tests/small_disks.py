"""A small disk of two FAT volumes, made byte by byte, and what is on it."""

import random

from tests.fat_maker import FatMaker
from tests.volume_maker import put, record

KNOWN = b"known"
FILES = {
    b"p1/KNOWN.TXT": KNOWN,
    b"p1/DCIM/LONG.BIN": random.Random(3).randbytes(5000),
    b"p2/OTHER.BIN": random.Random(4).randbytes(700),
}
GONE = random.Random(5).randbytes(1300)
"""Content of a deleted file of the first volume."""

STARTS = (8, 600)
"""Sectors at which the volumes begin."""


def disk():
    """Give the bytes of the disk."""
    first, second = FatMaker(12), FatMaker(12)
    first.file(b"KNOWN.TXT", FILES[b"p1/KNOWN.TXT"])
    folder = first.folder(b"DCIM")
    first.file(b"LONG.BIN", FILES[b"p1/DCIM/LONG.BIN"], folder)
    first.file(b"GONE.BIN", GONE, deleted=True)
    second.file(b"OTHER.BIN", FILES[b"p2/OTHER.BIN"])
    volumes = [first.image(), second.image()]
    content = bytearray(1200 * 512)
    counts = [len(one) // 512 for one in volumes]
    slots = [(0, 1, start, count) for start, count in zip(STARTS, counts, strict=True)]
    put(content, 0, record(*slots))
    for start, volume in zip(STARTS, volumes, strict=True):
        put(content, start, volume)
    return bytes(content)
