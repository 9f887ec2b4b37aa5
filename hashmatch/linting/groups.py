"""Rows of a spool that share a value of one column, found with a bounded amount of memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from hashmatch.linting.spool import Spool

    Rows = NDArray[np.int64]
    Values = NDArray[np.uint64]

SHARE = 1 << 21
"""Rows that are sorted together, about: 80 MB."""

_LOW = np.uint64(0xFFFF_FFFF)
_HALF = np.uint64(32)


@dataclass(frozen=True, slots=True)
class Alike:
    """Rows whose value stands in an earlier row too.

    ``rows`` rise; ``before`` gives for each the nearest earlier row with its value, ``values``
    the value.
    """

    rows: Rows
    before: Rows
    values: Values


def shares(spool: Spool, name: str) -> Iterator[tuple[Values, Rows]]:
    """Yield the values that are not 0 of a column with their rows, sorted, share by share.

    All rows with one value are in one share.
    """
    parts = max(1, -(-spool.rows // SHARE))
    for part in range(parts):
        values, rows = [], []
        for start, block in spool.blocks(name):
            mine = block != 0
            if parts > 1:
                mine &= _part(block, parts) == part
            chosen = np.flatnonzero(mine)
            values.append(block[chosen])
            rows.append(chosen + start)
        if values:
            joined = np.concatenate(values)
            order = np.argsort(joined)
            ordered = joined[order]
            _settle(ordered, order)
            yield ordered, np.concatenate(rows)[order]


def _settle(ordered: Values, order: Rows) -> None:
    """Put rows with one value into their own order: the fast sort does not keep it."""
    same = ordered[1:] == ordered[:-1]
    if same.any():
        alike_ones = np.zeros(len(ordered), bool)
        alike_ones[1:] |= same
        alike_ones[:-1] |= same
        at = np.flatnonzero(alike_ones)
        order[at] = order[at][np.lexsort((order[at], ordered[at]))]


def _part(values: Values, parts: int) -> Values:
    """Spread by the mixed half of a print: first digits of a list may be much alike."""
    return ((values & _LOW) * np.uint64(parts)) >> _HALF


def alike(spool: Spool, name: str) -> Iterator[Alike]:
    """Yield the rows that repeat a value, each with the row before it that has it."""
    for values, rows in shares(spool, name):
        again = np.flatnonzero(values[1:] == values[:-1]) + 1
        order = np.argsort(rows[again])
        again = again[order]
        if len(again):
            yield Alike(rows[again], rows[again - 1], values[again])


def gather(spool: Spool, name: str, rows: Rows) -> NDArray[np.uint64]:
    """Give a column's values for rows in any order."""
    order = np.argsort(rows, kind="stable")
    found = spool.take(name, rows[order])
    back = np.empty_like(found)
    back[order] = found
    return back
