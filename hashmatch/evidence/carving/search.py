"""Search space for files by their structure.

Files that lie in one stretch are found, also where that goes on behind files that stayed; what
is in pieces elsewhere is not put together. Nothing is given that does not hold to its end by
structure, or is the beginning of a picture or video that can still be compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.evidence.carving import magics
from hashmatch.evidence.carving.interface import Carved
from hashmatch.evidence.carving.places import MOST_RUNS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.carving.registry import Walker
    from hashmatch.evidence.carving.space import Space
    from hashmatch.evidence.carving.window import Walked

SECTOR = 512
"""Files begin at multiples of this on disks."""

_PIECE = 4 << 20
_FREE = 64 << 20  # bytes that walkers may read whatever is searched
_SHARE = 4  # and so many times what is searched, however often beginnings overlap
_CHECKED = frozenset(("jpeg", "png", "gif"))
"""Kinds whose whole content is looked at, so that nothing else can be in a whole one."""
_INNER = frozenset(("quicktime",))
"""Kinds that are parts of what they are met in."""


class Search:
    """One search of a space: gives files in order; offsets count in the joined space.

    ``given_up`` counts, once it is over, beginnings not followed. That happens only where so many
    beginnings overlap that following each would take many times as long as the space is large; no
    disk in use has that.

    Args:
        space: the stretches to search.
        align: files begin at multiples of this in the volume.
    """

    def __init__(self, space: Space, align: int = SECTOR) -> None:
        self.given_up = 0
        self._space = space
        self._align = align
        self._walked = 0  # bytes that walkers have read
        self._from = 0  # below this all is settled
        self._covered = 0  # below this lies a whole file whose content was not looked at
        self._open: _Open | None = None

    def __iter__(self) -> Iterator[Carved]:
        for begin, end in self._space.stretches(self._align):
            for start, walker in self._beginnings(begin, end):
                yield from self._at(start, walker)
        yield from self._closed(self._space.size)

    def _beginnings(self, begin: int, end: int) -> Iterator[tuple[int, Walker]]:
        """Yield where files may begin in a part of the space that is aligned as its begin is."""
        place = begin
        while place < end:
            place += max(0, self._from - place) // self._align * self._align
            stop = min(_PIECE, end - place)
            piece = self._space.read(place, max(0, stop) + magics.REACH)
            for at, walker in magics.beginnings(piece, self._align, stop):
                if place + at >= self._from:
                    yield place + at, walker
            place += max(self._align, stop // self._align * self._align)

    def _at(self, start: int, walker: Walker) -> Iterator[Carved]:
        """Give the file that begins at a place, after the one that it ends."""
        walked = self._followed(start, walker)
        inner = walker.NAME in _INNER
        if walked is None or (start < self._covered and (inner or not walked.whole)):
            return
        yield from self._closed(start)
        if not walked.whole:
            self._open = _Open(start, walked.end, walker.NAME)
            self._from = walked.body
            return
        yield Carved(start, walked.end - start, walker.NAME, whole=True)
        if walker.NAME in _CHECKED:
            self._from = walked.end
        else:
            self._covered = max(self._covered, walked.end)

    def _closed(self, start: int) -> Iterator[Carved]:
        """Give the file that lacks its end, if there is one: it ends where another begins."""
        if self._open is not None:
            one, self._open = self._open, None
            yield Carved(one.start, min(one.end, start) - one.start, one.kind, whole=False)

    def _followed(self, start: int, walker: Walker) -> Walked | None:
        """Follow a file, unless what overlaps has cost too much."""
        if self._walked > _FREE + _SHARE * start:
            self.given_up += 1
            return None
        limit = self._space.end_of_runs(start, MOST_RUNS)
        return walker.walk(self._read, start, limit)

    def _read(self, offset: int, length: int) -> bytes:
        self._walked += length
        return self._space.read(offset, length)


@dataclass(frozen=True, slots=True)
class _Open:
    """A file that lacks its end."""

    start: int
    end: int
    kind: str
