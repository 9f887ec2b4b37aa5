"""Microsoft's virtual hard disks (VHD): fixed, dynamic and differencing.

The size is the one that is stored, not what cylinders, heads and sectors round it to. The
checksums of the footer, its copy and the header are verified; content carries none.

Source: Microsoft, Virtual Hard Disk Image Format Specification 1.0.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from hashmatch.evidence.media import signatures, vhd_header
from hashmatch.evidence.media.bitmaps import run
from hashmatch.evidence.media.clashes import clashing
from hashmatch.evidence.media.interface import MediumError, MediumFacts
from hashmatch.evidence.media.mapped import MISSING, UNREADABLE, Mapped, Part, Tables, lower
from hashmatch.evidence.media.stored import (
    Stored,
    beside,
    files_of,
    lies_beside,
    put_together,
    size_of,
)
from hashmatch.model import names

if TYPE_CHECKING:
    from hashmatch.evidence.media.mapped import Map
    from hashmatch.evidence.media.vhd_header import Footer, Header
    from hashmatch.model.secrets import Secrets

NAME = "vhd"
TITLE = "Virtual hard disk (VHD)"
CERTAINTY = 2

_SECTOR = 512
_NOWHERE = 0xFFFFFFFF
_WORD = struct.Struct(">I")
_DEEPEST = 32


def recognise(head: bytes, tail: bytes, path: bytes) -> bool:
    """Tell by the footer, or its copy at the beginning where the end is missing.

    A raw copy of a disk may end with a file that has a footer. Where the file begins as a disk
    does, the footer counts only if it is that of a fixed disk which all of the file belongs to.
    """
    if head.startswith(vhd_header.COOKIE):
        return True
    length = next(
        (size for size in vhd_header.FOOTER_SIZES if tail[-size:].startswith(vhd_header.COOKIE)), 0
    )
    if not length or signatures.name_of(head) is None:
        return bool(length)
    said = vhd_header.fixed_size(tail[-length:])
    size = size_of(path)
    return said is not None and (size is None or said >= size - length)


def files(path: bytes) -> tuple[bytes, ...]:
    """Name the image and every parent that is there."""
    return files_of(path, _disk)


def open_medium(path: bytes, secrets: Secrets) -> Mapped:  # noqa: ARG001
    """Open an image and its parents.

    Raises:
        MediumError: it is damaged, or a parent is missing or not the one meant.
    """
    (layout, footer), opened = put_together(path, _disk)
    segments = tuple(file.segment for file in opened)
    said = footer.said
    if len(opened) > 1:
        said["below"] = names.shown(opened[1].path.rpartition(b"/")[2])
    return Mapped(layout, MediumFacts(NAME, layout.size, segments, (), said), opened)


class _Fixed:
    """The map of a fixed disk: the content, then a footer."""

    def __init__(self, file: Stored, footer: Footer) -> None:
        """Begin.

        Raises:
            MediumError: the file has more than the content that its footer tells of.
        """
        more = file.size - footer.length - footer.size
        if more > 0:
            msg = (
                f"{names.shown(file.path)} ends with the footer of a fixed VHD of {footer.size} "
                f"bytes and has {more} more before it; scan it as a raw image (--as raw)"
            )
            raise MediumError(msg)
        self._file = file
        self.size = footer.size
        self._there = min(footer.size, max(0, file.size - footer.length))

    def part(self, offset: int) -> Part:
        if offset < self._there:
            return Part(0, self._there, self._file)
        return Part(self._there, self.size - self._there, why="truncated")


class _Blocks:
    """The map of a disk that has only the blocks that were written."""

    def __init__(self, file: Stored, footer: Footer, header: Header, below: Map | None) -> None:
        self._file = file
        self._below = below
        self._block = header.block
        self._table = header.table
        self._wrong = clashing(
            file,
            (word * _SECTOR for (word,) in _WORD.iter_unpack(header.table) if word != _NOWHERE),
            header.block + -(-header.block // _SECTOR // 8 // _SECTOR) * _SECTOR,
            ((0, _SECTOR), *header.kept),
        )
        bits = -(-header.block // _SECTOR // 8)
        self._bitmap = -(-bits // _SECTOR) * _SECTOR
        self._bitmaps = Tables(file, self._bitmap)
        self._differs = footer.kind == vhd_header.DIFFERENCING
        self.size = footer.size

    def part(self, offset: int) -> Part:
        number = offset // self._block
        start = number * self._block
        end = min(start + self._block, self.size)
        place = int.from_bytes(self._table[number * 4 : number * 4 + 4])
        if place == _NOWHERE:
            return lower(self._below, start, end, offset)
        place *= _SECTOR
        if place in self._wrong:
            return Part(start, end - start, why=UNREADABLE)
        if not self._differs:
            return Part(start, end - start, self._file, place + self._bitmap)
        bitmap = self._bitmaps.at(place)
        if bitmap is None:
            return Part(start, end - start, why=MISSING)
        sector = (offset - start) // _SECTOR
        own, many = run(bitmap, sector)
        first = start + sector * _SECTOR
        last = min(first + many * _SECTOR, end)
        if own:
            at = place + self._bitmap + sector * _SECTOR
            return Part(first, last - first, self._file, at)
        return lower(self._below, first, last, offset)


def _disk(path: bytes, opened: list[Stored]) -> tuple[_Fixed | _Blocks, Footer]:
    """Open one image and, in the same way, its parent; each is added to ``opened``."""
    shown = names.shown(path)
    if len(opened) == _DEEPEST:
        msg = f"{shown} lies below {_DEEPEST} images; is it one of them itself?"
        raise MediumError(msg)
    file = Stored(path, link=not opened)
    opened.append(file)
    footer = vhd_header.read_footer(file)
    if footer.kind == vhd_header.FIXED:
        return _Fixed(file, footer), footer
    header = vhd_header.read_header(file, footer)
    if footer.kind != vhd_header.DIFFERENCING:
        return _Blocks(file, footer, header, None), footer
    parent = next((name for name in header.parents if lies_beside(path, name)), None)
    if parent is None:
        wanted = names.shown(header.parents[0]) if header.parents else "which it does not name"
        msg = (
            f"{shown} holds only what changed since its parent, '{wanted}', "
            "which is not beside it; put both into one folder"
        )
        raise MediumError(msg)
    below, above = _disk(beside(path, parent), opened)
    if above.identifier != header.parent:
        msg = f"{shown} has another parent than the '{names.shown(parent)}' that is beside it"
        raise MediumError(msg)
    return _Blocks(file, footer, header, below), footer
