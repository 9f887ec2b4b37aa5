"""Rows of a database with the rows of other tables that belong to them, a window at a time.

Neither a sort nor all of a table is ever held in memory: the main table is read in the order of
its key, and for each window of keys the other tables are asked for what belongs to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from hashmatch.errors import HashSetError
from hashmatch.formats.sqlite_file import unsorted

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

Row: TypeAlias = tuple[Any, ...]
Beside: TypeAlias = list[list[Row]]

_WINDOW = 50_000
_ROWS_BESIDE = 1_000_000
_LONGEST = 1 << 26
"""Characters and bytes that are held of one table."""


def joined(
    connection: sqlite3.Connection, main: str, beside: Sequence[str]
) -> Iterator[tuple[Row, Beside]]:
    """Give each row of the main table with its rows of every other one.

    Args:
        connection: of the database.
        main: a SELECT in the order of its first column, a number that no two rows share.
        beside: SELECTs whose first column is such a number, with ``BETWEEN ? AND ?`` on it.

    Raises:
        HashSetError: the order is not that of a key, a key is not a number or repeats, or far
            more belongs to one row than any list has.
    """
    if not unsorted(connection, main):
        msg = "the database has no key by which its records could be read in order; get a good copy"
        raise HashSetError(msg)
    last = None
    for rows in _windows(connection.execute(main)):
        keys = [row[0] for row in rows]
        if not all(isinstance(key, int) for key in keys) or sorted({*keys}) != keys:
            msg = "the records of the database are not numbered; get a good copy"
            raise HashSetError(msg)
        if last is not None and keys[0] <= last:
            msg = "the records of the database repeat a number; get a good copy"
            raise HashSetError(msg)
        last = keys[-1]
        yield from _with_beside(connection, rows, beside)


def _windows(answer: sqlite3.Cursor) -> Iterator[list[Row]]:
    rows: list[Row] = []
    length = 0
    for row in answer:
        rows.append(row)
        length += _length(row)
        if len(rows) == _WINDOW or length > _LONGEST:
            yield rows
            rows, length = [], 0
    if rows:
        yield rows


def _with_beside(
    connection: sqlite3.Connection, rows: list[Row], beside: Sequence[str]
) -> Iterator[tuple[Row, Beside]]:
    """Join a window; in halves where too much belongs to it for all to be held."""
    first, last = rows[0][0], rows[-1][0]
    found: list[dict[int, list[Row]]] = []
    for query in beside:
        one = _by_key(connection, query, first, last)
        if one is None:
            break
        found.append(one)
    if len(found) == len(beside):
        for row in rows:
            yield row, [one.get(row[0], []) for one in found]
        return
    if len(rows) == 1:
        msg = f"more than {_ROWS_BESIDE} texts, or far too long ones, belong to one record; refused"
        raise HashSetError(msg)
    found.clear()
    middle = len(rows) // 2
    yield from _with_beside(connection, rows[:middle], beside)
    yield from _with_beside(connection, rows[middle:], beside)


def _by_key(
    connection: sqlite3.Connection, query: str, first: int, last: int
) -> dict[int, list[Row]] | None:
    """Give the rows beside a window; None when they are too many or too long."""
    found: dict[int, list[Row]] = {}
    length = 0
    for count, row in enumerate(connection.execute(query, (first, last))):
        length += _length(row)
        if count >= _ROWS_BESIDE or length > _LONGEST:
            return None
        found.setdefault(row[0], []).append(row[1:])
    return found


def _length(row: Row) -> int:
    return sum(len(cell) for cell in row if isinstance(cell, str | bytes))
