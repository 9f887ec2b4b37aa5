"""Inodes of XFS, and where the content of a file lies: a list of extents, or a tree of them.

Source: XFS Algorithms & Data Structures, third edition. All numbers are kept highest byte first.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from hashmatch.evidence.filesystems.xfs_disk import DamagedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.filesystems.xfs_disk import Disk

MOST_EXTENTS = 1 << 20
"""So many extents of one file are read."""

_NODE = 16
_DEEPEST = 9
_LONG = 1 << 4  # of the second flags: counts of extents have 64 bits
_BIG_TIME = 1 << 3
_EPOCH = 1 << 31  # seconds before 1970 from which large times count
_SECOND = 1_000_000_000
_TREE_SUM = 64  # where a block of a tree keeps its checksum


@dataclass(frozen=True, slots=True)
class Extent:
    """A stretch of a file: where in the file, where in the volume, how long; all in bytes.

    ``unwritten`` space belongs to the file and reads as zeros.
    """

    start: int
    offset: int
    length: int
    unwritten: bool


@dataclass(frozen=True, slots=True)
class Inode:
    """One inode: its number and record."""

    disk: Disk
    number: int
    raw: bytes

    @property
    def mode(self) -> int:
        """Kind and permissions."""
        return int.from_bytes(self.raw[2:4])

    @property
    def form(self) -> int:
        """How content is kept: 1 in the record, 2 as a list of extents, 3 as a tree of them."""
        return self.raw[5]

    @property
    def size(self) -> int:
        """Bytes of content."""
        return int.from_bytes(self.raw[56:64])

    @property
    def realtime(self) -> bool:
        """Whether content lies on another device."""
        return bool(int.from_bytes(self.raw[90:92]) & 1)

    @property
    def flags(self) -> int:
        """The second flags, which only newer records have."""
        return int.from_bytes(self.raw[120:128]) if self.raw[4] >= 3 else 0

    @property
    def fork(self) -> bytes:
        """The part of the record that holds content, or says where it is."""
        start = 176 if self.raw[4] >= 3 else 100
        length = self.raw[82] * 8
        return self.raw[start : start + length] if length else self.raw[start:]

    def time(self, at: int) -> int:
        """Read a time in nanoseconds since 1970 from a place in the record."""
        raw = self.raw[at : at + 8]
        if self.flags & _BIG_TIME:
            return int.from_bytes(raw) - _EPOCH * _SECOND
        return int.from_bytes(raw[:4], signed=True) * _SECOND + int.from_bytes(raw[4:])

    def created(self) -> int:
        """Read when it was made, which only newer records say; else 0."""
        return self.time(144) if self.raw[4] >= 3 else 0

    def extents(self) -> list[Extent]:
        """Read where content lies, in the order of the file.

        Raises:
            DamagedError: it cannot be told, or extents overlap in the file.
        """
        if self.form == 2:
            found = list(_records(self.disk, self.fork, 0, self._count()))
        elif self.form == 3:
            found = list(_Tree(self).extents())
        else:
            msg = "content is kept in no known way"
            raise DamagedError(msg)
        if any(a.start + a.length > b.start for a, b in pairwise(found)):
            msg = "extents overlap"
            raise DamagedError(msg)
        return found

    def _count(self) -> int:
        count = self.raw[24:32] if self.flags & _LONG else self.raw[76:80]
        return int.from_bytes(count)


def _records(disk: Disk, data: bytes, at: int, count: int) -> Iterator[Extent]:
    if at + count * _NODE > len(data):
        msg = "more extents than there is room for"
        raise DamagedError(msg)
    for one in range(at, at + count * _NODE, _NODE):
        high, low = struct.unpack_from(">QQ", data, one)
        start = (high & (1 << 63) - 1) >> 9
        block = (high & 0x1FF) << 43 | low >> 21
        length = low & (1 << 21) - 1
        place = disk.place(block, length)
        yield Extent(start * disk.block, place, length * disk.block, bool(high >> 63))


class _Tree:
    """The tree of extents of a file that has too many for its record."""

    def __init__(self, inode: Inode) -> None:
        self._inode = inode
        self._disk = inode.disk
        self._head = 72 if inode.disk.version == 5 else 24
        self._given = 0
        self._seen: set[int] = set()

    def extents(self) -> Iterator[Extent]:
        """Yield them from left to right."""
        fork = self._inode.fork
        level, count = struct.unpack_from(">HH", fork) if len(fork) >= 4 else (0, 0)
        if not 1 <= level <= _DEEPEST:
            msg = "a tree of extents without a level"
            raise DamagedError(msg)
        yield from self._below(self._pointers(fork, 4, count), level - 1)

    def _below(self, blocks: list[int], level: int) -> Iterator[Extent]:
        for block in blocks:
            if block in self._seen:
                msg = "a tree of extents that is a loop"
                raise DamagedError(msg)
            self._seen.add(block)
            data = self._disk.read(block)
            self._disk.check(data, _TREE_SUM)
            count = self._check(data, level)
            if level:
                yield from self._below(self._pointers(data, self._head, count), level - 1)
                continue
            self._given += count
            if self._given > MOST_EXTENTS:
                msg = "more extents than are read"
                raise DamagedError(msg)
            yield from _records(self._disk, data, self._head, count)

    def _check(self, data: bytes, level: int) -> int:
        """Check the head of a block of the tree; how many entries it has."""
        sign, own, count = struct.unpack_from(">4sHH", data)
        newer = self._disk.version == 5
        owner = int.from_bytes(data[56:64]) if newer else self._inode.number
        if sign != (b"BMA3" if newer else b"BMAP") or own != level or owner != self._inode.number:
            msg = "a block that is not of the tree of extents"
            raise DamagedError(msg)
        return int(count)

    def _pointers(self, data: bytes, at: int, count: int) -> list[int]:
        """Read the numbers of the blocks below, which come after room for as many keys."""
        most = (len(data) - at) // _NODE
        if count > most:
            msg = "more branches than there is room for"
            raise DamagedError(msg)
        return list(struct.unpack_from(f">{count}Q", data, at + 8 * most))
