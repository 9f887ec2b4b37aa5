"""A stretch of a medium as a medium of its own: a partition, a volume."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hashmatch.evidence.media.interface import Stretch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hashmatch.evidence.media.interface import Medium, MediumFacts


class Slice:
    """``size`` bytes of a medium from ``offset`` on, both in bytes.

    A slice may be longer than what the medium has there, as partitions of a truncated image are:
    the rest comes as zeros and is damage from the beginning (``truncated``). Closing a slice
    leaves the medium open, for other slices of it.
    """

    def __init__(self, medium: Medium, offset: int, size: int) -> None:
        self._medium = medium
        self._offset = max(offset, 0)
        self._size = max(size, 0)
        there = min(max(medium.size - self._offset, 0), self._size)
        self._there = there
        short = Stretch(there, self._size - there, "truncated")
        self._short = (short,) if short.length else ()
        self._damage: list[Stretch] = list(self._short)
        self._kept = len(self._damage)
        self._done = 0

    @property
    def size(self) -> int:
        """Bytes of content."""
        return self._size

    @property
    def facts(self) -> MediumFacts:
        """Those of the medium, as far as they hold for a part of it: without its digests."""
        facts = self._medium.facts
        return replace(facts, size=self._size, stored=(), bad=tuple(self._inside(facts.bad)))

    @property
    def damage(self) -> Sequence[Stretch]:
        """The damage of the medium that lies in the slice, with offsets from its first byte."""
        met = self._medium.damage
        if len(met) < self._done:
            self._done, self._kept = 0, len(self._short)
        # The last one may have become longer since, so it is looked at again each time.
        del self._damage[self._kept :]
        self._damage.extend(self._inside(met[self._done : -1]))
        self._done, self._kept = max(len(met) - 1, 0), len(self._damage)
        self._damage.extend(self._inside(met[-1:]))
        return self._damage

    def read_at(self, offset: int, length: int) -> bytes:
        """Read; fewer bytes than asked for only at the end of the slice."""
        wanted = min(length, self._size - offset)
        if offset < 0 or wanted <= 0:
            return b""
        there = min(wanted, max(self._there - offset, 0))
        data = self._medium.read_at(self._offset + offset, there) if there else b""
        return data + bytes(wanted - len(data)) if len(data) < wanted else data

    def close(self) -> None:
        """Do nothing: who opened the medium closes it."""

    def _inside(self, stretches: Sequence[Stretch]) -> list[Stretch]:
        found = []
        for one in stretches:
            start = max(one.offset, self._offset)
            end = min(one.offset + one.length, self._offset + self._there)
            if start < end:
                found.append(replace(one, offset=start - self._offset, length=end - start))
        return found
