"""Whether a chunk that libewf gives as zeros is stored as such, or damaged.

The library gives zeros for a chunk whose checksum is wrong. So zeros are looked up in the tables
of chunks: what is stored there passes its checksum, or the chunk is damaged.

Source: libyal, Expert Witness Compression Format (EWF), "Table section", and version 2 (EWF2),
"Sector table".
"""

from __future__ import annotations

import bz2
import struct
import zlib
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.evidence.media import libewf_segments
from hashmatch.evidence.media.mapped import Unreadable, inflated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.media.segments import Segments

_FIRST_TABLE = struct.Struct("<I4xQ4xI")
_SECOND_TABLE = struct.Struct("<QI")
_SECOND_ENTRY = struct.Struct("<QII")
_FIRST_HEADER, _SECOND_HEADER = 24, 32
_SECTOR_TABLE = 4
_PACKED, _SUMMED, _PATTERN = 1, 2, 4
_BZIP2 = 2
_MOST_KNOWN = 1 << 20


@dataclass(frozen=True, slots=True)
class _Table:
    """Where the entries of some chunks lie; ``base`` is what their places count from."""

    first: int
    count: int
    segment: int
    place: int
    base: int


class Proof:
    """Tells of chunks by their numbers whether they pass their checksums."""

    def __init__(self, segments: Segments, chunk: int, size: int) -> None:
        """Look for the tables of chunks.

        Args:
            segments: all of them.
            chunk: bytes of content of a chunk.
            size: of the medium, in bytes.

        Raises:
            OSError: a segment cannot be read.
        """
        self._segments = segments
        self._chunk = chunk
        self._size = size
        head = segments.stored(0).read(0, 12)
        self._second = head.startswith((libewf_segments.SECOND, libewf_segments.SECOND_LOGICAL))
        self._bzip2 = self._second and int.from_bytes(head[10:12], "little") == _BZIP2
        found = self._tables_of_second() if self._second else self._tables_of_first()
        self._tables = sorted(found, key=lambda one: one.first)
        self._starts = [one.first for one in self._tables]
        self._sound: set[int] = set()

    def sound(self, number: int) -> bool:
        """Tell whether a chunk is stored and passes its checksum."""
        if number in self._sound:
            return True
        try:
            found = self._passes(number)
        except (OSError, Unreadable, struct.error):
            return False
        if found and len(self._sound) < _MOST_KNOWN:
            self._sound.add(number)
        return found

    def _passes(self, number: int) -> bool:
        at = bisect_right(self._starts, number) - 1
        table = self._tables[at] if at >= 0 else None
        if table is None or number >= table.first + table.count:
            return False
        length = min(self._chunk, self._size - number * self._chunk)
        file = self._segments.stored(table.segment)
        if self._second:
            raw = file.read(table.place + (number - table.first) * 16, 16)
            place, size, flags = _SECOND_ENTRY.unpack(raw)
        else:
            raw = file.read(table.place + (number - table.first) * 4, 4)
            word = int.from_bytes(raw, "little")
            flags = _PACKED if word >> 31 else _SUMMED
            place = table.base + (word & 0x7FFFFFFF)
            size = 2 * self._chunk + 1024 if word >> 31 else length + 4
        if flags & _PATTERN:
            return True
        stored = file.read(place, min(size, 2 * self._chunk + 1024))
        if flags & _PACKED:
            return self._unpacks(stored, length)
        if not flags & _SUMMED:
            return bool(len(stored) == size)
        return len(stored) > 4 and zlib.adler32(stored[:-4]) == int.from_bytes(
            stored[-4:], "little"
        )

    def _unpacks(self, stored: bytes, length: int) -> bool:
        if self._bzip2:
            engine = bz2.BZ2Decompressor()
            try:
                return len(engine.decompress(stored, self._chunk)) >= length
            except (OSError, ValueError, EOFError):
                return False
        if length == self._chunk:
            return len(inflated(stored, length, 15)) == length
        last = zlib.decompressobj()  # the last chunk may be packed with what fills it up
        try:
            return len(last.decompress(stored, self._chunk + 1)) >= length and last.eof
        except zlib.error:
            return False

    def _tables_of_first(self) -> Iterator[_Table]:
        first = 0
        for segment in range(len(self._segments.all)):
            for kind, place in libewf_segments.first_sections(self._segments, segment):
                if kind != b"table":
                    continue
                file = self._segments.stored(segment)
                raw = file.read(place, _FIRST_HEADER).ljust(_FIRST_HEADER, b"\0")
                count, base, _ = _FIRST_TABLE.unpack(raw)
                count = min(count, file.size // 4)
                yield _Table(first, count, segment, place + _FIRST_HEADER, base)
                first += count

    def _tables_of_second(self) -> Iterator[_Table]:
        for segment in range(len(self._segments.all)):
            for kind, place in libewf_segments.second_sections(self._segments, segment):
                if kind != _SECTOR_TABLE:
                    continue
                file = self._segments.stored(segment)
                raw = file.read(place, _SECOND_TABLE.size).ljust(_SECOND_TABLE.size, b"\0")
                first, count = _SECOND_TABLE.unpack(raw)
                count = min(count, file.size // 16)
                yield _Table(first, count, segment, place + _SECOND_HEADER, 0)
