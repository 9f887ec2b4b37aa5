"""The volumes of a medium, in a stable order, and one of them opened again by its locator.

What fills a whole medium or partition is looked at first as something encrypted, then as a
partition table, a physical volume of LVM, a file system. A disk that was formatted anew keeps
traces of what it held before, so that several may be recognised at once: see :func:`_fills`.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from hashmatch.evidence.filesystems import logical_ewf, registry, unsupported
from hashmatch.evidence.filesystems.interface import MountError
from hashmatch.evidence.filesystems.patience import Patience
from hashmatch.evidence.media.slice import Slice
from hashmatch.evidence.stretches import gaps
from hashmatch.evidence.volumes import bitlocker, luks, lvm, schemes
from hashmatch.evidence.volumes.interface import LAYERS, Opened, Volume
from hashmatch.evidence.volumes.place import Place
from hashmatch.model.locators import layer
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from hashmatch.evidence.media.interface import Medium
    from hashmatch.evidence.volumes.tables import Partition, Table
    from hashmatch.model.locators import Layer
    from hashmatch.model.secrets import Secrets

MOST_VOLUMES = 1024
"""So many volumes of a medium are looked into; that there are more is said."""
_DEEPEST = 4
_MOST_DOUBTS = 8
_MOST_TRIED = 16
_CONTENT = 1 << 48
_FARTHEST = 1 << 53
"""Places and sizes that tables name are recorded up to here, as any reader of a record can."""
_EMPTY = (
    "no partition has a file system; what was there before may be found with --carve, or by a "
    "recovery tool on a copy"
)
_STILL_BYTES = frozenset((Reason.UNKNOWN_FILE_SYSTEM, Reason.UNSUPPORTED_FILE_SYSTEM))


def volumes(medium: Medium, secrets: Secrets) -> Iterator[Volume]:
    """Yield every volume of a medium, and the gaps between partitions, in a stable order.

    A volume with ``trouble`` cannot be looked into. At least one volume is given: what is not
    recognised at all is one with the trouble ``unknown-file-system``, and so is a medium with
    nothing but gaps. What is wrong with a partition table is a volume of its own, with the trouble
    ``damaged-partition-table``, beside all that the table names.
    """
    found = _Finder(secrets).inside(Place(medium, (), b"", 0))
    number, empty = 0, True
    for number, one in enumerate(islice(found, MOST_VOLUMES), start=1):
        empty = empty and one.volume.gap
        yield replace(one.volume, number=number - 1)
    if empty:  # its partitions may have been deleted: that nothing is listed is no answer
        why = Reason.UNKNOWN_FILE_SYSTEM
        yield Volume(number, (layer("space"),), b"$space/", 0, medium.size, why, _EMPTY)
    if next(found, None) is not None:
        advice = f"there are more than {MOST_VOLUMES} volumes; the others were not looked into"
        named = (layer("space"),)
        yield Volume(MOST_VOLUMES, named, b"$volumes/", 0, medium.size, Reason.LIMIT_COUNT, advice)


def open_volume(medium: Medium, layers: Sequence[Layer], secrets: Secrets) -> Opened:
    """Open the volume that the first of some layers name; its ``number`` is 0, whichever it is.

    Args:
        medium: what it lies on.
        layers: those of a place, from the first; what follows those of the volume is left alone.
            How many the volume has, its own ``layers`` tell.
        secrets: what may open it where it is encrypted.

    Raises:
        LookupError: there is no such volume.
        MountError: it cannot be looked into. That no file system can be read on it is no reason:
            its bytes are there to be searched.
    """
    named = tuple(layers[: _leading(layers)])
    finder = _Finder(secrets, named)
    for one in islice(finder.inside(Place(medium, (), b"", 0)), MOST_VOLUMES):
        if one.volume.layers == named:
            trouble = one.volume.trouble
            if trouble is not None and trouble not in _STILL_BYTES:
                raise MountError(trouble, one.volume.advice)
            return one
    msg = "the medium has no such volume"
    raise LookupError(msg)


def _leading(layers: Sequence[Layer]) -> int:
    """Count the layers that name a volume."""
    rest = (at for at, one in enumerate(layers) if one.kind not in LAYERS)
    return next(rest, len(layers))


class _Finder:
    """One pass over a medium; leaves out branches that do not lead to what is wanted."""

    def __init__(self, secrets: Secrets, wanted: tuple[Layer, ...] | None = None) -> None:
        self._secrets = secrets
        self._wanted = wanted
        self._patience = Patience()

    def inside(self, place: Place) -> Iterator[Opened]:
        """Yield what a place holds, or the place itself."""
        if not self._leads(place):
            return
        # The bytes of a logical image are those of files in a row: none of them is a table.
        if len(place.layers) < _DEEPEST and not logical_ewf.recognise(place.content):
            for recognise, enter in (
                (luks.recognise, self._luks),
                (bitlocker.recognise, self._bitlocker),
            ):
                if recognise(place.content):
                    yield from enter(place)
                    return
            tables = schemes.read(place.content)
            if tables and not _fills(place.content, tables):
                yield from self._partitions(place, tables)
                return
            if lvm.label_at(place.content) is not None:
                yield from self._logical(place)
                return
            if tables and schemes.is_disc(place.content):
                yield place.opened()
                yield from self._partitions(place, tables, disc=True)
                return
        yield _single(place)

    def _leads(self, place: Place) -> bool:
        """Tell whether what is wanted may lie there."""
        depth = len(place.layers)
        return self._wanted is None or place.layers == self._wanted[:depth]

    def _luks(self, place: Place) -> Iterator[Opened]:
        return self._locked(place, luks.NAME, luks.unlock)

    def _bitlocker(self, place: Place) -> Iterator[Opened]:
        return self._locked(place, bitlocker.NAME, bitlocker.unlock)

    def _locked(
        self, place: Place, kind: str, unlock: Callable[[Medium, Secrets, Patience], Medium]
    ) -> Iterator[Opened]:
        try:
            content = unlock(place.content, self._secrets, self._patience)
        except MountError as trouble:
            yield place.opened(trouble)
            return
        yield from self.inside(place.below(layer(kind), b"", content, None))

    def _partitions(
        self, place: Place, tables: Sequence[Table], *, disc: bool = False
    ) -> Iterator[Opened]:
        """Yield what the partitions hold, and what lies between them, by where it begins."""
        size = place.content.size
        taken = [(one.offset, one.end) for table in tables for one in table.partitions]
        between = [] if disc else [(offset, length, None) for offset, length in gaps(taken, size)]
        parts = [(one.offset, one.size, (of, one)) for of in tables for one in of.partitions]
        names = _names(tables)
        for offset, length, what in sorted([*between, *parts], key=lambda one: one[:2]):
            if what is None:
                yield _gap(place, offset, length)
            elif not disc or offset:
                yield from self._partition(place, what, names[what[0].kind], disc=disc)
        for table in tables:
            if table.doubts and not disc:  # those of discs overlap on purpose
                yield _doubtful(place, table)

    def _partition(
        self, place: Place, what: tuple[Table, Partition], name: bytes, *, disc: bool
    ) -> Iterator[Opened]:
        table, one = what
        size = place.content.size
        step = layer(table.kind, b"p%d" % one.number, off=place.absolute(one.offset))
        if one.offset >= size or one.size > _CONTENT:
            there = place.below(step, name % one.number, Slice(place.content, size, 0), None)
            advice = f"p{one.number} lies beyond the end of the medium"
            gone = there.opened(MountError(Reason.DAMAGED_VOLUMES, advice))
            said = (min(place.absolute(one.offset), _FARTHEST), min(one.size, _FARTHEST))
            yield replace(gone, volume=replace(gone.volume, offset=said[0], size=said[1]))
            return
        there = place.stretch(step, name % one.number, one.offset, one.size)
        there = replace(there, spare=disc or schemes.is_spare(one))
        if one.offset or not self._leads(there):
            yield from self.inside(there)
        else:  # begins where the table lies: looking for a table in it would find itself
            yield _single(there)

    def _logical(self, place: Place) -> Iterator[Opened]:
        """Yield the logical volumes of a physical one, and its free space."""
        try:
            group = lvm.read(place.content)
        except lvm.LvmError as trouble:
            advice = f"this is a physical volume of LVM, and {trouble}"
            yield place.opened(MountError(Reason.DAMAGED_VOLUMES, advice))
            return
        for one in group.volumes:
            step = layer("lvm", one.name.encode(), vg=group.name)
            if one.trouble:
                there = place.below(step, one.name.encode(), Slice(place.content, 0, 0), None)
                advice = f"the logical volume {one.name!a} is not read: {one.trouble}; {_LVM}"
                yield there.opened(MountError(Reason.UNSUPPORTED_STORAGE, advice))
            elif len(one.parts) == 1:
                yield from self.inside(place.stretch(step, one.name.encode(), *one.parts[0]))
            else:
                content = lvm.Joined(place.content, one.parts)
                yield from self.inside(place.below(step, one.name.encode(), content, None))
        start, end = group.data
        for offset, size in gaps(((0, start), *group.used), min(end, place.content.size)):
            yield _gap(place, offset, size)


_LVM = (
    "put the volume group together from read-only copies of all its physical volumes and scan "
    "the device of the logical volume"
)


def _fills(content: Medium, tables: Sequence[Table]) -> bool:
    """Tell whether a file system fills a medium, though there is something like a table.

    The boot sector of a file system ends as a partition table does; and a disk that was
    partitioned anew may keep the signature of a file system that filled it, between the table
    and the first partition. So a file system is believed where the table cannot be, or where
    nothing is recognised in any partition while it is. A disc image made for drives has both on
    purpose, and is believed as far as its partitions do not lie in it.
    """
    refusal = registry.refused(content)
    if refusal is not None and refusal.reason is Reason.UNKNOWN_FILE_SYSTEM:
        return False
    if schemes.is_disc(content):
        return schemes.is_alive(content, tables)
    parts = [one for table in tables if table.sure for one in table.partitions if one.offset]
    return not any(_promising(Slice(content, one.offset, one.size)) for one in parts[:_MOST_TRIED])


def _promising(content: Slice) -> bool:
    if luks.recognise(content) or bitlocker.recognise(content):
        return True
    if lvm.label_at(content) is not None:
        return True
    trouble = registry.refused(content)
    return trouble is None or trouble.reason is not Reason.UNKNOWN_FILE_SYSTEM


def _single(place: Place) -> Opened:
    """Give a place that holds no volumes: a file system, something unknown, or known to be none."""
    trouble = registry.refused(place.content)
    unknown = trouble is not None and trouble.reason is Reason.UNKNOWN_FILE_SYSTEM
    if unknown and (place.spare or unsupported.is_swap(place.content)):
        return place.opened(gap=True)
    return place.opened(trouble)


def _gap(place: Place, offset: int, size: int) -> Opened:
    where = place.absolute(offset)
    there = place.stretch(layer("space", off=where), b"$space-%d" % where, offset, size)
    return there.opened(gap=True)


def _doubtful(place: Place, table: Table) -> Opened:
    said = list(table.doubts[:_MOST_DOUBTS])
    if len(table.doubts) > _MOST_DOUBTS:
        said.append(f"and {len(table.doubts) - _MOST_DOUBTS} more")
    there = place.below(layer(table.kind), b"$" + table.kind.encode(), place.content, place.at)
    return there.opened(MountError(Reason.DAMAGED_VOLUMES, "; ".join(said)))


def _names(tables: Sequence[Table]) -> dict[str, bytes]:
    """Say how the partitions of each table are called: the first one's plainly."""
    return {
        table.kind: b"p%d" if not place else table.kind.encode() + b"-p%d"
        for place, table in enumerate(tables)
    }
