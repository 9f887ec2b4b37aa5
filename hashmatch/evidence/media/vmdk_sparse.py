"""One extent of a VMware disk that holds only the grains that were written, packed or not.

Source: VMware, Virtual Disk Format 5.0 (technical note), "Hosted Sparse Extent", "Stream-Optimized
Compressed Sparse Extents".
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.evidence.media.interface import MediumError
from hashmatch.evidence.media.mapped import (
    CHECKSUM,
    MISSING,
    MOST_PACKED,
    TRUNCATED,
    Packed,
    Part,
    Tables,
    Unreadable,
    inflated,
    lower,
)
from hashmatch.model import names

if TYPE_CHECKING:
    from hashmatch.evidence.media.mapped import Map
    from hashmatch.evidence.media.stored import Stored

MAGIC = b"KDMV"
SECTOR = 512
_HEADER = struct.Struct("<4sIIQQQQIQQQB4sH")
_MARKER = struct.Struct("<QI")
_NEWLINES, _SECOND, _ZEROED, _PACKED, _MARKED = 1, 2, 4, 1 << 16, 1 << 17
_AT_END = (1 << 64) - 1
_MOST_ENTRIES = 8 << 20  # tables of grains


@dataclass(frozen=True, slots=True)
class Header:
    """The layout of an extent: sizes and places in sectors."""

    flags: int
    capacity: int
    grain: int
    descriptor: int
    descriptor_size: int
    per_table: int
    directory: int
    unclean: bool


def read_header(file: Stored) -> Header:
    """Read and judge the header, or its copy at the end where the first points to that.

    Raises:
        MediumError: it is damaged, cut off, or of a kind that is not read.
    """
    first = _header(file, 0)
    if first.directory != _AT_END:
        return first
    # The last three sectors are a marker, the header again, and the mark of the end.
    last = _header(file, file.size - 2 * SECTOR) if file.size > 4 * SECTOR else None
    if last is None or last.directory == _AT_END:
        msg = f"{names.shown(file.path)} is cut off: the end that says where its content lies"
        raise MediumError(msg)
    return last


def _header(file: Stored, place: int) -> Header:
    shown = names.shown(file.path)
    fields = _HEADER.unpack_from(file.header(place, SECTOR))
    magic, version, flags, capacity, grain, text, text_size, per_table = fields[:8]
    second, directory, _, unclean, newlines, packing = fields[8:]
    if magic != MAGIC:
        msg = f"{shown} is cut off or damaged: a VMDK header is missing at byte {place}"
        raise MediumError(msg)
    if version > 3 or packing > 1 or (flags & _PACKED and packing != 1):
        msg = (
            f"{shown} is a VMDK of version {version}, packed by method {packing}, which is not "
            "read; convert it with 'qemu-img convert -O raw'"
        )
        raise MediumError(msg)
    if flags & _NEWLINES and newlines != b"\n \r\n":
        msg = f"{shown} was damaged by a transfer as text; copy it again as binary"
        raise MediumError(msg)
    if not 0 < per_table <= 1 << 16 or not 0 < grain * SECTOR <= MOST_PACKED or capacity >> 39:
        msg = f"the VMDK header of {shown} is damaged: grains of {grain} sectors, {capacity} in all"
        raise MediumError(msg)
    if flags & _SECOND and not directory:
        directory = second
    return Header(flags, capacity, grain, text, text_size, per_table, directory, bool(unclean))


class Grains:
    """The map of one extent, from its own first byte."""

    def __init__(self, file: Stored, header: Header, below: Map | None, start: int) -> None:
        """Read the directory of its tables.

        Args:
            file: of the extent.
            header: of the extent.
            below: the whole disk below, None where there is none.
            start: where the extent begins on the disk, in bytes.

        Raises:
            MediumError: the directory is cut off.
        """
        self._file = file
        self._header = header
        self._below = below
        self._start = start
        self._grain = header.grain * SECTOR
        self._tables = Tables(file, header.per_table * 4)
        entries = -(-header.capacity // (header.grain * header.per_table))
        place = header.directory * SECTOR
        if entries > _MOST_ENTRIES or place + entries * 4 > file.size:
            msg = f"{names.shown(file.path)} is cut off: the directory of its content is missing"
            raise MediumError(msg)
        self._directory = file.header(place, entries * 4)

    @property
    def size(self) -> int:
        """Bytes of content."""
        return self._header.capacity * SECTOR

    @property
    def unclean(self) -> bool:
        """Whether it was not closed after it was written."""
        return self._header.unclean

    def part(self, offset: int) -> Part:
        """Give the part in which a byte of the extent lies; its places count on the disk."""
        number = offset // self._grain
        entry, within = divmod(number, self._header.per_table)
        place = _word(self._directory, entry)
        first = entry * self._header.per_table * self._grain
        last = min(first + self._header.per_table * self._grain, self.size)
        if not place:
            return self._lower(first, last, offset)
        table = self._tables.at(place * SECTOR)
        if table is None:
            return Part(self._start + first, last - first, why=MISSING)
        first = number * self._grain
        last = min(first + self._grain, self.size)
        return self._grain_part(_word(table, within), first, last, offset)

    def _grain_part(self, place: int, first: int, last: int, offset: int) -> Part:
        start, length = self._start + first, last - first
        if not place:
            return self._lower(first, last, offset)
        if place == 1 and self._header.flags & _ZEROED:
            return Part(start, length)
        if self._header.flags & _PACKED:
            return Part(start, length, packed=self._packed(place * SECTOR, first, length))
        return Part(start, length, self._file, place * SECTOR)

    def _lower(self, first: int, last: int, offset: int) -> Part:
        start = self._start
        return lower(self._below, start + first, start + last, start + offset)

    def _packed(self, place: int, first: int, needed: int) -> Packed:
        def unpack() -> bytes:
            head = self._file.read(place, _MARKER.size)
            if len(head) < _MARKER.size:
                raise Unreadable(TRUNCATED)
            found, length = _MARKER.unpack(head)
            if found * SECTOR != first or not 0 < length <= 2 * self._grain + SECTOR:
                raise Unreadable(CHECKSUM)  # what lies here is not that grain
            packed = self._file.read(place + _MARKER.size, length)
            if len(packed) < length:
                raise Unreadable(TRUNCATED)
            try:
                return inflated(packed, self._grain, 15)
            except Unreadable:
                if needed == self._grain:
                    raise
            # Some writers pack the last grain only as far as the disk goes.
            return inflated(packed, needed, 15).ljust(self._grain, b"\0")

        return Packed((id(self), place, first), self._grain, unpack)


def _word(table: bytes, number: int) -> int:
    return int.from_bytes(table[number * 4 : number * 4 + 4], "little")
