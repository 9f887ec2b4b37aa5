"""Files and folders of XFS, as :mod:`.yal_walk` goes through them and :mod:`.yal_content` reads.

Source: XFS Algorithms & Data Structures, third edition, chapters on directories.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from typing import TYPE_CHECKING

from hashmatch.evidence.filesystems.xfs_disk import DamagedError
from hashmatch.evidence.filesystems.xfs_inode import Inode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.filesystems.xfs_disk import Disk
    from hashmatch.evidence.filesystems.xfs_inode import Extent

_DATA_END = 32 << 30  # beyond it a folder keeps indexes of names, no names
_FREE = b"\xff\xff"
_BLOCKS = {b"XD2B": 16, b"XD2D": 16, b"XDB3": 64, b"XDD3": 64}
_BLOCK_SUM = 4
_WITH_TAIL = frozenset((b"XD2B", b"XDB3"))
_MOST_FOLDER = 4 << 30
_UNSUPPORTED = "content lies on a real-time device"


class Node:
    """An entry: a name and the number of its inode, which is read when something else is asked."""

    def __init__(self, disk: Disk, number: int, name: bytes = b"") -> None:
        self._disk = disk
        self._number = number
        self._name = name

    @cached_property
    def inode(self) -> Inode:
        """Its inode.

        Raises:
            DamagedError: there is none.
        """
        return Inode(self._disk, self._number, self._disk.record(self._number))

    def get_inode_number(self) -> int:
        """Give the number of its inode."""
        return self._number

    def get_name(self) -> bytes:
        """Give its name as it is stored."""
        return self._name

    def get_file_mode(self) -> int:
        """Give kind and permissions."""
        return self.inode.mode

    def get_size(self) -> int:
        """Give the bytes of its content."""
        return self.inode.size

    def get_modification_time_as_integer(self) -> int:
        """Give when content changed, in nanoseconds since 1970; so all of these."""
        return self.inode.time(40)

    def get_access_time_as_integer(self) -> int:
        """Give when it was read."""
        return self.inode.time(32)

    def get_inode_change_time_as_integer(self) -> int:
        """Give when its record changed."""
        return self.inode.time(48)

    def get_creation_time_as_integer(self) -> int:
        """Give when it was made; 0 where that is not kept."""
        return self.inode.created()

    @cached_property
    def _extents(self) -> list[Extent]:
        if self.inode.realtime:
            raise DamagedError(_UNSUPPORTED)
        return self.inode.extents()

    @cached_property
    def _stretches(self) -> list[tuple[int, int, int]]:
        """Where content lies, holes included: offset, length, and 1 for what reads as zeros."""
        found, at = [], 0
        for one in self._extents:
            if one.start > at:
                found.append((0, one.start - at, 1))
            found.append((one.offset, one.length, int(one.unwritten)))
            at = one.start + one.length
        if at < self.inode.size:
            found.append((0, self.inode.size - at, 1))
        return found

    def get_number_of_extents(self) -> int:
        """Count its stretches, holes included."""
        return len(self._stretches)

    def get_extent(self, number: int) -> tuple[int, int, int]:
        """Give a stretch: offset, length, and 1 for what reads as zeros."""
        return self._stretches[number]

    @cached_property
    def _starts(self) -> list[int]:
        return [one.start for one in self._extents]

    def read_buffer_at_offset(self, size: int, offset: int) -> bytes:
        """Read content; fewer bytes than asked for only at its end.

        Raises:
            DamagedError: it cannot be told where it lies.
        """
        end = min(offset + size, self.inode.size)
        found = []
        while offset < end:
            place = bisect_right(self._starts, offset) - 1
            one = self._extents[place] if place >= 0 else None
            if one is not None and offset < one.start + one.length:
                length = min(one.start + one.length, end) - offset
                found.append(self._stored(one, offset - one.start, length))
            else:
                stop = self._starts[place + 1] if place + 1 < len(self._starts) else end
                length = min(stop, end) - offset
                found.append(bytes(length))
            offset += length
        return b"".join(found)

    def _stored(self, one: Extent, skip: int, length: int) -> bytes:
        if one.unwritten:
            return bytes(length)
        return self._disk.bytes_at(one.offset + skip, length)

    @cached_property
    def _below(self) -> list[tuple[int, bytes]]:
        names = self._short() if self.inode.form == 1 else self._long()
        return [one for one in names if one[1] not in {b".", b".."}]

    def get_number_of_sub_file_entries(self) -> int:
        """Count the entries of a folder.

        Raises:
            DamagedError: not all of them can be told.
        """
        return len(self._below)

    def get_sub_file_entry(self, number: int) -> Node:
        """Give one entry of a folder."""
        inode, name = self._below[number]
        return Node(self._disk, inode, name)

    def _short(self) -> Iterator[tuple[int, bytes]]:
        """Yield the names that are kept in the record itself."""
        data = self.inode.fork[: self.inode.size]
        width = 8 if data[1:2] > b"\0" else 4  # the second byte counts numbers that need so many
        at = 2 + width
        if len(data) < at:
            msg = "a folder without the number of the one above"
            raise DamagedError(msg)
        extra = 1 if self._disk.kinds else 0
        for _ in range(data[0]):
            length = data[at] if at < len(data) else 0
            after = at + 3 + length + extra + width
            if not length or after > len(data):
                msg = "a folder that ends within a name"
                raise DamagedError(msg)
            yield int.from_bytes(data[after - width : after]), data[at + 3 : at + 3 + length]
            at = after
        if at != self.inode.size:
            msg = "a folder that has more names than it counts"
            raise DamagedError(msg)

    def _long(self) -> Iterator[tuple[int, bytes]]:
        """Yield the names that are kept in blocks."""
        size = self._disk.folder
        taken = 0
        for one in self._extents:
            if one.start >= _DATA_END:
                break
            taken += one.length
            if taken > min(_MOST_FOLDER, self._disk.content.size):
                msg = "a folder larger than any"
                raise DamagedError(msg)
        end = 0
        for at in self._blocks(size):
            yield from self._names(self._raw(at, size))
            end = at + size
        if end != self.inode.size:
            msg = "a folder that ends elsewhere than its size says"
            raise DamagedError(msg)

    def _blocks(self, size: int) -> Iterator[int]:
        """Yield where in a folder its blocks begin."""
        last = -1
        for one in self._extents:
            for at in range(one.start // size * size, one.start + one.length, size):
                if last < at < _DATA_END:
                    last = at
                    yield at

    def _raw(self, at: int, size: int) -> bytes:
        found, end = [], at + size
        while at < end:
            place = bisect_right(self._starts, at) - 1
            one = self._extents[place] if place >= 0 else None
            if one is None or at >= one.start + one.length or one.unwritten:
                msg = "a hole in a folder"
                raise DamagedError(msg)
            length = min(one.start + one.length, end) - at
            found.append(self._disk.bytes_at(one.offset + at - one.start, length))
            at += length
        return b"".join(found)

    def _names(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield the names of one block."""
        sign = data[:4]
        newer = self._disk.version == 5
        owner = int.from_bytes(data[40:48]) if newer else self._number
        if sign not in _BLOCKS or (_BLOCKS[sign] == 64) != newer or owner != self._number:
            msg = "a block that is not of the folder"
            raise DamagedError(msg)
        self._disk.check(data, _BLOCK_SUM)
        end = len(data)
        if sign in _WITH_TAIL:
            end -= 8 + 8 * int.from_bytes(data[-8:-4])
        at = _BLOCKS[sign]
        if end <= at:
            msg = "a block that has no room for names"
            raise DamagedError(msg)
        extra = 1 if self._disk.kinds else 0
        while at < end:
            if data[at : at + 2] == _FREE:
                length = int.from_bytes(data[at + 2 : at + 4])
                step = length
            else:
                length = data[at + 8] if at + 8 < end else 0
                step = -(-(11 + length + extra) // 8) * 8
                if length and at + step <= end:
                    yield int.from_bytes(data[at : at + 8]), data[at + 9 : at + 9 + length]
            if not length or step % 8 or at + step > end:
                msg = "a folder that cannot be read to its end"
                raise DamagedError(msg)
            at += step
