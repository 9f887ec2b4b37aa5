"""Where the chunks of an Expert Witness image lie: its tables and the copies of them.

A table gives an offset of 31 bits for each chunk, counted from a base, and whether it is packed.
Header and entries have checksums, and ``table2`` repeats both.
"""

from __future__ import annotations

import struct
import sys
import zlib
from array import array
from bisect import bisect_right
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hashmatch.evidence.media.interface import MediumError
from hashmatch.model import names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.media.ewf_sections import Parts, Section
    from hashmatch.evidence.media.segments import Segments
    from hashmatch.evidence.media.stored import Stored

HEADER = 24
MOST_LOADED = 1 << 22
"""So many entries are kept in memory; a table mostly has 16,375, and some writers 65,534."""

MOST_ENTRIES = 1 << 24
"""No table has more: what it can reach ends 2 GiB after its base."""

_HEADER = struct.Struct("<I4xQ4xI")
_LOW = 0x7FFFFFFF
_PACKED = 0x80000000


@dataclass(frozen=True, slots=True)
class Copy:
    """One ``table`` or ``table2`` section. ``headed`` and ``whole`` say whose checksums hold."""

    entries: int
    count: int
    base: int
    headed: bool
    whole: bool


@dataclass(frozen=True, slots=True)
class Table:
    """Chunks from ``first`` on, in one segment.

    ``copies`` are those to be read: one that is whole, or two that are not, of which only those
    entries count that are the same in both.
    """

    first: int
    count: int
    segment: int
    copies: tuple[Copy, ...]

    @property
    def sure(self) -> bool:
        """Whether the entries are under a checksum that holds."""
        return self.copies[0].whole


@dataclass(frozen=True, slots=True)
class Place:
    """Where a chunk lies: bytes of a segment. ``packed`` says that it is deflated."""

    start: int
    end: int
    packed: bool


def copy(stored: Stored, section: Section) -> Copy:
    """Read one table as far as it can be judged now: header and checksums.

    Raises:
        MediumError: it cannot be read, or is larger than any table.
    """
    head = stored.header(section.data, HEADER)
    count, base, checksum = map(int, _HEADER.unpack(head))
    room = max(section.length - HEADER, 0) // 4
    headed = zlib.adler32(head[:20]) == checksum and count <= room
    if not headed:
        count = max(room - 1, 0)  # the last four bytes are the checksum of the entries
    if count > MOST_ENTRIES:
        msg = f"{names.shown(stored.path)} has a table of {count} chunks, more than any image"
        raise MediumError(msg)
    entries = section.data + HEADER
    whole = headed
    if room > count:  # the oldest writers leave the checksum out
        stated = int.from_bytes(stored.header(entries + 4 * count, 4), "little")
        whole = headed and zlib.adler32(stored.header(entries, 4 * count)) == stated
    return Copy(entries, count, base, headed, whole)


def choose(first: int, segment: int, copies: list[Copy]) -> Table:
    """Make a table of a ``table`` section and its copy, or of one alone."""
    best = sorted(copies, key=lambda one: (not one.whole, not one.headed))
    top = best[0]
    kept = best[:1] if top.whole else [one for one in best if one.count == top.count]
    return Table(first, top.count, segment, tuple(kept))


@dataclass(slots=True)
class _Loaded:
    """The entries of a table. ``wide`` is the first whose offset takes all 32 bits.

    ``doubtful`` has a byte for each entry where no checksum holds: 1 where its copy differs.
    """

    table: Table
    base: int
    values: array[int]
    wide: int
    doubtful: bytes | None = None

    def start(self, index: int) -> int:
        value = self.values[index]
        return self.base + (value if index >= self.wide else value & _LOW)

    def packed(self, index: int) -> bool:
        return index < self.wide and self.values[index] >= _PACKED

    def sure(self, index: int) -> bool:
        if self.table.sure:
            return True
        return self.doubtful is not None and not self.doubtful[index]


@dataclass(slots=True)
class Tables:
    """All tables of an image, in the order of their chunks; entries are read when needed."""

    segments: Segments
    parts: list[Parts]
    all: list[Table]
    _firsts: list[int] = field(default_factory=list)
    _loaded: OrderedDict[int, _Loaded] = field(default_factory=OrderedDict)
    _entries: int = 0

    def __post_init__(self) -> None:
        self._firsts = [one.first for one in self.all]

    @property
    def count(self) -> int:
        """How many chunks they list."""
        return self.all[-1].first + self.all[-1].count if self.all else 0

    def places(self, first: int, last: int) -> tuple[int, Iterator[Place | None]]:
        """Tell where chunks lie, as far as one table lists them.

        Args:
            first: number of a chunk that is listed.
            last: the last that is wanted.

        Returns:
            The segment, and the places as they are asked for, one at least; None for a chunk
            that lies nowhere for sure.
        """
        number = bisect_right(self._firsts, first) - 1
        table = self.all[number]
        begin = first - table.first
        stop = min(last + 1 - table.first, table.count)
        loaded = self._load(number)
        if loaded is None:
            return table.segment, iter((None,))
        return table.segment, (self._place(loaded, index) for index in range(begin, stop))

    def _place(self, loaded: _Loaded, index: int) -> Place | None:
        if not loaded.sure(index):
            return None
        start = loaded.start(index)
        if index + 1 < loaded.table.count and loaded.sure(index + 1):
            end = loaded.start(index + 1)
        else:
            end = self.parts[loaded.table.segment].end_at(start)
        return Place(start, end, loaded.packed(index)) if start < end else None

    def _load(self, number: int) -> _Loaded | None:
        if number in self._loaded:
            self._loaded.move_to_end(number)
            return self._loaded[number]
        table = self.all[number]
        try:
            found = [self._values(table.segment, one) for one in table.copies]
        except OSError:
            return None
        loaded = _judged(table, found)
        self._loaded[number] = loaded
        self._entries += table.count
        while self._entries > MOST_LOADED and len(self._loaded) > 1:
            self._entries -= self.all[self._loaded.popitem(last=False)[0]].count
        return loaded

    def _values(self, segment: int, one: Copy) -> array[int]:
        values: array[int] = array("I")
        raw = self.segments.read(segment, one.entries, 4 * one.count)
        values.frombytes(raw.ljust(4 * one.count, b"\0"))
        if sys.byteorder == "big":
            values.byteswap()
        return values


def _judged(table: Table, found: list[array[int]]) -> _Loaded:
    top = table.copies[0]
    loaded = _Loaded(table, top.base, found[0], _wide(found[0]))
    if not table.sure and len(found) > 1 and table.copies[1].base == top.base:
        pairs = zip(*found[:2], strict=True)
        loaded.doubtful = bytes(one != other for one, other in pairs)
    return loaded


def _wide(values: array[int]) -> int:
    """Find where offsets go on beyond 31 bits, as EnCase 6.7.1 wrote them by mistake.

    From there on no chunk is packed, for there is no bit left to say so.
    """
    import numpy as np  # noqa: PLC0415  # loading the registry of forms must cost nothing

    all_bits = np.frombuffer(values, np.uint32)
    low = all_bits & _LOW
    falls = np.flatnonzero(low[1:] < low[:-1])
    if not falls.size:
        return len(values)
    first = int(falls[0]) + 1
    after = all_bits[first:]
    if after[0] < _PACKED or bool(np.any(after[1:] <= after[:-1])):
        return len(values)
    return first
