"""Microsoft's virtual hard disks of the second version (VHDX): fixed, dynamic, differencing.

The checksums of headers and regions are verified; metadata, tables and content carry none. An
image whose log holds changes is refused: without them its content is not what it was.

Source: Microsoft, [MS-VHDX] Virtual Hard Disk v2 File Format.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from hashmatch.evidence.media import vhdx_header
from hashmatch.evidence.media.bitmaps import run, turned
from hashmatch.evidence.media.clashes import clashing
from hashmatch.evidence.media.interface import MediumError, MediumFacts
from hashmatch.evidence.media.mapped import MISSING, UNREADABLE, Mapped, Part, Tables, lower
from hashmatch.evidence.media.stored import (
    Stored,
    beside,
    files_of,
    lies_beside,
    put_together,
)
from hashmatch.evidence.media.vhdx_header import MIB
from hashmatch.model import names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.media.mapped import Map
    from hashmatch.evidence.media.vhdx_header import Header
    from hashmatch.model.records import Json
    from hashmatch.model.secrets import Secrets

NAME = "vhdx"
TITLE = "Virtual hard disk, second version (VHDX)"
CERTAINTY = 1

_NOT_PRESENT, _PRESENT, _PARTLY = 0, 6, 7
_ZEROS = frozenset((1, 2, 3))  # undefined, zero, unmapped: none of them looks at the parent
_DEEPEST = 32
_UNKNOWN = 5  # a state that is not defined
_RESERVED = 0xFFFF8
_WORD = struct.Struct("<Q")


def recognise(head: bytes, tail: bytes, path: bytes) -> bool:  # noqa: ARG001
    """Tell by the first eight bytes."""
    return head.startswith(vhdx_header.MAGIC)


def files(path: bytes) -> tuple[bytes, ...]:
    """Name the image and every parent that is there."""
    return files_of(path, _disk)


def open_medium(path: bytes, secrets: Secrets) -> Mapped:  # noqa: ARG001
    """Open an image and its parents.

    Raises:
        MediumError: it is damaged or was not closed, or a parent is missing or not the one meant.
    """
    layout, opened = put_together(path, _disk)
    segments = tuple(file.segment for file in opened)
    return Mapped(layout, MediumFacts(NAME, layout.size, segments, (), layout.said), opened)


class _Blocks:
    """The map of one image, and below it that of its parent."""

    def __init__(self, file: Stored, header: Header, below: Map | None) -> None:
        self._file = file
        self._header = header
        self._below = below
        self._bitmaps = Tables(file, MIB, 8)
        self.size = header.size
        self.identifier = header.identifier
        self._wrong = clashing(file, self._places(), header.block, self._kept())

    def _places(self, *, maps: bool = False) -> Iterator[int]:
        """Give where the blocks lie that are stored, or the maps of their sectors."""
        stored = {_PRESENT} if maps else {_PRESENT, _PARTLY}
        turn = self._header.ratio + 1
        for number, (word,) in enumerate(_WORD.iter_unpack(self._header.table), 1):
            if (number % turn == 0) is maps and word & 7 in stored:
                yield word >> 20 << 20

    def _kept(self) -> list[tuple[int, int]]:
        """Give first byte and end of what is no block."""
        maps = self._places(maps=True) if self._header.differs else ()
        return [*self._header.kept, *((place, place + MIB) for place in maps)]

    @property
    def said(self) -> dict[str, Json]:
        """What of it belongs into a record."""
        said: dict[str, Json] = {
            "identifier": self.identifier,
            "block_size": self._header.block,
            "sector_size": self._header.sector,
        }
        if self._header.parents:
            said["below"] = names.shown(self._header.parents[0])
        return said

    def part(self, offset: int) -> Part:
        header = self._header
        number = offset // header.block
        start = number * header.block
        end = min(start + header.block, self.size)
        state, place = self._entry(number + number // header.ratio)
        if state in _ZEROS:
            return Part(start, end - start)
        if state in {_PRESENT, _PARTLY} and place in self._wrong:
            return Part(start, end - start, why=UNREADABLE)
        if state == _PRESENT:
            return Part(start, end - start, self._file, place)
        if state == _NOT_PRESENT:
            return lower(self._below, start, end, offset)
        if state == _PARTLY and header.differs:
            return self._partly(number, place, (start, end, offset))
        return Part(start, end - start, why=UNREADABLE)

    def _entry(self, number: int) -> tuple[int, int]:
        """Give the state of an entry of the table, and the place that it names."""
        word = int.from_bytes(self._header.table[number * 8 : number * 8 + 8], "little")
        state = word & 7
        if word & _RESERVED and state in {_PRESENT, _PARTLY}:
            state = _UNKNOWN
        return state, word >> 20 << 20

    def _partly(self, number: int, place: int, where: tuple[int, int, int]) -> Part:
        start, end, offset = where
        header = self._header
        chunk, within = divmod(number, header.ratio)
        state, at = self._entry((chunk + 1) * (header.ratio + 1) - 1)
        bitmap = self._bitmaps.at(at) if state == _PRESENT else None
        if bitmap is None:
            return Part(start, end - start, why=MISSING)
        per_block = header.block // header.sector
        bits = turned(bitmap[within * per_block // 8 : (within + 1) * per_block // 8])
        sector = (offset - start) // header.sector
        own, many = run(bits, sector)
        first = start + sector * header.sector
        last = min(first + many * header.sector, end)
        if own:
            return Part(first, last - first, self._file, place + first - start)
        return lower(self._below, first, last, offset)


def _disk(path: bytes, opened: list[Stored]) -> _Blocks:
    """Open one image and, in the same way, its parent; each is added to ``opened``."""
    shown = names.shown(path)
    if len(opened) == _DEEPEST:
        msg = f"{shown} lies below {_DEEPEST} images; is it one of them itself?"
        raise MediumError(msg)
    file = Stored(path, link=not opened)
    opened.append(file)
    header = vhdx_header.read_header(file)
    if not header.differs:
        return _Blocks(file, header, None)
    parent = next((name for name in header.parents if lies_beside(path, name)), None)
    if parent is None:
        wanted = names.shown(header.parents[0]) if header.parents else "which it does not name"
        msg = (
            f"{shown} holds only what changed since its parent, '{wanted}', "
            "which is not beside it; put both into one folder"
        )
        raise MediumError(msg)
    below = _disk(beside(path, parent), opened)
    if below.identifier not in header.linkage:
        msg = f"{shown} has another parent than the '{names.shown(parent)}' that is beside it"
        raise MediumError(msg)
    return _Blocks(file, header, below)
