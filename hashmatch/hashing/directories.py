"""Find one's way through TIFF directories: pictures, camera raw files and EXIF blocks have them.

Nothing is copied and nothing is read ahead: a directory may claim anything, and costs only what is
asked of it. Places outside the content give no numbers instead of an error.

Source: TIFF 6.0, 1992; BigTIFF, 2007.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_DIRECTORIES = 1 << 18
"""Directories of a chain that are counted; a longer chain is cut off there."""

_MOST_ENTRIES = 1024  # of one directory; cameras write fewer than 200
_CLASSIC = (b"*\0", b"\0*", b"RO", b"RS", b"OR", b"U\0")  # others than TIFF: Olympus, Panasonic
_BIG = (b"+\0", b"\0+")
_ORDERS: dict[str, Literal["little", "big"]] = {"<": "little", ">": "big"}
_WIDTHS = {1: "B", 2: "B", 3: "H", 4: "I", 7: "B", 13: "I", 16: "Q", 18: "Q"}
_BYTES = {"B": 1, "H": 2, "I": 4, "Q": 8}


@dataclass(frozen=True, slots=True)
class Values:
    """Where the values of an entry stand: from ``start`` to before ``end`` of the content."""

    code: str
    count: int
    start: int

    @property
    def end(self) -> int:
        """May lie beyond the end of the content."""
        return self.start + self.count * _BYTES[self.code]


@dataclass(frozen=True, slots=True)
class Tiff:
    """Content with directories. Offsets in it count from ``base``; ``order`` is < or >."""

    content: bytes
    base: int
    order: str
    big: bool
    first: int

    @property
    def endian(self) -> Literal["little", "big"]:
        """The order by the name that Python has for it."""
        return _ORDERS[self.order]

    def directory(self, offset: int) -> Directory | None:
        """Give the directory at an offset, or None where the content ends before it does."""
        place = self.base + offset
        count = self._number("Q" if self.big else "H", place)
        if count is None or offset <= 0:
            return None
        place += 8 if self.big else 2
        if place + count * (20 if self.big else 12) > len(self.content):
            return None
        return Directory(self, place, count)

    def chain(self) -> Iterator[Directory]:
        """Give the directories one after the other, each once, until one is not there."""
        seen: set[int] = set()
        offset = self.first
        while offset not in seen and len(seen) < MOST_DIRECTORIES:
            seen.add(offset)
            found = self.directory(offset)
            if found is None:
                return
            yield found
            offset = found.following

    def _number(self, code: str, place: int) -> int | None:
        if not 0 <= place <= len(self.content) - _BYTES[code]:
            return None
        number: int = struct.unpack_from(self.order + code, self.content, place)[0]
        return number


@dataclass(frozen=True, slots=True)
class Directory:
    """Entries with a tag each, ``count`` of them, from ``place`` on."""

    tiff: Tiff
    place: int
    count: int

    @property
    def following(self) -> int:
        """Offset of the next directory of the chain; 0 for none."""
        big = self.tiff.big
        after = self.place + self.count * (20 if big else 12)
        return self.tiff._number("Q" if big else "I", after) or 0  # noqa: SLF001  # one thing

    def values(self, tag: int) -> Values | None:
        """Find the values of a tag; None where it is not there or holds no whole numbers."""
        tiff = self.tiff
        form, short, step, room = ("HHQ", "Q", 20, 8) if tiff.big else ("HHI", "I", 12, 4)
        for number in range(min(self.count, _MOST_ENTRIES)):
            place = self.place + number * step
            found, kind, count = struct.unpack_from(tiff.order + form, tiff.content, place)
            if found != tag:
                continue
            code = _WIDTHS.get(kind)
            if code is None:
                return None
            place += step - room
            if count * _BYTES[code] > room:
                offset = struct.unpack_from(tiff.order + short, tiff.content, place)[0]
                place = tiff.base + offset
            return Values(code, count, place)
        return None

    def numbers(self, tag: int, most: int = 16) -> tuple[int, ...]:
        """Read up to ``most`` numbers; none where they are not there."""
        values = self.values(tag)
        if values is None:
            return ()
        places = range(values.start, values.end, _BYTES[values.code])[:most]
        read = (self.tiff._number(values.code, place) for place in places)  # noqa: SLF001
        return tuple(one for one in read if one is not None)

    def number(self, tag: int, default: int = 0) -> int:
        """Read the first number of a tag."""
        return next(iter(self.numbers(tag, 1)), default)

    def under(self, tag: int) -> Iterator[Directory]:
        """Give the directories that a tag points to."""
        for offset in self.numbers(tag):
            found = self.tiff.directory(offset)
            if found is not None:
                yield found


def tiff_at(content: bytes, base: int = 0) -> Tiff | None:
    """Read the header at a place of the content; None where there is none."""
    head = content[base : base + 16]
    order = {b"II": "<", b"MM": ">"}.get(head[:2])
    if order is None or len(head) < 8:
        return None
    endian = _ORDERS[order]
    if head[2:4] in _BIG and len(head) == 16:
        return Tiff(content, base, order, big=True, first=int.from_bytes(head[8:], endian))
    if head[2:4] in _CLASSIC:
        return Tiff(content, base, order, big=False, first=int.from_bytes(head[4:8], endian))
    return None
