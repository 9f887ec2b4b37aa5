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
_ROWS_BESIDE = 2_000_000


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
            more rows belong to one window than any list has.
    """
    if not unsorted(connection, main):
        msg = "the database has no key by which its records could be read in order; get a good copy"
        raise HashSetError(msg)
    answer = connection.execute(main)
    last = None
    while rows := answer.fetchmany(_WINDOW):
        keys = [row[0] for row in rows]
        if not all(isinstance(key, int) for key in keys) or sorted({*keys}) != keys:
            msg = "the records of the database are not numbered; get a good copy"
            raise HashSetError(msg)
        if last is not None and keys[0] <= last:
            msg = "the records of the database repeat a number; get a good copy"
            raise HashSetError(msg)
        last = keys[-1]
        found = [_by_key(connection, query, keys[0], last) for query in beside]
        for row in rows:
            yield row, [one.get(row[0], []) for one in found]


def _by_key(
    connection: sqlite3.Connection, query: str, first: int, last: int
) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for count, row in enumerate(connection.execute(query, (first, last))):
        if count >= _ROWS_BESIDE:
            msg = f"more than {_ROWS_BESIDE} texts belong to {_WINDOW} records; refused"
            raise HashSetError(msg)
        found.setdefault(row[0], []).append(row[1:])
    return found
