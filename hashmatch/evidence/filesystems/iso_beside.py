"""What a disc may have beside the ISO 9660 that is read: later sessions, UDF with more files.

Discs that were written in several sessions have a descriptor for each, and only the first one lies
where it is looked for. Discs made for UDF may have little more than a note in their ISO 9660.

Source: ECMA-119, 8.4; ECMA-167, parts 3 and 4; OSTA UDF 2.60, 2.2.6.4 (number of files).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hashmatch.evidence.filesystems import unsupported

if TYPE_CHECKING:
    from hashmatch.evidence.media.interface import Medium

SECTOR = 2048
FARTHEST = 256 << 20
"""So far behind the end of a session the next one is looked for; the gaps of discs are smaller."""

_FIRST = 16
_MARK = b"\1CD001\1"
_PIECE = 512 * SECTOR
_ANCHOR = 256
_ANCHOR_TAG, _VOLUME_TAG, _INTEGRITY_TAG = 2, 6, 9
_MOST_DESCRIPTORS = 64
_FILES = 32
"""Where the part of an integrity descriptor for programs has the number of files."""


def is_continued(content: Medium) -> bool:
    """Tell whether a later session follows: its descriptor, with a first folder behind that."""
    head = content.read_at(_FIRST * SECTOR, SECTOR)
    end = max(_number(head, 80), _FIRST + 1)
    last = min(content.size, end * SECTOR + FARTHEST)
    for start in range(end * SECTOR, last, _PIECE):
        raw = content.read_at(start, min(_PIECE, last - start))
        for place in range(0, len(raw) - SECTOR + 1, SECTOR):
            if raw.startswith(_MARK, place):
                folder = _number(raw, place + 158) * SECTOR
                # A disc image that lies there as a file counts from its own beginning.
                if start + place < folder < content.size:
                    return True
    return False


def has_more(content: Medium, files: int) -> bool:
    """Tell whether there is UDF too that counts more files, or of which that cannot be told."""
    if not unsupported.is_udf(content):
        return False
    counted = _files_of_udf(content)
    return counted is None or counted > files


def _files_of_udf(content: Medium) -> int | None:
    anchor = _described(content, _ANCHOR)
    if _number(anchor, 0, 2) != _ANCHOR_TAG:
        return None
    length, first = _number(anchor, 16), _number(anchor, 20)
    for number in range(min(length // SECTOR, _MOST_DESCRIPTORS)):
        volume = _described(content, first + number)
        if _number(volume, 0, 2) == _VOLUME_TAG:
            integrity = _described(content, _number(volume, 436))
            partitions = _number(integrity, 72)
            place = 80 + 8 * partitions + _FILES
            whole = partitions <= _MOST_DESCRIPTORS and _number(integrity, 76) >= _FILES + 4
            if _number(integrity, 0, 2) == _INTEGRITY_TAG and whole:
                return _number(integrity, place)
    return None


def _described(content: Medium, sector: int) -> bytes:
    return content.read_at(sector * SECTOR, SECTOR)


def _number(raw: bytes, place: int, size: int = 4) -> int:
    return int.from_bytes(raw[place : place + size], "little")
