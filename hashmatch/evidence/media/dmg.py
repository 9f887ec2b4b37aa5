"""Apple disk images (UDIF, ``.dmg``): stored, or packed with zlib, bzip2, LZMA or ADC.

Most packings carry a checksum of their own. What does not is covered by the checksum of its
table, which is verified whenever the medium is read through from the beginning of that table:
therefore such a medium is to be verified as a whole before it is believed.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from bisect import bisect_right
from typing import TYPE_CHECKING

from hashmatch.evidence.media import dmg_blocks, signatures
from hashmatch.evidence.media.adc import unpack_adc
from hashmatch.evidence.media.dmg_blocks import IGNORED, RAW, ZEROS, Layout, Table
from hashmatch.evidence.media.interface import MediumFacts
from hashmatch.evidence.media.mapped import (
    CHECKSUM,
    MISSING,
    TRUNCATED,
    UNREADABLE,
    Mapped,
    Packed,
    Part,
    Unreadable,
    inflated,
)
from hashmatch.evidence.media.stored import Stored, put_together

if TYPE_CHECKING:
    from hashmatch.model.secrets import Secrets

NAME = "dmg"
TITLE = "Apple disk image (DMG)"
CERTAINTY = 2

_MOST_MEMORY = 256 << 20  # for the dictionary of LZMA


def recognise(head: bytes, tail: bytes, path: bytes) -> bool:
    """Tell by the trailer, which some old images have at the beginning.

    A raw copy of a disk may end with a file that has a trailer. Where the file begins as a disk
    does, the trailer counts only if the list that it names is there.
    """
    if head.startswith(dmg_blocks.COOKIE + b"\0\0\0\4"):
        return True
    trailer = tail[-dmg_blocks.TRAILER_SIZE :]
    if len(trailer) < dmg_blocks.TRAILER_SIZE or not trailer.startswith(dmg_blocks.COOKIE):
        return False
    return signatures.name_of(head) is None or dmg_blocks.names_a_list(path, trailer)


def files(path: bytes) -> tuple[bytes, ...]:
    """Name the image itself: it takes nothing else."""
    return (path,)


def open_medium(path: bytes, secrets: Secrets) -> Mapped:  # noqa: ARG001
    """Open an image.

    Raises:
        MediumError: it is damaged, or packed in a way that is not read.
    """
    runs, opened = put_together(path, _open)
    covered = sum(table.crc is not None for table in runs.layout.tables)
    facts = MediumFacts(
        NAME,
        runs.size,
        (opened[0].segment,),
        (),
        {"tables": len(runs.layout.tables), "tables_with_checksum": covered},
        must_verify=True,
    )
    return _Verified(runs, facts, opened)


def _open(path: bytes, opened: list[Stored]) -> _Runs:
    file = Stored(path)
    opened.append(file)
    return _Runs(file, dmg_blocks.read_layout(file))


class _Runs:
    """The map of an image."""

    def __init__(self, file: Stored, layout: Layout) -> None:
        self._file = file
        self.layout = layout
        self.size = layout.size

    def part(self, offset: int) -> Part:
        table = self.layout.table(offset)
        if table is None:
            number = bisect_right(self.layout.starts, offset)
            starts = self.layout.starts
            end = starts[number] if number < len(starts) else self.size
            return Part(offset, end - offset, why=MISSING)
        number = bisect_right(table.starts, offset) - 1
        kind, length, place, size = table.run(number) if number >= 0 else (ZEROS, 0, 0, 0)
        start = table.starts[number] if number >= 0 else table.start
        if offset >= start + length:  # no run has these sectors
            following = table.starts[number + 1 : number + 2]
            end = following[0] if following else table.start + table.length
            return Part(start + length, end - start - length, why=MISSING)
        if kind in {ZEROS, IGNORED}:
            return Part(start, length)
        if kind == RAW:
            return self._raw(Part(start, length, self._file, place), size)
        return Part(start, length, packed=self._packed(kind, length, place, size))

    def ignored(self, offset: int) -> bool:
        """Tell whether the checksum of a table passes a byte over."""
        table = self.layout.table(offset)
        number = -1 if table is None else bisect_right(table.starts, offset) - 1
        return table is not None and number >= 0 and table.run(number)[0] == IGNORED

    def _raw(self, part: Part, size: int) -> Part:
        # A run that holds fewer bytes than its sectors is damaged: what follows is not its own.
        return part if size >= part.length else Part(part.start, part.length, why=UNREADABLE)

    def _packed(self, kind: int, length: int, place: int, size: int) -> Packed:
        def unpack() -> bytes:
            packed = self._file.read(place, size)
            if len(packed) < size:
                raise Unreadable(TRUNCATED)
            return _unpacked(kind, packed, length)

        return Packed((kind, place, size, length), length, unpack)


class _Verified(Mapped):
    """A medium that compares the checksum of each table that is read from its first byte on."""

    def __init__(self, runs: _Runs, facts: MediumFacts, files: list[Stored]) -> None:
        super().__init__(runs, facts, files)
        self._runs = runs
        self._next = -1
        self._sum = 0

    def read_at(self, offset: int, length: int) -> bytes:
        """Read; zeros stand for what cannot be read, and are noted."""
        found = super().read_at(offset, length)
        place, end = offset, offset + len(found)
        while place < end:
            part = self._runs.part(place)
            stop = min(end, part.start + part.length)
            table = self._runs.layout.table(place)
            if table is not None and place in {table.start, self._next}:
                self._follow(table, place, found[place - offset : stop - offset])
            place = stop
        return found

    def _follow(self, table: Table, place: int, found: bytes) -> None:
        if place == table.start:
            self._sum = 0
        if not self._runs.ignored(place):
            self._sum = zlib.crc32(found, self._sum)
        self._next = place + len(found)
        if self._next < table.start + table.length or table.crc in {None, self._sum}:
            return
        # Where every run has a checksum of its own, the damage was noted where it lies.
        if table.exposed or not self._is_damaged(table):
            self._damage.note(table.start, table.length, CHECKSUM)

    def _is_damaged(self, table: Table) -> bool:
        end = table.start + table.length
        return any(
            stretch.offset < end and table.start < stretch.offset + stretch.length
            for stretch in self._damage
        )


def _unpacked(kind: int, packed: bytes, length: int) -> bytes:
    if kind == dmg_blocks.ZLIB:
        return inflated(packed, length, 15)
    if kind == dmg_blocks.ADC:
        found = unpack_adc(packed, length)
        if found is None:
            raise Unreadable(UNREADABLE)
        return found
    engine = (
        bz2.BZ2Decompressor()
        if kind == dmg_blocks.BZIP2
        else lzma.LZMADecompressor(memlimit=_MOST_MEMORY)
    )
    try:
        found = engine.decompress(packed, length)
        if not engine.eof:  # the end follows, with its checksum
            found += engine.decompress(b"", 1)
    except (OSError, ValueError, EOFError, lzma.LZMAError, MemoryError):
        raise Unreadable(CHECKSUM) from None
    if len(found) != length or not engine.eof:
        raise Unreadable(UNREADABLE)
    return found
