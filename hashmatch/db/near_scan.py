"""Compares each query with each hash, so that nothing can be left out."""

from __future__ import annotations

from functools import cached_property
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from hashmatch.db.near_pairs import Pairs, distances, spread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

STEP = 1 << 15  # hashes compared at a time: two columns of a step stay in the inner cache
_SQUARES_STEP = 1 << 12  # the same for PhotoDNA, whose values are 18 times as long
_QUERIES = 64  # of so many queries at a time the distances to a step are held in memory


class Columns:
    """Distances in bits to hashes in columns of words, sorted by the first."""

    def __init__(self, columns: NDArray[np.uint64]) -> None:
        """Take the columns (words of a hash, hashes)."""
        self._columns = columns

    def within(self, queries: NDArray[np.uint8], radius: int) -> Pairs:
        """Give all pairs within the radius; see :class:`~hashmatch.db.near_pairs.Searcher`."""
        words = queries.view("<u8")
        if radius == 0:
            return self._equal(words)
        size = self._columns.shape[1]
        steps = (slice(start, start + STEP) for start in range(0, size, STEP))
        found = [_near(self._columns[:, step], words, radius, step.start) for step in steps]
        return Pairs.joined(found)

    def _equal(self, words: NDArray[np.uint64]) -> Pairs:
        begin = np.searchsorted(self._columns[0], words[:, 0], "left")
        end = np.searchsorted(self._columns[0], words[:, 0], "right")
        query = np.repeat(np.arange(len(words)), end - begin)
        row = spread(begin, end - begin)
        same = np.flatnonzero((words[query] == self._columns[:, row].T).all(axis=1))
        return Pairs(query[same], row[same], np.zeros(len(same), np.uint32))


class Rows:
    """Distances in bits to hashes that lie one after the other."""

    def __init__(self, rows: NDArray[np.uint64]) -> None:
        """Take the hashes (hashes, words of a hash)."""
        self._rows = rows

    def within(self, queries: NDArray[np.uint8], radius: int) -> Pairs:
        """Give all pairs within the radius; see :class:`~hashmatch.db.near_pairs.Searcher`."""
        words, found = queries.view("<u8"), []
        for start in range(0, len(self._rows), STEP):
            columns = np.ascontiguousarray(self._rows[start : start + STEP].T)
            found.append(_near(columns, words, radius, start))
        return Pairs.joined(found)


def _near(columns: NDArray[np.uint64], words: NDArray[np.uint64], radius: int, start: int) -> Pairs:
    """Compare queries with the hashes of one step, which begins with row ``start``."""
    found = []
    for i, word in enumerate(words):
        bits = np.bitwise_count(columns[0] ^ word[0])
        if len(columns) > 1:  # at most 128 bits: a byte holds the distance
            bits += np.bitwise_count(columns[1] ^ word[1])
        if bits.min() > radius:
            continue
        row = np.flatnonzero(bits <= radius)
        distance = distances(np.ascontiguousarray(columns[:, row].T), word)
        near = np.flatnonzero(distance <= radius)
        found.append(Pairs(np.full(len(near), i), row[near] + start, distance[near]))
    return Pairs.joined(found)


class Squares:
    """Sums of squared differences of bytes.

    Worked out with single-precision products: every sum that occurs is a whole number below
    2^24, so that none is rounded, in whatever order they are added.

    The values are sorted by their length as vectors. Two vectors are at least as far apart as
    their lengths differ, so that values of a very different length need not be compared.
    """

    def __init__(self, values: NDArray[np.uint8]) -> None:
        """Take the values (values, bytes of one), sorted by :func:`squares`."""
        self._values = values
        firsts = np.arange(0, len(values), _SQUARES_STEP)
        lasts = np.minimum(firsts + _SQUARES_STEP, len(values)) - 1
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
            asked = queries[own].astype(np.float32)
            for start in self._steps(lengths[own[0]], lengths[own[-1]], radius):
                rows = self._values[start : start + _SQUARES_STEP].astype(np.float32)
                others = (rows * rows).sum(axis=1).astype(np.int64)
                products = (asked @ rows.T).astype(np.int64)
                distance = lengths[own][:, None] + others - 2 * products
                query, row = np.nonzero(distance <= radius)
                near = distance[query, row].astype(np.uint32)
                found.append(Pairs(own[query], row + start, near))
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
            yield step * _SQUARES_STEP


def squares(values: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Give the squared length of each value as a vector; always exact."""
    lengths = np.empty(len(values), np.int64)
    for start in range(0, len(values), STEP):
        wide = values[start : start + STEP].astype(np.float32)
        lengths[start : start + STEP] = (wide * wide).sum(axis=1)
    return lengths
