"""Content and names that ext4 keeps inside the record of a file.

The Sleuth Kit reads no folder of this kind that is larger than its smallest records have room for.

Source: "Inline Data", "Inline Directories" and "Extended Attributes" of the ext4 documentation of
the Linux kernel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hashmatch.evidence.filesystems import ext_names
from hashmatch.evidence.filesystems.interface import Run
from hashmatch.evidence.filesystems.tsk_streams import Stream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.filesystems.ext_names import Name

_INLINE = 0x10000000
_FLAGS, _POINTERS, _ROOM = 32, 40, 60
_OLD_RECORD = 128
_MARK = (0xEA020000).to_bytes(4, "little")
_ENTRY = 16
_SYSTEM, _NAME = 7, b"data"
_PARENT = 4
"""Bytes of the number of the folder above, before the names."""


def is_inline(record: bytes) -> bool:
    """Tell whether a record holds the content of its file."""
    return bool(_number(record, _FLAGS, 4) & _INLINE)


def stream(record: bytes, place: int) -> Stream:
    """Give the content of a file that lies in its record; of size -1 where it is not all there.

    Args:
        record: that of the file.
        place: where it lies, in bytes from the beginning of the volume.
    """
    size = _number(record, 4, 4) | _number(record, 108, 4) << 32
    parts = _parts(record)
    if size > sum(length for _, length in parts):
        return Stream(b"", -1)
    runs, left = [], size
    for offset, length in parts:
        if left > 0:
            runs.append(Run(place + offset, min(length, left)))
            left -= length
    return Stream(b"", size, runs=tuple(runs), covered=size, direct=True)


def names(record: bytes, *, typed: bool) -> Iterator[Name]:
    """Yield the names of a folder that lie in its record, without those of itself and above it.

    Args:
        record: that of the folder.
        typed: whether names have their kind beside them, so that their length is one byte.

    Raises:
        ValueError: the list breaks off.
    """
    (begin, length), *more = _parts(record)
    for offset, size in ((begin + _PARENT, length - _PARENT), *more):
        yield from ext_names.listed(record[offset : offset + size], typed=typed)


def _parts(record: bytes) -> list[tuple[int, int]]:
    """Give offset and length of what a record holds: instead of pointers, and as an attribute."""
    found = [(_POINTERS, _ROOM)]
    head = _OLD_RECORD + _number(record, _OLD_RECORD, 2)
    if len(record) <= _OLD_RECORD or record[head : head + 4] != _MARK:
        return found
    first = place = head + 4
    while any(record[place : place + 4]) and place + _ENTRY <= len(record):
        long, kind = record[place], record[place + 1]
        if (kind, record[place + _ENTRY : place + _ENTRY + long]) == (_SYSTEM, _NAME):
            offset, size = first + _number(record, place + 2, 2), _number(record, place + 8, 4)
            elsewhere = _number(record, place + 4, 4)
            if size and not elsewhere and offset + size <= len(record):
                found.append((offset, size))
            return found
        place += _ENTRY + -(-long // 4) * 4
    return found


def _number(content: bytes, place: int, size: int) -> int:
    return int.from_bytes(content[place : place + size], "little")
