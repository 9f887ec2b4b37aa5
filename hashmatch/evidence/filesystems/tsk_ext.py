"""ext2, ext3 and ext4: encrypted files, records of the file system, free blocks.

ext3 and ext4 forget size and place of a file that is deleted; its name is all that is left.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from hashmatch.evidence.filesystems import (
    allocation,
    ext_blocks,
    ext_inline,
    ext_layout,
    ext_names,
    ext_sums,
    moments,
)
from hashmatch.evidence.filesystems.interface import Run
from hashmatch.evidence.filesystems.tsk_content import damaged
from hashmatch.evidence.filesystems.tsk_family import UNALLOCATED, Family, opened
from hashmatch.evidence.filesystems.tsk_streams import streams
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from hashmatch.evidence.filesystems.allocation import Allocation, Bits
    from hashmatch.evidence.filesystems.ext_layout import Layout
    from hashmatch.evidence.filesystems.moments import Moments
    from hashmatch.evidence.filesystems.tsk_image import Handle
    from hashmatch.evidence.filesystems.tsk_streams import Stream

_COMPRESSED, _ENCRYPTED, _VALUES = 0x4, 0x800, 0x200000
_FLAGS = 32
_EXTENTS = 0x1002
_POINTERS = (0x1001, _EXTENTS)
"""The library's numbers for what leads to the blocks of a file: pointers, extents."""
_RECOVER, _JOURNAL, _JOURNAL_SIGN = 0x4, 8, b"\xc0\x3b\x39\x98"
_TYPED = 0x2
"""The feature of names with their kind beside them."""


