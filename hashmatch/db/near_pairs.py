"""Pairs of a query and a hash that lie within a radius: what every way of searching gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class Pairs(NamedTuple):
    """Number of the query, row of the hash and their distance; each pair once, in any order."""

    query: NDArray[np.intp]
    row: NDArray[np.intp]
    distance: NDArray[np.uint32]

    @classmethod
    def none(cls) -> Pairs:
        """No pair at all."""
        return cls(np.empty(0, np.intp), np.empty(0, np.intp), np.empty(0, np.uint32))

    @classmethod
    def joined(cls, parts: Sequence[Pairs]) -> Pairs:
        """Put parts one after the other."""
        if not parts:
            return cls.none()
        return cls(*(np.concatenate(column) for column in zip(*parts, strict=True)))


class Searcher(Protocol):
    """A way to find all pairs."""

    def within(self, queries: NDArray[np.uint8], radius: int) -> Pairs:
        """Give all pairs whose distance is at most the radius, which is not below 0.

        Shape:
            queries (Q, size of the method) uint8, contiguous.
        """


def distances(some: NDArray[np.uint64], others: NDArray[np.uint64]) -> NDArray[np.uint32]:
    """Count the bits in which rows of words differ; ``some`` is overwritten.

    Shape:
        both (n, 1) or (n, 4) uint64.
    """
    some ^= others
    counts = np.bitwise_count(some)
    if counts.shape[1] == 1:
        return counts.reshape(-1).astype(np.uint32)
    # Four counts of up to 64 lie in one number: adding them there is faster than along an axis.
    four = np.ascontiguousarray(counts).view("<u4").reshape(-1)
    two = (four & 0xFF00FF) + (four >> 8 & 0xFF00FF)
    return (two & 0xFFFF) + (two >> 16)


def spread(first: NDArray[np.int64], length: NDArray[np.int64]) -> NDArray[np.int64]:
    """Write out the numbers ``first`` to ``first + length`` of each run, run after run."""
    before = np.cumsum(length) - length
    numbers: NDArray[np.int64] = np.arange(int(length.sum())) + np.repeat(first - before, length)
    return numbers
