"""Lays a new near index out, section by section: only one slot at a time is held in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from hashmatch.db import near_plan
from hashmatch.db.near_layout import ALIGNED, Layout
from hashmatch.db.near_pairs import spread
from hashmatch.db.near_slots import key
from hashmatch.db.near_squares import squares
from hashmatch.db.radii import DEFAULT
from hashmatch.model.hashes import Method

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from hashmatch.db.near_plan import Slot

SCANNED = 50_000
"""Up to so many distinct hashes are compared one by one: as fast, and smaller."""
_MOST = 1 << 27
"""More hashes than this are not given slots: places in the rows are numbers of 32 bits."""


class Entries(NamedTuple):
    """Hashes that records carry: (E, size) uint8, and record number and quality of each."""

    hashes: NDArray[np.uint8]
    record: NDArray[np.uint32]
    quality: NDArray[np.uint8]


class LaidOut:
    """The content of an index, ready to be sealed."""

    def __init__(self, method: Method, entries: Entries, number: int | None = None) -> None:
        """Sort the entries.

        Args:
            method: the method of the hashes.
            entries: what the index shall answer with.
            number: slots; 0 for none, None for what is best for so many hashes.
        """
        order, new = grouped(entries.hashes)
        first = np.flatnonzero(new)
        length = np.diff(np.append(first, len(order)))
        slots = _slots(method, len(first), number)
        values = entries.hashes[order[first]]
        sorting = np.argsort(_sorted_by(method, values, slots), kind="stable")
        self._values = values[sorting]
        del values
        order = order[spread(first[sorting], length[sorting])]
        self._starts = np.concatenate([[0], np.cumsum(length[sorting])]).astype("<u4")
        self._record = entries.record[order].astype("<u4")
        self._quality = entries.quality[order].astype("u1")
        self._marks = [self._marked(slot) for slot in slots]
        keys = sum(int(np.bitwise_count(marks).sum()) for marks in self._marks)
        self.layout = Layout(method, len(first), len(order), slots, keys)

    def parts(self) -> Iterator[memoryview]:
        """Give the content piece by piece, of the length that the layout states."""
        yield memoryview(self.layout.header())
        values = self._values
        if not self.layout.slots and self.layout.method is not Method.PHOTODNA:
            values = values.view("<u8").T
        for section in (values, self._starts, self._record, self._quality):
            yield from _padded([section])
        yield from _padded(self._marks)
        yield from _padded(self._before())
        yield from _padded(self._pool())

    def _marked(self, slot: Slot) -> NDArray[np.uint64]:
        occurs = np.zeros(1 << slot.width, bool)
        occurs[key(self._words, slot)] = True
        return np.packbits(occurs, bitorder="little").view("<u8")

    @property
    def _words(self) -> NDArray[np.uint64]:
        return self._values.view("<u8")

    def _before(self) -> Iterator[NDArray[np.uint32]]:
        place = 0
        for at, marks in enumerate(self._marks):
            counts = np.bitwise_count(marks).astype(np.int64)
            ends = np.cumsum(counts)
            yield (place + ends - counts).astype("<u4")
            place += int(ends[-1]) + 1 + (len(self._values) if at else 0)

    def _pool(self) -> Iterator[NDArray[np.uint32]]:
        hashes, place = len(self._values), 0
        for at, slot in enumerate(self.layout.slots):
            keys = key(self._words, slot)
            rows = _sorted(keys) if at else None
            begins = np.append(_begins(keys), hashes)
            place += len(begins)
            yield (begins + (hashes + place if at else 0)).astype("<u4")
            if rows is not None:
                yield rows
                place += hashes


def _slots(method: Method, hashes: int, number: int | None) -> tuple[Slot, ...]:
    if number is None and (method is Method.PHOTODNA or not SCANNED < hashes <= _MOST):
        number = 0
    if number == 0:
        return ()
    return near_plan.slots(8 * method.size, hashes, DEFAULT[method], number)


def _sorted_by(
    method: Method, values: NDArray[np.uint8], slots: tuple[Slot, ...]
) -> NDArray[np.uint64] | NDArray[np.int64]:
    if method is Method.PHOTODNA:
        return squares(values)
    first = values.view("<u8")[:, 0]
    # By the key of the first slot, whose lists are then runs of rows. Else by a word as a whole.
    return first << np.uint64(64 - slots[0].width) if slots else first


def _sorted(keys: NDArray[np.uint64]) -> NDArray[np.uint32]:
    """Sort keys where they lie, and give the row of each: rows of equal keys in their order."""
    keys <<= np.uint64(32)
    keys |= np.arange(len(keys), dtype=np.uint64)
    keys.sort()
    rows = keys.astype("<u4")  # their lower halves
    keys >>= np.uint64(32)
    return rows


def _begins(keys: NDArray[np.uint64]) -> NDArray[np.intp]:
    """Tell where in sorted keys each key begins."""
    new = np.ones(len(keys), bool)
    new[1:] = keys[1:] != keys[:-1]
    return np.flatnonzero(new)


def _padded(arrays: Iterable[NDArray[Any]]) -> Iterator[memoryview]:
    """Give a section, whose length is a multiple of that at which sections begin."""
    length = 0
    for array in arrays:
        data = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
        length += len(data)
        yield data
    yield memoryview(bytes(-length % ALIGNED))


def grouped(hashes: NDArray[np.uint8]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Bring equal hashes together.

    Returns:
        An order in which equal hashes are neighbours, themselves in their old order, and for
        each place in it whether another hash begins there.
    """
    words = np.ascontiguousarray(hashes).view("<u8")
    folded = np.zeros(len(words), np.uint64)
    for word in words.T:  # one number for each hash: sorting by all words takes far more memory
        folded = (folded ^ word) * np.uint64(0x9E3779B97F4A7C15)
        folded ^= folded >> np.uint64(29)
    order = np.argsort(folded, kind="stable")
    new = _new(words, order)
    if new.sum() != _changes(folded[order]):  # two different hashes with one number
        order = np.lexsort((*words.T,))
        new = _new(words, order)
    return order, new


def _new(words: NDArray[np.uint64], order: NDArray[np.intp]) -> NDArray[np.bool_]:
    new = np.zeros(len(order), bool)
    new[:1] = True
    for word in words.T:
        column = word[order]
        new[1:] |= column[1:] != column[:-1]
    return new


def _changes(numbers: NDArray[np.uint64]) -> int:
    return int((numbers[1:] != numbers[:-1]).sum()) + bool(len(numbers))
