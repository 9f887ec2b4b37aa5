"""Which units of a volume are in use: its bitmap or table, read piece by piece."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from hashmatch.evidence.filesystems.interface import Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

Bits: TypeAlias = "NDArray[np.bool_]"

_PIECE = 1 << 19
"""So many units are looked at together."""


@dataclass(frozen=True, slots=True)
class Allocation:
    """The units of a volume that are in use.

    ``unit`` is the size of each in bytes, ``base`` where the first begins, ``count`` how many
    there are. ``used`` tells for a stretch of units (the first, how many) which are in use; what
    cannot be told is taken for free, so that nothing unseen passes for seen.
    """

    unit: int
    base: int
    count: int
    used: Callable[[int, int], Bits]

    def any_used(self, run: Run) -> tuple[int, int]:
        """Tell how many units of a stretch of bytes are in use, and how many there are."""
        first = max(0, (run.offset - self.base) // self.unit)
        last = min(self.count, -((self.base - run.offset - run.length) // self.unit))
        used = 0
        for start in range(first, last, _PIECE):
            used += int(self.used(start, min(_PIECE, last - start)).sum())
        return used, max(0, last - first)

    def free(self) -> Iterator[Run]:
        """Yield the stretches of units that are not in use, in order."""
        begin = -1
        for start in range(0, self.count, _PIECE):
            length = min(_PIECE, self.count - start)
            used = self.used(start, length)
            edges = np.flatnonzero(np.diff(used.view(np.int8), prepend=np.int8(begin < 0)))
            for edge in edges.tolist():
                if begin < 0:
                    begin = start + edge
                else:
                    yield self._run(begin, start + edge)
                    begin = -1
        if begin >= 0:
            yield self._run(begin, self.count)

    def _run(self, begin: int, end: int) -> Run:
        return Run(self.base + begin * self.unit, (end - begin) * self.unit)


def bits_of(content: bytes, first: int, count: int, *, low_first: bool = True) -> Bits:
    """Read ``count`` bits of a bitmap; what is beyond its end counts as free.

    Args:
        content: bytes of the bitmap.
        first: how many bits of the first byte to pass over, 0 to 7.
        count: how many bits.
        low_first: whether the lowest bit of a byte comes first.
    """
    raw = np.frombuffer(content, np.uint8)
    bits = np.unpackbits(raw, bitorder="little" if low_first else "big")
    return padded(bits[first : first + count].astype(np.bool_), count)


def padded(bits: Bits, count: int) -> Bits:
    """Make ``count`` bits of what was read, with what is missing as free."""
    if len(bits) == count:
        return bits
    return np.concatenate((bits[:count], np.zeros(max(0, count - len(bits)), np.bool_)))


def bitmap(
    read: Callable[[int, int], bytes], first: int, count: int, *, low_first: bool = True
) -> Bits:
    """Read a stretch of a bitmap through a function that reads bytes at an offset."""
    start, passed = divmod(first, 8)
    return bits_of(read(start, (passed + count + 7) // 8), passed, count, low_first=low_first)


def complement(taken: Iterable[Run], size: int) -> Iterator[Run]:
    """Yield what none of the stretches covers, in order, up to a size in bytes."""
    place = 0
    for run in sorted(taken, key=lambda one: one.offset):
        if run.offset > place:
            yield Run(place, min(run.offset, size) - place)
        place = max(place, run.offset + run.length)
        if place >= size:
            return
    if place < size:
        yield Run(place, size - place)


def clipped(runs: Iterable[Run], size: int) -> Iterator[Run]:
    """Yield stretches as far as they lie below a size in bytes."""
    for run in runs:
        length = min(run.length, size - run.offset)
        if length > 0:
            yield Run(run.offset, length)
