"""Of which runs an Apple disk image (UDIF) consists, as its tables of blocks say.

Source: the layout as published with libdmg-hfsplus and in "Demystifying the DMG File Format" (J.
Levin); Apple never published one.
"""

from __future__ import annotations

import plistlib
import struct
from array import array
from bisect import bisect_right
from dataclasses import dataclass
from typing import Any
from xml.parsers.expat import ExpatError

from hashmatch.evidence.media.interface import MediumError
from hashmatch.evidence.media.mapped import MOST_PACKED, believable
from hashmatch.evidence.media.stored import Stored
from hashmatch.model import names

COOKIE = b"koly"
TRAILER_SIZE = 512
SECTOR = 512
ZEROS, RAW, IGNORED = 0, 1, 2
ADC, ZLIB, BZIP2, LZFSE, LZMA = range(0x80000004, 0x80000009)
_COMMENT, _END = 0x7FFFFFFE, 0xFFFFFFFF
_CRC32 = 2
_TRAILER = struct.Struct(">4sIIIQQQQQII")
_RUN = struct.Struct(">IIQQQQ")
_TABLE_SIZE = 204
_MOST_LIST = 32 << 20
_MOST_TAGS = 100_000
"""So many tags of the list are read: each costs a hundred times its bytes, tables only theirs."""
_MOST_TABLES = 4096
_CONVERT = "convert it with 'hdiutil convert -format UDTO' and scan that"


@dataclass(frozen=True, slots=True)
class Table:
    """One stretch of content in sectors, with its runs and its checksum, None where it has none.

    ``starts`` are the first bytes of the runs in the content; a run itself is read from ``raw``.
    ``exposed`` says that some run carries no checksum of its own.
    """

    start: int
    length: int
    crc: int | None
    starts: array[int]
    raw: bytearray
    base: int
    exposed: bool

    def run(self, number: int) -> tuple[int, int, int, int]:
        """Give kind, length of content, place in the file and length there of a run."""
        kind, _, _, sectors, place, size = _RUN.unpack_from(self.raw, number * _RUN.size)
        return kind, sectors * SECTOR, self.base + place, size


@dataclass(frozen=True, slots=True)
class Layout:
    """All tables in the order of content; ``starts`` are their first bytes."""

    size: int
    tables: tuple[Table, ...]
    starts: tuple[int, ...]

    def table(self, offset: int) -> Table | None:
        """Give the table that a byte belongs to; None where there is none."""
        number = bisect_right(self.starts, offset) - 1
        if number < 0:
            return None
        table = self.tables[number]
        return table if offset < table.start + table.length else None


def read_layout(file: Stored) -> Layout:
    """Read the trailer and every table.

    Raises:
        MediumError: they are damaged or cut off, in an old form, or name a packing that is not
            read.
    """
    shown = names.shown(file.path)
    place = file.size - TRAILER_SIZE
    trailer = file.header(max(0, place), TRAILER_SIZE)
    if not trailer.startswith(COOKIE):
        trailer = file.header(0, TRAILER_SIZE)
    _, version, _, _, _, base, _, _, _, _, segments = _TRAILER.unpack_from(trailer)
    at, length = struct.unpack_from(">QQ", trailer, 216)
    sectors = int.from_bytes(trailer[492:500])
    if version != 4 or segments > 1 or not length:
        msg = f"{shown} is an Apple disk image of an old form or in several files; {_CONVERT}"
        raise MediumError(msg)
    if at + length > file.size:
        msg = f"{shown} is cut off or damaged: the list of its blocks is missing"
        raise MediumError(msg)
    text = file.header(at, min(length, _MOST_LIST))
    if length > _MOST_LIST or text.count(b"<") > _MOST_TAGS:
        msg = f"the list of blocks of {shown} is longer than what is read; {_CONVERT}"
        raise MediumError(msg)
    found = [_table(raw, base, shown) for raw in _raw_tables(text, shown)]
    tables = tuple(sorted((one for one in found if one.length), key=lambda one: one.start))
    size = believable(max(sectors * SECTOR, _end(tables, shown)), shown)
    return Layout(size, tables, tuple(table.start for table in tables))


def names_a_list(path: bytes, trailer: bytes) -> bool:
    """Tell whether a trailer names a list of blocks that is there.

    That of an image which is stored on a disk as a file names a place in that file.
    """
    place, length = struct.unpack_from(">QQ", trailer, 216)
    try:
        file = Stored(path)
    except MediumError:
        return False
    try:
        return length > 0 and file.header(place, 5) in {b"<?xml", b"<plis"}
    except MediumError:
        return False
    finally:
        file.close()


def _end(tables: tuple[Table, ...], shown: str) -> int:
    end = 0
    for table in tables:
        if table.start < end:
            raise _damaged(shown, "its tables overlap")
        end = table.start + table.length
    return end


def _raw_tables(text: bytes, shown: str) -> list[bytes]:
    try:
        tree: Any = plistlib.loads(text, fmt=plistlib.FMT_XML)
        found = [entry["Data"] for entry in tree["resource-fork"]["blkx"]]
    except (
        *(ExpatError, ValueError, LookupError, TypeError, AttributeError, OverflowError),
        MemoryError,
    ):
        raise _damaged(shown, "the list of its blocks is not readable") from None
    if len(found) > _MOST_TABLES or not all(isinstance(raw, bytes) for raw in found):
        raise _damaged(shown, "the list of its blocks is not readable")
    return found


def _table(raw: bytes, base: int, shown: str) -> Table:
    if not raw.startswith(b"mish") or len(raw) < _TABLE_SIZE:
        raise _damaged(shown, "a table of blocks is not readable")
    first, sectors, own = struct.unpack_from(">QQQ", raw, 8)
    kind, _, crc = struct.unpack_from(">III", raw, 64)
    count = int.from_bytes(raw[200:204])
    if count * _RUN.size > len(raw) - _TABLE_SIZE or (first + sectors) >> 39:
        raise _damaged(shown, "a table of blocks is not readable")
    starts = array("Q")
    runs = bytearray()
    end, exposed = 0, False
    for number in range(count):
        place = _TABLE_SIZE + number * _RUN.size
        run = raw[place : place + _RUN.size]
        packing, _, start, length, _, size = _RUN.unpack(run)
        if packing in {_COMMENT, _END} or not length:
            continue
        _judge(packing, (start, length, size), (end, sectors), shown)
        exposed = exposed or packing in {RAW, ADC}
        starts.append((first + start) * SECTOR)
        runs += run
        end = start + length
    known = crc if kind == _CRC32 else None
    return Table(first * SECTOR, sectors * SECTOR, known, starts, runs, base + own, exposed)


def _judge(packing: int, run: tuple[int, int, int], within: tuple[int, int], shown: str) -> None:
    start, length, size = run
    if start < within[0] or start + length > within[1]:
        raise _damaged(shown, "its blocks overlap")
    if packing not in {ZEROS, RAW, IGNORED, ADC, ZLIB, BZIP2, LZMA}:
        name = "LZFSE" if packing == LZFSE else f"method {packing:#x}"
        msg = f"{shown} is packed with {name}, which is not read; {_CONVERT}"
        raise MediumError(msg)
    if packing > IGNORED and max(length * SECTOR, size) > MOST_PACKED:
        raise _damaged(shown, f"a block of {length} sectors")


def _damaged(shown: str, what: str) -> MediumError:
    return MediumError(f"the Apple disk image {shown} is damaged: {what}")
