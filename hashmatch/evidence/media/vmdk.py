"""VMware disks (VMDK): in one file or many, sparse, packed as a stream, flat, and deltas of those.

Everything that a descriptor names must lie beside it; nothing elsewhere is opened. Sparse extents
of ESX (``COWD``, SESPARSE) and raw devices are not read.

Source: VMware, Virtual Disk Format 5.0 (technical note).
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from hashmatch.evidence.media import vmdk_descriptor, vmdk_sparse
from hashmatch.evidence.media.interface import MediumError, MediumFacts
from hashmatch.evidence.media.mapped import MISSING, Mapped, Part, believable
from hashmatch.evidence.media.stored import (
    Stored,
    beside,
    files_of,
    lies_beside,
    put_together,
)
from hashmatch.evidence.media.vmdk_sparse import SECTOR, Grains
from hashmatch.model import names

if TYPE_CHECKING:
    from hashmatch.evidence.media.mapped import Map
    from hashmatch.evidence.media.vmdk_descriptor import Descriptor, Extent
    from hashmatch.model.secrets import Secrets

NAME = "vmdk"
TITLE = "VMware disk (VMDK)"
CERTAINTY = 1

_ESX = b"COWD"
_DEEPEST = 32
_FLAT = frozenset((b"FLAT", b"VMFS"))
_CONVERT = "convert the disk with 'qemu-img convert -O raw' and scan that"


def recognise(head: bytes, tail: bytes, path: bytes) -> bool:  # noqa: ARG001
    """Tell by the first bytes of a descriptor or a sparse extent."""
    return head.startswith((vmdk_sparse.MAGIC, _ESX, vmdk_descriptor.BEGIN))


def files(path: bytes) -> tuple[bytes, ...]:
    """Name the descriptor, its extents and those of every disk below that are there."""
    return files_of(path, _disk)


def open_medium(path: bytes, secrets: Secrets) -> Mapped:  # noqa: ARG001
    """Open a disk with all its extents, and those that it lies on.

    Raises:
        MediumError: an extent or a disk below is missing or not the one meant; or it is stored in
            a way that is not read.
    """
    disk, opened = put_together(path, _disk)
    said = disk.descriptor.said
    if disk.unclean:
        said["unclean"] = "was not closed; what was written last may be missing"
    segments = tuple(file.segment for file in opened)
    return Mapped(disk, MediumFacts(NAME, disk.size, segments, (), said), opened)


@dataclass(frozen=True, slots=True)
class _Flat:
    """An extent that is stored byte for byte."""

    file: Stored
    at: int
    start: int
    length: int

    def part(self, offset: int) -> Part:  # noqa: ARG002  # all of it is one part
        return Part(self.start, self.length, self.file, self.at)


@dataclass(frozen=True, slots=True)
class _Nothing:
    """An extent of zeros, or one that may not be read."""

    start: int
    length: int
    why: str = ""

    def part(self, offset: int) -> Part:  # noqa: ARG002  # all of it is one part
        return Part(self.start, self.length, why=self.why)


_Stretch: TypeAlias = _Flat | _Nothing | Grains


@dataclass(frozen=True, slots=True)
class _Disk:
    """The map of a disk: one extent after the other."""

    descriptor: Descriptor
    size: int
    starts: list[int]
    stretches: list[_Stretch]
    unclean: bool

    def part(self, offset: int) -> Part:
        number = bisect_right(self.starts, offset) - 1
        part = self.stretches[number].part(offset - self.starts[number])
        end = self.starts[number + 1] if number + 1 < len(self.starts) else self.size
        return part.within(self.starts[number], end)


def _disk(path: bytes, opened: list[Stored], depth: int = 0) -> _Disk:
    """Open one disk and, in the same way, what lies below; each file is added to ``opened``."""
    if depth == _DEEPEST:
        msg = f"{names.shown(path)} lies below {_DEEPEST} disks; is it one of them itself?"
        raise MediumError(msg)
    file = Stored(path, link=not depth)
    opened.append(file)
    header = _own_header(file)
    descriptor = _descriptor(file, header)
    sectors = sum(extent.sectors for extent in descriptor.extents)
    size = believable(sectors * SECTOR, names.shown(path))
    below = _below(path, descriptor, opened, depth)
    starts: list[int] = []
    stretches: list[_Stretch] = []
    place = 0
    for extent in descriptor.extents:
        if extent.sectors:
            starts.append(place)
            if header is not None:
                stretches.append(_grains(file, header, extent, (below, place)))
            else:
                stretches.append(_stretch(path, extent, opened, (below, place)))
            place += extent.sectors * SECTOR
    unclean = any(isinstance(stretch, Grains) and stretch.unclean for stretch in stretches)
    return _Disk(descriptor, size, starts, stretches, unclean)


def _own_header(file: Stored) -> vmdk_sparse.Header | None:
    """Read the header of a disk in one file; None where the file is a descriptor alone."""
    head = file.header(0, len(vmdk_descriptor.BEGIN))
    if head == vmdk_descriptor.BEGIN:
        return None
    shown = names.shown(file.path)
    if head.startswith(_ESX):
        msg = f"{shown} is a sparse disk of ESX 3, which is not read; {_CONVERT}"
        raise MediumError(msg)
    header = vmdk_sparse.read_header(file)
    if not header.descriptor:
        msg = f"{shown} is one part of a VMware disk; name the .vmdk that describes the whole disk"
        raise MediumError(msg)
    return header


def _descriptor(file: Stored, header: vmdk_sparse.Header | None) -> Descriptor:
    longest = vmdk_descriptor.LONGEST
    shown = names.shown(file.path)
    if header is None:
        return vmdk_descriptor.parse(file.header(0, min(file.size, longest + 1)), shown)
    length = min(header.descriptor_size * SECTOR, longest + 1)
    found = vmdk_descriptor.parse(file.header(header.descriptor * SECTOR, length), shown)
    if len(found.extents) != 1 or found.extents[0].kind != b"SPARSE":
        msg = f"the VMDK descriptor inside {shown} is damaged: it does not name that one file"
        raise MediumError(msg)
    return found


def _below(path: bytes, said: Descriptor, opened: list[Stored], depth: int) -> Map | None:
    if said.parent_cid == vmdk_descriptor.ALONE:
        return None
    hint = names.shown(said.parent)
    if not lies_beside(path, said.parent):
        msg = (
            f"{names.shown(path)} holds only what changed since the disk '{hint}', which is not "
            "beside it; put both into one folder"
        )
        raise MediumError(msg)
    below = _disk(beside(path, said.parent), opened, depth + 1)
    if below.descriptor.cid != said.parent_cid:
        msg = (
            f"{names.shown(path)} lies on '{hint}' as it was with the identifier "
            f"{said.parent_cid}; the one beside it has {below.descriptor.cid}"
        )
        raise MediumError(msg)
    return below


def _stretch(
    path: bytes, extent: Extent, opened: list[Stored], on: tuple[Map | None, int]
) -> _Stretch:
    length = extent.sectors * SECTOR
    if extent.kind == b"ZERO":
        return _Nothing(on[1], length)
    if extent.access == b"NOACCESS":
        return _Nothing(on[1], length, MISSING)
    shown = names.shown(extent.name)
    if extent.kind not in _FLAT and extent.kind != b"SPARSE":
        kind = names.shown(extent.kind)
        msg = f"{names.shown(path)} has an extent of the kind {kind}, which is not read; {_CONVERT}"
        raise MediumError(msg)
    if b"/" in extent.name or b"\\" in extent.name:
        msg = (
            f"{names.shown(path)} names an extent in another folder ({shown}), which is not "
            "opened; put all extents beside it and correct a copy of the descriptor"
        )
        raise MediumError(msg)
    if not lies_beside(path, extent.name):
        msg = f"{names.shown(path)} needs its extent '{shown}', which is not beside it"
        raise MediumError(msg)
    file = Stored(beside(path, extent.name), link=False)
    opened.append(file)
    if extent.kind in _FLAT:
        return _Flat(file, extent.offset * SECTOR, on[1], length)
    return _grains(file, vmdk_sparse.read_header(file), extent, on)


def _grains(
    file: Stored, header: vmdk_sparse.Header, extent: Extent, on: tuple[Map | None, int]
) -> Grains:
    # Some writers count the sectors of the last grain that lie beyond the end of the disk.
    rounded = -(-extent.sectors // header.grain) * header.grain
    if not extent.sectors <= header.capacity <= rounded:
        msg = (
            f"{names.shown(file.path)} holds {header.capacity} sectors where the descriptor "
            f"says {extent.sectors}; is it the right file?"
        )
        raise MediumError(msg)
    return Grains(file, header, *on)
