"""Whether the journal of an XFS holds what was written last: a volume that was not unmounted.

Source: XFS Algorithms & Data Structures, third edition, chapter on the journaling log; its blocks
are of 512 bytes, whatever those of the volume are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hashmatch.evidence.filesystems.xfs_disk import DamagedError

if TYPE_CHECKING:
    from hashmatch.evidence.filesystems.xfs_disk import Disk

_BLOCK = 512
_SIGN = b"\xfe\xed\xba\xbe"
_PIECE = 1 << 20
_LARGEST = 4 << 30
"""Bytes of a journal; none is larger than half of it."""
_VERSION_2 = 2
_PER_HEADER = 32 << 10
"""Bytes of a record that one block of its head stands for."""
_UNMOUNTED = 0x20


def holds_more(disk: Disk) -> bool:
    """Tell whether anything follows the last record that says the volume was unmounted.

    So it is where no record can be found, or the journal is kept elsewhere.
    """
    head = disk.content.read_at(0, _BLOCK)
    first, blocks = int.from_bytes(head[48:56]), int.from_bytes(head[96:100])
    try:
        start = disk.place(first, blocks) if first else 0
    except DamagedError:
        return True
    length = min(blocks * disk.block, _LARGEST)
    last = _last(disk, start, length) if start else None
    if last is None:
        return True
    record = disk.content.read_at(start + last, _BLOCK)
    heads = 1
    if int.from_bytes(record[8:12]) & _VERSION_2:
        heads = max(1, -(-int.from_bytes(record[320:324]) // _PER_HEADER))
    place = (last + heads * _BLOCK) % length  # it goes in circles
    operation = disk.content.read_at(start + place, _BLOCK)
    return (
        int.from_bytes(record[40:44]) != 1 or not operation[9:10] or not (operation[9] & _UNMOUNTED)
    )


def _last(disk: Disk, start: int, length: int) -> int | None:
    """Find the record that was written last, in bytes from the beginning of the journal."""
    best: tuple[int, int] | None = None
    for piece in range(0, length, _PIECE):
        raw = disk.content.read_at(start + piece, min(_PIECE, length - piece))
        at = raw.find(_SIGN)
        while at >= 0:
            cycle = int.from_bytes(raw[at + 16 : at + 20])
            place = int.from_bytes(raw[at + 20 : at + 24]) * _BLOCK
            if place == piece + at:
                best = max(best or (0, 0), (cycle, place))
            at = raw.find(_SIGN, at + 1)
    return None if best is None else best[1]
