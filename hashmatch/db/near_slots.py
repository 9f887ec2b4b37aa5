"""Multi-index hashing: finds hashes by bits that they share with the query, none left out.

The marks of a slot tell which of its keys occur; most of what is looked at ends there, in the
processor's cache. A word holds the marks of 64 keys with the same high bits, so that one look
tells about all of them that are near enough. See :mod:`hashmatch.db.near_plan` for the proof that
nothing is missed: every hash that shares a key is compared in full, and every near one does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hashmatch.db import near_plan
from hashmatch.db.near_pairs import Pairs, distances, spread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from hashmatch.db.near_pairs import Searcher
    from hashmatch.db.near_plan import Slot

_QUERIES = 64  # so many at a time: what is found on the way stays in the cache
_LOOKS = 1 << 16  # so many words of marks are looked at together
_MOST_LOOKS = 1 << 21  # a wide radius takes fewer queries at a time
_CANDIDATES = 1 << 17  # so many hashes are compared together
_SHARE = 32  # comparing one hash out of order costs as much as so many in a row
_ONE = np.uint64(1)


class Arrays(NamedTuple):
    """The sections of an index; ``values`` is (hashes, words of a hash), sorted by first key."""

    values: NDArray[np.uint64]
    marks: NDArray[np.uint64]
    before: NDArray[np.uint32]
    pool: NDArray[np.uint32]


def key(words: NDArray[np.uint64], slot: Slot) -> NDArray[np.uint64]:
    """Read the bits of a slot from hashes.

    Shape:
        words (n, words of a hash).
    """
    at, shift = divmod(slot.first, 64)
    bits = words[:, at] >> np.uint64(shift)
    if shift + slot.width > 64:  # some lie in the next word
        bits |= words[:, at + 1] << np.uint64(64 - shift)
    return bits & np.uint64((1 << slot.width) - 1)


class Slots:
    """Searches the slots of an index."""

    least_shared = 1 << 14
    """A query with more candidates than this and a share of all hashes is compared with all."""

    def __init__(self, slots: tuple[Slot, ...], arrays: Arrays, scan: Searcher) -> None:
        """Take the sections, and who compares a query with all hashes."""
        self._slots, self._arrays, self._scan = slots, arrays, scan
        words = [1 << slot.width - near_plan.WORD_BITS for slot in slots]
        self._first_word = [sum(words[:at]) for at in range(len(words))]

    def cost(self, radius: int) -> float:
        """Estimate what a query costs, where comparing it with all hashes costs about 0.3 each."""
        return self._radii(radius)[1]

    def _radii(self, radius: int) -> tuple[tuple[int, ...], float]:
        widths = tuple(slot.width for slot in self._slots)
        return near_plan.radii(widths, len(self._arrays.values), radius)

    def within(self, queries: NDArray[np.uint8], radius: int) -> Pairs:
        """Give all pairs within the radius; see :class:`Searcher`."""
        radii, _ = self._radii(radius)
        looks = sum(
            len(near_plan.flips(slot.width, r).words)
            for slot, r in zip(self._slots, radii, strict=True)
        )
        step = max(1, min(_QUERIES, _MOST_LOOKS // looks))
        found = []
        for at in range(0, len(queries), step):
            pairs = self._block(queries[at : at + step], radius, radii)
            found.append(pairs._replace(query=pairs.query + at))
        return Pairs.joined(found)

    def _block(self, queries: NDArray[np.uint8], radius: int, radii: tuple[int, ...]) -> Pairs:
        words = queries.view("<u8")
        query, first, length = self._runs(words, radii)
        total = np.bincount(query, length, len(queries))
        most = max(self.least_shared, len(self._arrays.values) // _SHARE)
        found = []
        if total.max(initial=0) > most:
            heavy = np.flatnonzero(total > most)
            pairs = self._scan.within(np.ascontiguousarray(queries[heavy]), radius)
            found.append(pairs._replace(query=heavy[pairs.query]))
            light = (total <= most)[query]
            query, first, length = query[light], first[light], length[light]
        near = [self._compared(words, radius, *runs) for runs in _pieces(query, first, length)]
        return Pairs.joined([*found, self._once(Pairs.joined(near))])

    def _runs(
        self, words: NDArray[np.uint64], radii: tuple[int, ...]
    ) -> tuple[NDArray[np.intp], NDArray[np.int64], NDArray[np.int64]]:
        """Find the keys near those of the queries that occur.

        Returns:
            Number of the query, where the rows of a key begin, how many there are.
        """
        _, marks, before, pool = self._arrays
        parts = list(self._looks(words, radii))
        query, word, near = (np.concatenate(column) for column in zip(*parts, strict=True))
        rest = near & (near - _ONE)
        lowest = near ^ rest
        several = np.flatnonzero(rest != 0)  # few have more than one mark: written out bit by bit
        bytes_of = rest[several].astype("<u8").view(np.uint8)
        bits = np.flatnonzero(np.unpackbits(bytes_of, bitorder="little"))
        of = several[bits >> 6]
        query, word = np.concatenate([query, query[of]]), np.concatenate([word, word[of]])
        mark = np.concatenate([lowest, _ONE << (bits & 63).astype(np.uint64)])
        lower = np.bitwise_count(marks.take(word, mode="clip") & (mark - _ONE))
        number = before.take(word, mode="clip").astype(np.int64) + lower
        first = pool.take(number, mode="clip").astype(np.int64)
        return query, first, pool.take(number + 1, mode="clip") - first

    def _looks(
        self, words: NDArray[np.uint64], radii: tuple[int, ...]
    ) -> Iterator[tuple[NDArray[np.intp], NDArray[np.int64], NDArray[np.uint64]]]:
        """Give the words of marks in which near keys occur: query, word, those marks."""
        within = near_plan.marks_within()
        for slot, r, first_word in zip(self._slots, radii, self._first_word, strict=True):
            if r == near_plan.UNUSED:
                continue
            changes, parts = near_plan.flips(slot.width, r)
            marks = self._arrays.marks[first_word : first_word + (1 << slot.width - 6)]
            keys = key(words, slot)
            low = keys & np.uint64(63)
            high = (keys >> np.uint64(6)).astype(np.int64)
            step = max(1, _LOOKS // len(changes))
            for at in range(0, len(words), step):
                word = high[at : at + step, None] ^ changes
                near = marks.take(word, mode="clip")
                for begin, end, left in parts:
                    near[:, begin:end] &= within[left].take(low[at : at + step])[:, None]
                found = np.flatnonzero(near != 0)  # far faster than of numbers
                query = found // len(changes) + at
                yield query, word.reshape(-1)[found] + first_word, near.reshape(-1)[found]

    def _compared(
        self,
        words: NDArray[np.uint64],
        radius: int,
        query: NDArray[np.intp],
        first: NDArray[np.int64],
        length: NDArray[np.int64],
    ) -> Pairs:
        """Compare the rows of some runs in full."""
        values, pool = self._arrays.values, self._arrays.pool
        row, query = spread(first, length), np.repeat(query, length)
        listed = row >= len(values)  # the rows of the first slot are the hashes in their order
        row[listed] = pool.take(row[listed] - len(values), mode="clip")
        distance = distances(values.take(row, 0, mode="clip"), words.take(query, 0))
        near = np.flatnonzero(distance <= radius)
        return Pairs(query[near], row[near], distance[near])

    def _once(self, pairs: Pairs) -> Pairs:
        """Leave out pairs that were found again by another slot."""
        number = pairs.query * len(self._arrays.values) + pairs.row
        _, first = np.unique(number, return_index=True)
        return Pairs(pairs.query[first], pairs.row[first], pairs.distance[first])


def _pieces(
    query: NDArray[np.intp], first: NDArray[np.int64], length: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.int64], NDArray[np.int64]]]:
    """Divide runs so that not too many hashes are held in memory together."""
    ends = np.cumsum(length)
    begin = 0
    while begin < len(ends):
        done = int(ends[begin - 1]) if begin else 0
        end = max(begin + 1, int(np.searchsorted(ends, done + _CANDIDATES, "right")))
        yield query[begin:end], first[begin:end], length[begin:end]
        begin = end
