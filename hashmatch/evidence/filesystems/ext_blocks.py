"""Files of ext2 and ext3 so large that a third tree of pointers says where they lie.

The Sleuth Kit goes through the whole of such a tree, whatever the size of the file, and looks
through all it found for each block of pointers: it does not come back within a lifetime. It is
shown these files as empty (:class:`Hidden`), and their trees are read here.

Source: "The contents of inode.i_block" of the ext4 documentation of the Linux kernel.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

import numpy as np

from hashmatch.evidence.filesystems.interface import MountError, Run
from hashmatch.evidence.filesystems.tsk_content import damaged
from hashmatch.evidence.filesystems.tsk_streams import NONRESIDENT, Stream
from hashmatch.evidence.media.around import Around
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from hashmatch.evidence.filesystems.ext_layout import Layout
    from hashmatch.evidence.media.interface import Medium

MOST_GROUPS = 1 << 20
"""Groups of a volume; there are fewer on the largest that can be made with blocks of 4 KiB."""
MOST_RUNS = 1 << 20
_DIRECT, _POINTERS = 12, 15
_EXTENTS = 0x80000
_KIND, _REGULAR = 0xF000, 0x8000
_DAMAGED = "its structures are damaged; image the drive again, or look at it with a recovery tool"
_LOST = Stream(b"", -1)
"""The content of a file of which it is not known where it lies."""


class _DamagedError(Exception):
    """The pointers cannot be right, or are not readable."""


def reach(block: int) -> int:
    """Give how many bytes of a file two trees of pointers lead to."""
    per = block // 4
    return (_DIRECT + per + per * per) * block


def stream(content: Medium, layout: Layout, record: bytes) -> Stream | None:
    """Give the content of a file that is hidden from the library; None for any other.

    A file whose pointers are damaged has a stream of size -1.

    Args:
        content: the volume.
        layout: what its superblock says.
        record: that of the file.
    """
    if int.from_bytes(record[32:36], "little") & _EXTENTS:
        return None
    size = int.from_bytes(record[4:8], "little") | int.from_bytes(record[108:112], "little") << 32
    if size <= reach(layout.block):
        return None
    try:
        found = _Map(content, layout, size)
        found.follow(np.frombuffer(record[40:100], "<u4"))
    except _DamagedError:
        return _LOST
    runs = tuple(found.runs)
    places = tuple(found.places)
    return Stream(b"", size, flags=NONRESIDENT, runs=runs, covered=size, direct=True, places=places)


class _Map:
    """Collects the runs of a file from its pointers; none of these is followed twice."""

    def __init__(self, content: Medium, layout: Layout, size: int) -> None:
        self._content = content
        self._layout = layout
        self._size = size
        self._per = layout.block // 4
        self._seen: set[int] = set()
        self.runs: list[Run] = []
        self.places: list[int] = []

    def follow(self, pointers: NDArray[np.uint32]) -> None:
        """Follow the pointers of a record.

        Raises:
            _DamagedError: they lead to where nothing is, in circles, or not to the file's end.
        """
        self._blocks(pointers[:_DIRECT], 0)
        first = _DIRECT
        for level in range(1, _POINTERS - _DIRECT + 1):
            self._tree(int(pointers[_DIRECT + level - 1]), level, first)
            first += self._per**level
        if first * self._layout.block < self._size:
            raise _DamagedError

    def _tree(self, number: int, level: int, first: int) -> None:
        """Follow a block of pointers for the blocks of the file from a first one."""
        block = self._layout.block
        if not number or first * block >= self._size:
            return
        if number in self._seen or number >= self._layout.blocks:
            raise _DamagedError
        self._seen.add(number)
        raw = self._content.read_at(number * block, block)
        if len(raw) < block or damaged(self._content, (Run(number * block, block),)):
            raise _DamagedError
        pointers = np.frombuffer(raw, "<u4")
        if level == 1:
            self._blocks(pointers, first)
            return
        span = self._per ** (level - 1)
        for index in np.flatnonzero(pointers):
            self._tree(int(pointers[index]), level - 1, first + int(index) * span)

    def _blocks(self, pointers: NDArray[np.uint32], first: int) -> None:
        """Add blocks of the file; where there is no pointer, there is a hole."""
        block = self._layout.block
        pointers = pointers[: max(0, -(-self._size // block) - first)].astype(np.int64)
        index = np.flatnonzero(pointers)
        numbers = pointers[index]
        if not len(index):
            return
        if int(numbers.max()) >= self._layout.blocks:
            raise _DamagedError
        starts = np.flatnonzero((np.diff(index) != 1) | (np.diff(numbers) != 1)) + 1
        for begin, end in zip([0, *starts], [*starts, len(index)], strict=True):
            self._run((first + int(index[begin])) * block, int(numbers[begin]), int(end - begin))

    def _run(self, place: int, number: int, count: int) -> None:
        block = self._layout.block
        length = min(count * block, self._size - place)
        last = self.runs[-1] if self.runs else None
        if last and (self.places[-1] + last.length, last.offset + last.length) == (
            place,
            number * block,
        ):
            self.runs[-1] = Run(last.offset, last.length + length)
            return
        if len(self.runs) >= MOST_RUNS:
            raise _DamagedError
        self.runs.append(Run(number * block, length))
        self.places.append(place)


class Hidden(Around):
    """A volume in which records of very large files say that these are empty.

    Such a folder is one of no kind, so that it is no empty folder.

    Args:
        content: the volume, which stays open.
        layout: what its superblock says.

    Raises:
        MountError: there cannot be so many groups.
    """

    def __init__(self, content: Medium, layout: Layout) -> None:
        super().__init__(content)
        self._layout = layout
        self._length = layout.records_per_group * layout.record
        self._tables = sorted({place for place in _tables(content, layout) if place})

    def read_at(self, offset: int, length: int) -> bytes:
        """Read; fewer bytes than asked for only at the end."""
        piece = self._medium.read_at(offset, length)
        first = bisect_right(self._tables, offset - self._length)
        last = bisect_left(self._tables, offset + length)
        for table in self._tables[first:last]:
            piece = self._without(piece, offset, table)
        return piece

    def _without(self, piece: bytes, offset: int, table: int) -> bytes:
        """Change the records of a table that a piece meets."""
        width = self._layout.record
        first = max(0, (offset - table) // width)
        end = min(self._length // width, -(-(offset + len(piece) - table) // width))
        raw = self._medium.read_at(table + first * width, (end - first) * width)
        records = np.frombuffer(raw[: len(raw) // width * width], np.uint8).reshape(-1, width)
        far = np.flatnonzero(_far(records, self._layout.block))
        if not len(far):
            return piece
        out = bytearray(piece)
        for index in far:
            place = table + (first + int(index)) * width - offset
            mode = int.from_bytes(records[index, :2].tobytes(), "little")
            kind = () if mode & _KIND == _REGULAR else (0, 1)
            for at in (*kind, 4, 5, 6, 7, 108, 109, 110, 111):
                if 0 <= place + at < len(out):
                    out[place + at] = 0
        return bytes(out)


def _far(records: NDArray[np.uint8], block: int) -> NDArray[np.bool_]:
    """Tell which records are of files that two trees of pointers do not reach the end of."""
    low = records[:, 4:8].copy().view("<u4")[:, 0].astype(np.uint64)
    flags = records[:, 32:36].copy().view("<u4")[:, 0]
    high = records[:, 108:112].copy().view("<u4")[:, 0].astype(np.uint64)
    size = low | high << np.uint64(32)
    far: NDArray[np.bool_] = (flags & _EXTENTS == 0) & (size > reach(block))
    return far


def _tables(content: Medium, layout: Layout) -> Iterator[int]:
    """Yield where the records of each group lie."""
    groups = min(layout.groups, -(-layout.records // layout.records_per_group))
    if groups > MOST_GROUPS:
        raise MountError(Reason.DAMAGED_FILE_SYSTEM, _DAMAGED)
    for group in range(groups):
        yield layout.record_at(content, group * layout.records_per_group + 1)
