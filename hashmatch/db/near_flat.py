"""Compares queries with all hashes by faiss where that is installed, else without: same pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hashmatch.db.near_pairs import Pairs
from hashmatch.db.near_scan import Rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hashmatch.db.near_pairs import Searcher

_QUERIES = 256  # of so many at a time the answer of faiss is held in memory
_STEP = 1 << 22  # hashes that are compared at a time, for the same reason


class Flat:
    """Compares in full, by faiss if it can be imported; that is tried when it is first needed."""

    def __init__(self, rows: NDArray[np.uint64]) -> None:
        """Take the hashes (hashes, words of a hash), contiguous."""
        self._rows = rows
        self._searcher: Searcher | None = None

    def within(self, queries: NDArray[np.uint8], radius: int) -> Pairs:
        """Give all pairs within the radius; see :class:`~hashmatch.db.near_pairs.Searcher`."""
        if self._searcher is None:
            self._searcher = _searcher(self._rows)
        return self._searcher.within(queries, radius)


def _searcher(rows: NDArray[np.uint64]) -> Searcher:
    try:
        import faiss  # noqa: PLC0415  # heavy, optional
    except ImportError:
        return Rows(rows)
    return Faiss(faiss, rows)


class Faiss:
    """Compares with faiss's loops over bits, in place: nothing is copied, nothing approximate."""

    def __init__(self, faiss: Any, rows: NDArray[np.uint64]) -> None:  # noqa: ANN401  # untyped
        """Take the module and the hashes."""
        self._faiss, self._rows = faiss, rows

    def within(self, queries: NDArray[np.uint8], radius: int) -> Pairs:
        """Give all pairs within the radius; see :class:`~hashmatch.db.near_pairs.Searcher`."""
        found = [
            self._block(queries[at : at + _QUERIES], at, start, radius)
            for at in range(0, len(queries), _QUERIES)
            for start in range(0, len(self._rows), _STEP)
        ]
        return Pairs.joined(found)

    def _block(self, queries: NDArray[np.uint8], at: int, start: int, radius: int) -> Pairs:
        faiss, rows = self._faiss, self._rows[start : start + _STEP]
        result = faiss.RangeSearchResult(len(queries))
        faiss.hamming_range_search(
            faiss.swig_ptr(queries),
            faiss.swig_ptr(rows.view(np.uint8)),
            len(queries),
            len(rows),
            radius + 1,  # faiss gives what is nearer than this
            8 * rows.shape[1],
            result,
        )
        ends = faiss.rev_swig_ptr(result.lims, len(queries) + 1).astype(np.int64)
        number = int(ends[-1])
        if not number:
            return Pairs.none()
        row = faiss.rev_swig_ptr(result.labels, number).astype(np.intp)
        distance = faiss.rev_swig_ptr(result.distances, number).astype(np.uint32)
        query = np.repeat(np.arange(len(queries)), np.diff(ends))
        return Pairs(query + at, row + start, distance)