class Ext(Family):
    """What the ext file systems do their own way."""

    sweeps = True
    holes = True
    _group: tuple[int, int | None] = -1, None
    """The group that was asked for last, and where its records lie."""
    _trees: tuple[Handle, list[Stream]] = None, []
    """The file whose streams were listed last, and what leads to its extents."""
    _last: tuple[int, tuple[Run, ...], bytes] = -1, (), b""
    """The record that was asked for last: its number, where it lies, and itself."""

    def first_user(self) -> int:
        """The first record that is not reserved, as the superblock has it."""
        return self.layout.first_record if self.layout else super().first_user()

    def is_metadata(self, addr: int, name: bytes) -> bool:  # noqa: ARG002
        """Records that are reserved; the first folder is one too, and is listed."""
        return addr < self.first_user() or bool(self.layout and addr == self.layout.orphans)

    def gone(self, addr: int, seq: int) -> Handle:  # noqa: ARG002
        """Open the record of a deleted name, as long as it is not in use again."""
        file = opened(self.mounted, addr)
        return file if file and int(file.info.meta.flags) & UNALLOCATED else None

    def obstacle(self, file: Handle, stream: Stream) -> Reason | None:
        """Say why a file cannot be read as it was stored."""
        flags = self._flags(int(file.info.meta.addr))
        if flags & _ENCRYPTED:
            return Reason.KEY_NEEDED
        if flags & _COMPRESSED:
            return Reason.UNSUPPORTED_STORAGE
        if self.content.damage and self._lost_pointers(file):
            return Reason.DAMAGED_MEDIUM
        if not self._is_true(file):
            return Reason.DAMAGED_FILE_SYSTEM
        return super().obstacle(file, stream)

    def streams(self, file: Handle) -> list[Stream]:
        """List the content, also of a file that the library is not shown."""
        _, runs, record = self._read(int(file.info.meta.addr))
        if self.layout and runs:
            if ext_inline.is_inline(record):
                return [ext_inline.stream(record, runs[0].offset)]
            if (far := ext_blocks.stream(self.content, self.layout, record)) is not None:
                return [far]
        found = streams(file, self.unit, (*self.data, _EXTENTS), direct=True)
        self._trees = file, [one for one in found if one.kind == _EXTENTS]
        return [one for one in found if one.kind != _EXTENTS]

    def names(self, file: Handle) -> Iterator[tuple[bytes, int, bool]] | None:
        """Yield the names of a folder in use; the library lists deleted ones, and encrypted ones.

        Raises:
            ValueError: the list breaks off, or some of it could not be read.
        """
        _, _, record = self._read(int(file.info.meta.addr))
        layout = self.layout
        if layout is None:
            return None
        typed = bool(layout.features & _TYPED)
        if ext_inline.is_inline(record):
            found = ext_inline.names(record, typed=typed)
        elif self._flags(int(file.info.meta.addr)) & _ENCRYPTED or not _is_used(file):
            return None
        else:
            found = ext_names.of_blocks(self._blocks(file), layout.records, typed=typed)
        return ((one.name, one.number, one.deleted) for one in found)

    def _blocks(self, file: Handle) -> Iterator[bytes]:
        """Yield the blocks of a folder, none of which can be a hole."""
        found = next(iter(self.streams(file)), self.nothing(file))
        left, true = found.size, True
        seed, (addr, _, record) = self._seed(), self._read(int(file.info.meta.addr))
        start = None if seed is None else ext_sums.start(seed, addr, record)
        for run in found.runs:
            for place in range(run.offset, run.offset + run.length, self.unit):
                left -= self.unit
                block = self.content.read_at(place, self.unit)
                if start is not None and not ext_names.is_index(block):
                    true = true and ext_sums.is_folder(start, block)
                yield block
        if left or not true:
            msg = "a folder that does not lie where its size says, or was changed since"
            raise ValueError(msg)

    def _seed(self) -> int | None:
        return self.layout.seed if self.layout else None

    def contradictory(self, living: Collection[int]) -> bool:  # noqa: ARG002
        """Tell whether the journal holds what was written last: it is not played back here."""
        if self.layout is None or not self.layout.features & _RECOVER:
            return False
        kept = opened(self.mounted, _JOURNAL)
        runs = next(iter(self.streams(kept)), self.nothing(kept)).runs if kept else ()
        head = self.content.read_at(runs[0].offset, 32) if runs else b""
        return head[:4] != _JOURNAL_SIGN or any(head[28:32])  # where it begins; 0 where it is empty

    def _lost_pointers(self, file: Handle) -> bool:
        """Tell whether pointers to blocks lie in damage: it reads as zeros, which are holes."""
        known = streams(file, self.unit, _POINTERS)
        return any(damaged(self.content, one.runs) for one in known)

    def _is_true(self, file: Handle) -> bool:
        """Tell whether a record, and the tree of extents that it leads to, are as written."""
        addr, runs, record = self._read(int(file.info.meta.addr))
        if self.layout is None or self.layout.seed is None or not runs:
            return True
        start = ext_sums.start(self.layout.seed, addr, record)
        if not ext_sums.is_record(start, record):
            return False
        return all(
            ext_sums.is_tree(start, self.content.read_at(place, self.unit))
            for one in self._extents(file)
            for run in one.runs
            for place in range(run.offset, run.offset + run.length, self.unit)
        )

    def _extents(self, file: Handle) -> list[Stream]:
        """Give what leads to the extents of a file beyond its record."""
        if file is self._trees[0]:
            return self._trees[1]
        return streams(file, self.unit, (_EXTENTS,))

    def moments(self, file: Handle) -> Moments:
        """Times are UTC, of nanoseconds where records are large enough."""
        _, _, record = self._read(int(file.info.meta.addr))
        return moments.of_stored(ext_layout.times(record))

    def record(self, addr: int) -> tuple[Run, ...]:
        """Where the record of a file lies."""
        return self._read(addr)[1]

    def orphan(self, file: Handle) -> bytes | None:
        """Name an orphan by its number; no values of attributes that are kept apart."""
        addr = int(file.info.meta.addr)
        return None if self._flags(addr) & _VALUES else b"%d" % addr

    def allocation(self) -> Allocation | None:
        """The blocks, by the bitmaps of all groups."""
        layout = self.layout
        if layout is None:
            return None
        base = layout.first_block * layout.block
        count = -(-max(0, layout.blocks * layout.block - base) // layout.cluster)
        return allocation.Allocation(layout.cluster, base, count, self._used)

    @cached_property
    def layout(self) -> Layout | None:
        """What the superblock says."""
        return ext_layout.read(self.content)

    def _flags(self, addr: int) -> int:
        _, _, record = self._read(addr)
        return int.from_bytes(record[_FLAGS : _FLAGS + 4], "little")

    def _read(self, addr: int) -> tuple[int, tuple[Run, ...], bytes]:
        """Read a record: many things are asked of one before the next, and of its neighbours."""
        layout = self.layout
        if addr != self._last[0] and layout is not None:
            group, index = layout.numbered(addr)
            if group != self._group[0]:
                self._group = group, layout.records_at(self.content, group)
            table = self._group[1]
            place = 0 if table is None else table + index * layout.record
            record = self.content.read_at(place, layout.record) if place else b""
            self._last = addr, (Run(place, layout.record),) if place else (), record
        return self._last

    def _used(self, first: int, count: int) -> Bits:
        layout = self.layout
        if layout is None:
            return np.zeros(count, np.bool_)
        pieces: list[Bits] = []
        place, end = first, first + count
        while place < end:
            group, passed = divmod(place, layout.per_group)
            there = min(end - place, layout.per_group - passed)
            raw = layout.bitmap(self.content, group)[passed // 8 :]
            pieces.append(allocation.bits_of(raw, passed % 8, there))
            place += there
        return np.concatenate(pieces)


def _is_used(file: Handle) -> bool:
    return not int(file.info.meta.flags) & UNALLOCATED
