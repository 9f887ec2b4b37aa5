"""Finds values by the sum of squared differences of their bytes, none left out.

Two things spare most comparisons in full, and neither can lose a neighbour. The squares of some
bytes' differences are never more than those of all: only values whose sample is near enough are
compared. And two vectors are at least as far apart as their lengths differ: values of a too
different length are not even sampled.

Sums are worked out with single-precision products: every one that occurs is a whole number below
2^24 or, where it was doubled, an even one below 2^25, so that none is rounded, in whatever order
they are added.
"""

from __future__ import annotations

from functools import cached_property
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from hashmatch.db.near_pairs import Pairs, spread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

STEP = 1 << 12  # values compared at a time: their samples stay in the inner cache
_QUERIES = 64  # of so many queries at a time the distances to a step are held in memory
_SAMPLED = 9  # each ninth byte is sampled: of PhotoDNA 16, from cells all over the picture
_MANY = 16  # where one pair in so many has near samples, all of a step are compared at once
_PAIRS = 1 << 13  # so many pairs are compared together otherwise


class Squares:
    """Searches values that are sorted by their length as vectors."""

    def __init__(self, values: NDArray[np.uint8]) -> None:
        """Take the values (values, bytes of one), sorted by :func:`squares`."""
        self._values = values
        self._samples = np.ascontiguousarray(values[:, ::_SAMPLED])
        firsts = np.arange(0, len(values), STEP)
        lasts = np.minimum(firsts + STEP, len(values)) - 1
        self._shortest, self._longest = squares(values[firsts]), squares(values[lasts])

    def within(self, queries: NDArray[np.uint8], radius: int) -> Pairs:
        """Give all pairs within the radius; see :class:`~hashmatch.db.near_pairs.Searcher`."""
        lengths = squares(queries)
        if radius == 0:
            return self._equal(queries, lengths)
        order = np.argsort(lengths, kind="stable")  # together are asked those of similar length
        found = []
        for at in range(0, len(order), _QUERIES):
            own = order[at : at + _QUERIES]
            asked = queries[own]
            for start in self._steps(lengths[own[0]], lengths[own[-1]], radius):
                query, row = self._sampled(asked, start, radius)
                if len(query) * _MANY > len(asked) * STEP:
                    pairs = self._all(asked, start, radius)
                else:
                    pairs = self._some(asked, query, row, radius)
                found.append(pairs._replace(query=own[pairs.query]))
        return Pairs.joined(found)

    def _equal(self, queries: NDArray[np.uint8], lengths: NDArray[np.int64]) -> Pairs:
        begin = np.searchsorted(self._lengths, lengths, "left")
        end = np.searchsorted(self._lengths, lengths, "right")
        query = np.repeat(np.arange(len(queries)), end - begin)
        row = spread(begin, end - begin)
        same = np.flatnonzero((self._values[row] == queries[query]).all(axis=1))
        return Pairs(query[same], row[same], np.zeros(len(same), np.uint32))

    @cached_property
    def _lengths(self) -> NDArray[np.int64]:
        return squares(self._values)

    def _steps(self, shortest: int, longest: int, radius: int) -> Iterator[int]:
        """Give where the steps begin that hold values of nearly such a length.

        The bounds are wider than needed by more than the roots can be rounded.
        """
        least = max(0.0, sqrt(shortest) - sqrt(radius) - 1e-3) ** 2 - 1
        most = (sqrt(longest) + sqrt(radius) + 1e-3) ** 2 + 1
        for step in np.flatnonzero((self._longest >= least) & (self._shortest <= most)).tolist():
            yield step * STEP

    def _sampled(
        self, asked: NDArray[np.uint8], start: int, radius: int
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Give the pairs of queries and values of a step whose samples are near enough."""
        near = _distances(asked[:, ::_SAMPLED], self._samples[start : start + STEP]) <= radius
        query, row = np.divmod(np.flatnonzero(near), near.shape[1])
        return query, row + start

    def _all(self, asked: NDArray[np.uint8], start: int, radius: int) -> Pairs:
        """Compare queries with all values of a step."""
        distance = _distances(asked, self._values[start : start + STEP])
        query, row = np.nonzero(distance <= radius)
        return Pairs(query, row + start, distance[query, row].astype(np.uint32))

    def _some(
        self, asked: NDArray[np.uint8], query: NDArray[np.intp], row: NDArray[np.intp], radius: int
    ) -> Pairs:
        """Compare some pairs."""
        found = []
        for at in range(0, len(query), _PAIRS):
            own, other = query[at : at + _PAIRS], row[at : at + _PAIRS]
            apart = self._values[other].astype(np.int32) - asked[own]
            distance = np.einsum("ij,ij->i", apart, apart).astype(np.uint32)
            near = np.flatnonzero(distance <= radius)
            found.append(Pairs(own[near], other[near], distance[near]))
        return Pairs.joined(found)


def _distances(some: NDArray[np.uint8], others: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Give the sums of squared differences of all pairs; always exact."""
    left, right = some.astype(np.float32), others.astype(np.float32)
    products: NDArray[np.float32] = left @ right.T
    products *= -2
    products += (left * left).sum(axis=1)[:, None]
    products += (right * right).sum(axis=1)
    return products


def squares(values: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Give the squared length of each value as a vector; always exact."""
    lengths = np.empty(len(values), np.int64)
    for start in range(0, len(values), STEP):
        wide = values[start : start + STEP].astype(np.float32)
        lengths[start : start + STEP] = (wide * wide).sum(axis=1)
    return lengths
