"""Checksums of records, trees of extents and folders in ext4, which the library does not look at.

Source: "Data Structures and Algorithms" of the ext4 documentation of the Linux kernel, checksums.
"""

from __future__ import annotations

from hashmatch.evidence.media.crc32c import crc32c

_SUMS, _OWN_SEED = 0x400, 0x2000
_ALL = 0xFFFFFFFF
_LOW, _ROOM, _HIGH = 124, 128, 130
"""Where a record keeps the lower half, how much was added to records, and the upper half."""
_GENERATION = 100
_TREE = b"\x0a\xf3"
_ENTRY = 12
_TAIL, _TAIL_SIGN = 12, b"\0\0\0\0\x0c\0\0\xde"
"""What the last bytes of a block of names look like: an entry without a name, and a checksum."""


def seed(superblock: bytes) -> int | None:
    """Give what checksums begin with; None where the file system has none."""
    if not _number(superblock, 100, 4) & _SUMS:
        return None
    if _number(superblock, 96, 4) & _OWN_SEED:
        return _number(superblock, 0x270, 4)
    return _carried(_ALL, superblock[104:120])


def start(seeded: int, number: int, record: bytes) -> int:
    """Give what the checksums of a file begin with, by its number and generation."""
    head = number.to_bytes(4, "little") + record[_GENERATION : _GENERATION + 4].ljust(4, b"\0")
    return _carried(seeded, head)


def is_record(begin: int, record: bytes) -> bool:
    """Tell whether the checksum of a record is right; begun as :func:`start` says."""
    stored, blank = _number(record, _LOW, 2), bytearray(record)
    blank[_LOW : _LOW + 2] = bytes(2)
    mask = 0xFFFF
    if len(record) > _ROOM and _number(record, _ROOM, 2) >= 4:
        stored |= _number(record, _HIGH, 2) << 16
        blank[_HIGH : _HIGH + 2] = bytes(2)
        mask = _ALL
    return _carried(begin, bytes(blank)) & mask == stored


def is_tree(begin: int, block: bytes) -> bool:
    """Tell whether the checksum of a block of a tree of extents is right."""
    end = _ENTRY + _ENTRY * _number(block, 4, 2)
    if not block.startswith(_TREE) or end + 4 > len(block):
        return False
    return _carried(begin, block[:end]) == _number(block, end, 4)


def is_folder(begin: int, block: bytes) -> bool:
    """Tell whether the checksum of a block of names is right, or there is none.

    Those of an index, which may end as others do, have one of another kind.
    """
    if not block[-_TAIL:].startswith(_TAIL_SIGN):
        return True
    return _carried(begin, block[:-_TAIL]) == _number(block, len(block) - 4, 4)


def _carried(word: int, data: bytes) -> int:
    """Carry a checksum on, without what is done at its ends."""
    return crc32c(data, word ^ _ALL) ^ _ALL


def _number(content: bytes, place: int, size: int) -> int:
    return int.from_bytes(content[place : place + size], "little")
