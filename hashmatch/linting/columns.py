"""What is kept of each record of a stretch to compare it with others: numbers only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hashmatch.formats.hash_text import plain_name
from hashmatch.model.hashes import Algorithm, Method

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hashmatch.linting.stretch import Stretch

PLACE, LIST, CATEGORY, SIZE, ENTRY, WHOLE = "place", "list", "category", "size", "entry", "whole"
NAMED = "named"
"""Names of columns; every other column is named after the algorithm whose prints it holds.

``size`` is one more than the size, 0 where a record states none. ``whole`` stands for all hashes
of a record together, ``named`` for the name of the file of a record without an entry.
"""

# Odd, so that nothing is lost; another for each kind, so that no two kinds cancel out.
_FACTORS = {
    kind: np.uint64((0x9E37_79B9_7F4A_7C15 * (2 * at + 1)) & 0xFFFF_FFFF_FFFF_FFFF)
    for at, kind in enumerate((*Algorithm, *Method))
}


_NAMES = frozenset({"name", "file", "filename", "path", "filepath", "fullpath"})


def category_number(code: str | None) -> int:
    """Give a number to tell codes apart within one run; 0 for none."""
    return 0 if code is None else (hash(code) & 0xFFFF_FFFF_FFFF_FFFF) or 1


def category_numbers(codes: Sequence[str | None]) -> NDArray[np.uint64]:
    """Give the numbers of many codes."""
    known = {code: category_number(code) for code in set(codes)}
    return np.fromiter(map(known.__getitem__, codes), np.uint64, len(codes))


def of(stretch: Stretch, number: int) -> dict[str, NDArray[Any]]:
    """Give the columns of a stretch of the list with that number.

    Of several values of one algorithm in one record the first is taken.
    """
    count = len(stretch)
    found: dict[str, NDArray[Any]] = {
        PLACE: stretch.places,
        LIST: np.full(count, number, np.uint32),
    }
    if stretch.categories is not None:
        found[CATEGORY] = category_numbers(stretch.categories)
    if stretch.sizes is not None:
        found[SIZE] = stretch.sizes + 1
    if stretch.entries is not None:
        settled = stretch.settled if stretch.settled is not None else np.False_
        found[ENTRY] = np.where(settled, np.uint64(0), stretch.entries)
    named = _names(stretch)
    if named is not None:
        found[NAMED] = named
    for kind, hashes in stretch.hashes.items():
        if isinstance(kind, Algorithm):
            column = np.zeros(count, np.uint64)
            column[hashes.rows[::-1]] = hashes.prints[::-1]
            found[kind.value] = column
    found[WHOLE] = whole(stretch)
    return found


def _names(stretch: Stretch) -> NDArray[np.uint64] | None:
    """Give numbers for the names of files; 0 where there is none, or the record has an entry."""
    found: NDArray[np.uint64] | None = None
    for column, cells in stretch.cells.items():
        if plain_name(column[:64]) in _NAMES:
            found = np.zeros(len(stretch), np.uint64) if found is None else found
            np.add.at(found, cells.rows, np.fromiter(map(category_number, cells.texts), np.uint64))
    if found is not None and stretch.entries is not None:
        found[stretch.entries != 0] = 0
    return found


def whole(stretch: Stretch) -> NDArray[np.uint64]:
    """Give for each record one number that stands for all its hashes."""
    found = np.zeros(len(stretch), np.uint64)
    for kind, hashes in stretch.hashes.items():
        np.add.at(found, hashes.rows, hashes.prints * _FACTORS[kind])
    return found
