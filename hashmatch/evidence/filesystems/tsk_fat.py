"""FAT12, FAT16 and FAT32: local times, and deleted files whose clusters nobody noted.

A deleted entry keeps the first cluster and the size alone. Its content is taken to be that cluster
and those after it that no other file uses now, so it may hold parts of other files.

Source: Microsoft, FAT file system specification 1.03.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from hashmatch.evidence.filesystems import (
    fat_folders,
    fat_layout,
    fat_names,
    fat_owned,
    moments,
)
from hashmatch.evidence.filesystems.allocation import Allocation
from hashmatch.evidence.filesystems.fat_layout import SLOT
from hashmatch.evidence.filesystems.interface import Run
from hashmatch.evidence.filesystems.moments import Moments
from hashmatch.evidence.filesystems.tsk_family import GONE, Family, Found
from hashmatch.evidence.filesystems.tsk_streams import NONRESIDENT, Stream, joined
from hashmatch.model.facts import Recovery

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from numpy.typing import NDArray

    from hashmatch.evidence.filesystems.allocation import Bits
    from hashmatch.evidence.filesystems.fat_layout import Layout
    from hashmatch.evidence.filesystems.tsk_image import Handle
    from hashmatch.evidence.media.interface import Medium

_LABEL = 0x08
_LONG = 0x0F
_LOOKED_AT = 1 << 16
_MOST_PASSED = 1 << 22
"""So many clusters in use are passed over in search of those of a deleted file."""
_MOST_PIECES = 1 << 18
"""What lies in more pieces than these between other files is no file of anybody."""


class Fat(Family):
    """What the older FAT file systems do their own way."""

    def __init__(self, content: Medium, mounted: Handle, kind: str) -> None:
        super().__init__(content, mounted)
        self._kind = kind

    def first_user(self) -> int:
        """Entries of folders are files; what belongs to the file system has no such entry."""
        return 0

    def is_metadata(self, addr: int, name: bytes) -> bool:  # noqa: ARG002
        """The label of the volume is an entry that is no file."""
        attributes = self.slot(addr)[11]
        return bool(attributes & _LABEL) and attributes & _LONG != _LONG

    def folder(self, addr: int) -> int:
        """Give the first cluster of a folder: any number of entries can name the same."""
        if addr == int(self.mounted.info.root_inum):
            return self.layout.root if self.layout else 0
        return self.start(addr)[0]

    def called(self, name: bytes, addr: int) -> bytes:
        """The library cuts the longest names off."""
        layout = self.layout
        if layout is None or addr < 3:
            return name
        return fat_names.whole(self.content, layout, layout.slot_at(addr), name)

    def slot(self, addr: int) -> bytes:
        """Read the entry of a folder that has a number; zeros where there is none."""
        layout = self.layout
        raw = self.content.read_at(layout.slot_at(addr), SLOT) if layout and addr >= 3 else b""
        return raw.ljust(SLOT, b"\0")

    @cached_property
    def layout(self) -> Layout | None:
        """Where things lie."""
        return fat_layout.fat(self.content, self._kind)

    def hides(self, addr: int, shown: Collection[int]) -> bool:
        """Some entry in use is not listed, is listed as deleted, or there may be more of them."""
        layout = self.layout
        if layout is None:
            return False
        top = addr == int(self.mounted.info.root_inum)
        start = (layout.root, 0, False) if top else self.start(addr)
        if not top and not self.is_folder(layout, start[0]):
            return True
        places = {layout.slot_at(one) for one in shown}
        try:
            return not places.issuperset(fat_folders.in_use(self.content, layout, start))
        except fat_folders.BrokenError:
            return True

    def is_folder(self, layout: Layout, first: int) -> bool:
        """Tell whether a cluster can be the first of a folder in a folder."""
        return fat_folders.is_below(self.content, layout, first)

    def moments(self, file: Handle) -> Moments:
        """Times are local, of an unknown zone; the last access is only a date."""
        slot = self.slot(int(file.info.meta.addr))
        created = moments.local(_two(slot, 16), _two(slot, 14), slot[13])
        modified = moments.local(_two(slot, 24), _two(slot, 22))
        accessed = moments.local(_two(slot, 18), 0)
        times = []
        if modified:
            times.append(("modified", moments.written(modified)))
        if accessed:
            times.append(("accessed", accessed.date().isoformat()))
        if created:
            text = moments.written(created, parts=slot[13] not in {0, 100})
            times.append(("created", text))
        return Moments(tuple(times), moments.nanoseconds(modified) if modified else 0)

    def start(self, addr: int) -> tuple[int, int, bool]:
        """Give the first cluster of an entry, its size, and whether it says that all follow."""
        slot = self.slot(addr)
        high = _two(slot, 20) << 16 if self._kind == "fat32" else 0
        return high | _two(slot, 26), int.from_bytes(slot[28:32], "little"), False

    def recovered(self, file: Handle) -> Iterator[Found]:
        """Yield the content of a deleted file as far as it can be taken to be there."""
        first, size, noted = self.start(int(file.info.meta.addr))
        layout, space = self.layout, self.allocation()
        if layout is None or space is None or not size or not layout.is_cluster(first):
            return
        clusters = -(-size // layout.cluster)
        if clusters > layout.count:
            return
        runs = self._noted(layout, first, size) if noted else self._free(layout, first, size)
        if sum(run.length for run in runs) != size:
            return
        stream = Stream(b"", size, flags=NONRESIDENT, runs=runs, covered=size, direct=True)
        recovery = Recovery.BY_RECORD if noted else Recovery.BY_CONTIGUITY
        notes = self.overwritten(stream)
        if notes == GONE:
            return
        if not noted and len(runs) > 1:
            notes = (("passed-over", "clusters of other files"), *notes)
        yield Found(stream, recovery, notes)

    def allocation(self) -> Allocation | None:
        """The clusters, by the table."""
        layout = self.layout
        if layout is None:
            return None
        return Allocation(layout.cluster, layout.clusters, layout.count, self.used)

    def contradictory(self, living: Collection[int]) -> bool:
        """Some cluster is in use and no file has it: the name of its file is lost."""
        layout = self.layout
        owned = self._owned(layout, living) if layout else None
        if layout is None or owned is None:
            return False
        for first in range(0, layout.count, _LOOKED_AT):
            count = min(_LOOKED_AT, layout.count - first)
            lost = self.used(first, count) & ~owned[first : first + count]
            if lost.any() and (lost & ~layout.bad(self.content, first, count)).any():
                return True
        return False

    def space(self, named: Callable[[], Iterable[int]]) -> Allocation | None:
        """The clusters that some file has; one in use that none has may hold a lost file."""
        layout = self.layout
        if layout is None:
            return None
        owned = self._owned(layout, named())
        if owned is None:
            return self.allocation()

        def taken(first: int, count: int) -> Bits:
            return self.used(first, count) & owned[first : first + count]

        return Allocation(layout.cluster, layout.clusters, layout.count, taken)

    def _owned(self, layout: Layout, records: Iterable[int]) -> Bits | None:
        starts = [(layout.root, 0, False), *map(self.start, records)]
        return fat_owned.owned(self.content, layout, starts)

    def used(self, first: int, count: int) -> Bits:
        """Tell which clusters are in use."""
        if self.layout is None:
            return np.zeros(count, np.bool_)
        return self.layout.used(self.content, first, count)

    @staticmethod
    def _noted(layout: Layout, first: int, size: int) -> tuple[Run, ...]:
        if not layout.is_cluster(first + -(-size // layout.cluster) - 1):
            return ()
        return (Run(layout.cluster_at(first), size),)

    def _free(self, layout: Layout, first: int, size: int) -> tuple[Run, ...]:
        """Take clusters that are free, from the first on; none where that is in use."""
        runs: list[Run] = []
        left, place, passed = -(-size // layout.cluster), first - 2, 0
        while left > 0 and place < layout.count and passed < _MOST_PASSED:
            count = min(_LOOKED_AT, layout.count - place, left + 64)
            used = self.used(place, count)
            if not runs and used[0]:
                return ()
            free = np.flatnonzero(~used)[:left]
            passed += int(used.sum())
            runs += _stretches(layout, free + place)
            if len(runs) > _MOST_PIECES:
                return ()
            left -= len(free)
            place += count
        spare = -size % layout.cluster if runs and not left else 0
        if spare:
            runs[-1] = Run(runs[-1].offset, runs[-1].length - spare)
        return tuple(joined(runs))


def _stretches(layout: Layout, clusters: NDArray[np.int64]) -> Iterator[Run]:
    """Yield where clusters lie, those that follow each other as one; counted from the first."""
    for part in np.split(clusters, np.flatnonzero(np.diff(clusters) != 1) + 1):
        if len(part):
            yield Run(layout.cluster_at(int(part[0]) + 2), len(part) * layout.cluster)


def _two(slot: bytes, place: int) -> int:
    return int.from_bytes(slot[place : place + 2], "little")
