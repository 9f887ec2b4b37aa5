"""Compares each query with each hash, so that nothing can be left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hashmatch.db.near_pairs import Pairs, distances, spread

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FAR = 48  # beyond it half of the bits rule out too few hashes to be counted on their own
STEP = 1 << 15  # hashes compared at a time: two columns of a step stay in the inner cache


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
    first = columns if radius > _FAR else columns[:2]
    for i, word in enumerate(words):
        bits = np.bitwise_count(first[0] ^ word[0])
        for column, part in zip(first[1:], word[1:], strict=False):
            bits += np.bitwise_count(column ^ part)  # 256 bits become 0: told apart below
        if bits.min() > radius:
            continue
        row = np.flatnonzero(bits <= radius)
        distance = distances(np.ascontiguousarray(columns[:, row].T), word)
        near = np.flatnonzero(distance <= radius)
        found.append(Pairs(np.full(len(near), i), row[near] + start, distance[near]))
    return Pairs.joined(found)
