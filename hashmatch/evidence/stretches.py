"""Stretches of bytes: what some of them leave free, and whether some meet others."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


def gaps(taken: Sequence[tuple[int, int]], size: int) -> Iterator[tuple[int, int]]:
    """Yield the stretches, as offset and size, that none of some stretches covers, in order.

    Args:
        taken: offset and end of each, in any order.
        size: of what holds them, in bytes.
    """
    at = 0
    for offset, end in sorted(taken):
        if min(offset, size) > at:
            yield at, min(offset, size) - at
        at = max(at, end)
    if at < size:
        yield at, size - at


def meet(some: Iterable[tuple[int, int]], others: Iterable[tuple[int, int]]) -> bool:
    """Tell whether any of some stretches shares a byte with any of others; both may be many.

    Args:
        some: offset and length of each, in any order; these are kept sorted.
        others: likewise; these are gone through once.
    """
    spans = sorted((offset, offset + length) for offset, length in some if length > 0)
    starts = [start for start, _ in spans]
    ends = list(accumulate((end for _, end in spans), max))  # the farthest of all up to there
    for offset, length in others:
        before = bisect_left(starts, offset + length)
        if length > 0 and before and ends[before - 1] > offset:
            return True
    return False
