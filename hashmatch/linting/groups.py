"""Rows of a spool that share a value of one column, found with a bounded amount of memory."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Future

    from numpy.typing import NDArray

    from hashmatch.linting.spool import Spool

    Rows = NDArray[np.int64]
    Values = NDArray[np.uint64]

SHARE = 1 << 20
"""Rows that are sorted together, about: 40 MB, twice."""

_AT_A_TIME = 2

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


def _share(spool: Spool, name: str, part: int, parts: int) -> tuple[Values, Rows]:
    """Give the values that are not 0 of a share of a column with their rows, sorted.

    All rows with one value are in one share.
    """
    values, rows = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)]
    for start, block in spool.blocks(name):
        mine = block != 0
        if parts > 1:
            mine &= _part(block, parts) == part
        chosen = np.flatnonzero(mine)
        values.append(block[chosen])
        rows.append(chosen + start)
    joined = np.concatenate(values)
    order = np.argsort(joined)
    ordered = joined[order]
    _settle(ordered, order)
    return ordered, np.concatenate(rows)[order]


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
    return (some for _, some in alike_in(spool, [name]))


def alike_in(spool: Spool, names: Iterable[str]) -> Iterator[tuple[str, Alike]]:
    """Yield the same for several columns in their order, each with its name.

    Two shares are sorted at a time: sorting leaves the interpreter to others.
    """
    parts = max(1, -(-spool.rows // SHARE))
    tasks = ((name, part) for name in names for part in range(parts))
    with ThreadPoolExecutor(_AT_A_TIME) as pool:

        def begun() -> Iterator[tuple[str, Future[Alike | None]]]:
            for name, part in islice(tasks, 1):
                yield name, pool.submit(_alike, spool, name, part, parts)

        waiting = deque(one for _ in range(_AT_A_TIME) for one in begun())
        while waiting:
            name, future = waiting.popleft()
            found = future.result()
            waiting.extend(begun())
            if found is not None:
                yield name, found


def _alike(spool: Spool, name: str, part: int, parts: int) -> Alike | None:
    values, rows = _share(spool, name, part, parts)
    again = np.flatnonzero(values[1:] == values[:-1]) + 1
    again = again[np.argsort(rows[again])]
    return Alike(rows[again], rows[again - 1], values[again]) if len(again) else None


def gather(spool: Spool, name: str, rows: Rows) -> NDArray[np.uint64]:
    """Give a column's values for rows in any order."""
    order = np.argsort(rows, kind="stable")
    found = spool.take(name, rows[order])
    back = np.empty_like(found)
    back[order] = found
    return back
