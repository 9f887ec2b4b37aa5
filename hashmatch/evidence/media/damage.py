"""Stretches of a medium that could not be read, gathered as they are met."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace
from typing import overload

from hashmatch.evidence.media.interface import Stretch

MOST = 100_000
"""So many stretches are told apart; should there be more, the whole medium counts as damaged."""


class Damage(Sequence[Stretch]):
    """Stretches in the order in which they were met.

    Grows at its end only: what was there stays as it is, but the last one may become longer while
    what follows it on the medium is found damaged in the same way. Noting bytes that were all
    noted before changes nothing.
    """

    def __init__(self, size: int, unit: str = "chunk") -> None:
        """Begin with nothing.

        Args:
            size: of the medium, in bytes.
            unit: what a number of :meth:`note` counts.
        """
        self._size = size
        self._unit = unit
        self._found: list[Stretch] = []
        self._first: int | None = None
        self._covered = _Covered()

    @overload
    def __getitem__(self, index: int) -> Stretch: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Stretch]: ...
    def __getitem__(self, index: int | slice) -> Stretch | Sequence[Stretch]:
        return self._found[index]

    def __len__(self) -> int:
        return len(self._found)

    def note(self, offset: int, length: int, why: str, number: int | None = None) -> None:
        """Note a stretch, once however often it is met.

        Args:
            offset: its first byte on the medium.
            length: in bytes; none is no damage.
            why: a word, as :class:`~hashmatch.evidence.media.interface.Stretch` lists them.
            number: of the chunk or segment, where the form has such.
        """
        found = self._found
        if length <= 0 or len(found) > MOST or not self._covered.add(offset, offset + length):
            return
        if self._continues(offset, why, number):
            part = found[-1].part if number is None else f"{self._unit}s {self._first}-{number}"
            found[-1] = replace(found[-1], length=found[-1].length + length, part=part)
        elif len(found) == MOST:
            found.append(Stretch(0, self._size, "unreadable", f"more than {MOST} places"))
        else:
            self._first = number
            part = "" if number is None else f"{self._unit} {number}"
            found.append(Stretch(offset, length, why, part))

    def _continues(self, offset: int, why: str, number: int | None) -> bool:
        if not self._found or (number is None) != (self._first is None):
            return False
        last = self._found[-1]
        return last.why == why and last.offset + last.length == offset


class _Covered:
    """Which bytes were noted: ordered stretches that neither touch nor overlap."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def add(self, start: int, end: int) -> bool:
        """Add a stretch; False when all of it was there before."""
        at = bisect_right(self._starts, start) - 1
        if at >= 0 and self._ends[at] >= end:
            return False
        first = bisect_left(self._ends, start)
        beyond = bisect_right(self._starts, end)
        if first < beyond:
            start = min(start, self._starts[first])
            end = max(end, self._ends[beyond - 1])
        self._starts[first:beyond] = [start]
        self._ends[first:beyond] = [end]
        return True
