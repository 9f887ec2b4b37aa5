"""SQLite files from outside, opened so that they can only be read.

Nothing is written, no extension is loaded, no function that a schema names is trusted, and a
database that asks for more work than its size explains is stopped. A file whose latest changes
stand in a second file (a write-ahead log, a journal) is refused: read alone it would be an older
list, and nothing would show it. Source: SQLite database file format; SQLite, "Defense Against
The Dark Arts".
"""

from __future__ import annotations

import os
import re
import sqlite3
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.errors import HashSetError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAGIC = b"SQLite format 3\x00"
IN_MEMORY = 1 << 28
"""Bytes of a database that has to be held in memory: one that is no file of its own."""
LONGEST = 1 << 24
"""Bytes that one value or row of a database may have."""

_HEADER = 100
_CREATES = re.compile(rb"CREATE (?:TABLE|VIEW) (?:IF NOT EXISTS )?[\"'`\[]?(\w+)", re.IGNORECASE)
_STEP = 100_000
_STEPS_ANYWAY = 500  # half a second or so
_STEPS_PER_MEGABYTE = 640
_LIMITS = (
    (sqlite3.SQLITE_LIMIT_LENGTH, LONGEST),
    (sqlite3.SQLITE_LIMIT_ATTACHED, 0),
    (sqlite3.SQLITE_LIMIT_EXPR_DEPTH, 100),
    (sqlite3.SQLITE_LIMIT_COMPOUND_SELECT, 20),
    (sqlite3.SQLITE_LIMIT_VDBE_OP, 25_000),
)
_SETTINGS = (
    "PRAGMA trusted_schema=OFF",
    "PRAGMA cell_size_check=ON",
    "PRAGMA query_only=ON",
    "PRAGMA mmap_size=0",
    "PRAGMA temp_store=MEMORY",  # what a list holds is written nowhere
    "PRAGMA automatic_index=OFF",
)
_ALLOWED = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION})


def created(head: bytes) -> frozenset[str]:
    """Give the lower-case names of tables and views that the beginning of a database creates.

    For recognition only. Empty for a file that is no database.
    """
    if not head.startswith(MAGIC):
        return frozenset()
    return frozenset(name.decode("ascii", "replace").lower() for name in _CREATES.findall(head))


@contextmanager
def opened(stream: BinaryIO) -> Iterator[sqlite3.Connection]:
    """Open a database for reading: a real file in place, any other stream from memory.

    Text that is not UTF-8 is read with U+FFFD for the damage. Only SELECT works. Large answers
    must come in the order in which they are stored or indexed: a sort would be held in memory.

    Raises:
        HashSetError: this is no SQLite database, it is cut off, its latest changes are not in
            it, or it turns out to be damaged while the block runs.
    """
    start = stream.read(_HEADER)
    _refuse_other(start)
    try:
        with closing(_connect(start, stream)) as connection:
            yield connection
    except (sqlite3.Error, UnicodeDecodeError) as error:  # the latter: an error's own words
        raise _damaged(error) from None


def columns(connection: sqlite3.Connection) -> dict[str, frozenset[str]]:
    """Give the lower-case column names of every table and view by its lower-case name.

    Raises:
        HashSetError: a table is virtual, so that code of an extension would read it.
    """
    rows = connection.execute(
        "SELECT lower(name), sql FROM sqlite_schema WHERE type IN ('table', 'view') LIMIT 1000"
    ).fetchall()
    found: dict[str, frozenset[str]] = {}
    for name, sql in rows:
        if str(sql).lstrip()[:14].upper() == "CREATE VIRTUAL":
            msg = "the database has a virtual table; expected plain tables, export them to a copy"
            raise HashSetError(msg)
        quoted = str(name).replace('"', '""')
        answer = connection.execute(f'SELECT * FROM "{quoted}" LIMIT 0')  # noqa: S608  # quoted
        found[str(name)] = frozenset(str(column[0]).lower() for column in answer.description)
    return found


def refuse_views(connection: sqlite3.Connection, tables: Iterable[str]) -> None:
    """Refuse a database that computes what it should hold: a view has no size that bounds it.

    Args:
        connection: of the database.
        tables: lower-case names.

    Raises:
        HashSetError: one of them is a view.
    """
    rows = connection.execute("SELECT lower(name) FROM sqlite_schema WHERE type = 'view'")
    if not {row[0] for row in rows.fetchmany(1000)}.isdisjoint(tables):
        msg = "the database has a view where a table is expected; get an original copy"
        raise HashSetError(msg)


def unsorted(connection: sqlite3.Connection, query: str) -> bool:
    """Tell whether a query is answered in the order asked for without a sort in memory.

    Args:
        connection: of the database.
        query: a SELECT without parameters.
    """
    plan = connection.execute(f"EXPLAIN QUERY PLAN {query}").fetchall()
    return not any("TEMP B-TREE" in str(step[-1]) for step in plan)


def _connect(start: bytes, stream: BinaryIO) -> sqlite3.Connection:
    try:
        descriptor = stream.fileno()
    except OSError:
        return _from_memory(start, stream)
    return _from_file(start, descriptor)


def _refuse_other(start: bytes) -> None:
    if not start.startswith(MAGIC) or len(start) < _HEADER:
        msg = "the file does not begin as an SQLite database does; check --format"
        raise HashSetError(msg)
    if start[18] == 2 or start[19] == 2:
        msg = (
            "the database keeps changes in a second file (write-ahead log), so this file may be"
            " incomplete; make it whole with: sqlite3 FILE 'PRAGMA journal_mode=DELETE'"
        )
        raise HashSetError(msg)


def _refuse_cut(start: bytes, size: int) -> None:
    """Compare the size with the number of pages, where the header's number is up to date."""
    page = int.from_bytes(start[16:18], "big")
    page = 65536 if page == 1 else page
    pages = int.from_bytes(start[28:32], "big")
    if pages and start[24:28] == start[92:96] and pages * page != size:
        msg = (
            f"the database says that it has {pages} pages of {page} bytes, the file has {size}"
            " bytes; it is cut off or was being written, get a whole copy"
        )
        raise HashSetError(msg)


def _from_file(start: bytes, descriptor: int) -> sqlite3.Connection:
    link = Path(f"/proc/self/fd/{descriptor}")
    target = link.readlink()
    for ending in ("-wal", "-journal"):
        _refuse_beside(target, ending)
    size = os.fstat(descriptor).st_size
    _refuse_cut(start, size)
    connection = sqlite3.connect(f"file:{link}?mode=ro&immutable=1", uri=True)
    # SQLite follows the link to a name; that name must still be the file that was opened.
    if not _same(target, descriptor):
        connection.close()
        msg = "the database was replaced or removed while it was being opened; try again"
        raise HashSetError(msg)
    return _defended(connection, size)


def _refuse_beside(target: Path, ending: str) -> None:
    try:
        size = target.with_name(target.name + ending).stat().st_size
    except OSError:  # there is none, or none that could be read
        return
    if size:
        msg = (
            f"a file with the ending {ending} stands beside the database, so changes are not in it"
            " yet; close the program that writes it, or make a copy with it"
        )
        raise HashSetError(msg)


def _same(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except OSError:
        return False


def _from_memory(start: bytes, stream: BinaryIO) -> sqlite3.Connection:
    data = start + stream.read(IN_MEMORY)
    if len(data) > IN_MEMORY:
        msg = (
            f"the database is packed and larger than {IN_MEMORY >> 20} MiB; unpack it to a file"
            " and import that"
        )
        raise HashSetError(msg)
    _refuse_cut(start, len(data))
    connection = sqlite3.connect(":memory:")
    connection.deserialize(data)
    return _defended(connection, len(data))


def _defended(connection: sqlite3.Connection, size: int) -> sqlite3.Connection:
    for limit, value in _LIMITS:
        connection.setlimit(limit, value)
    for setting in _SETTINGS:
        connection.execute(setting)
    connection.text_factory = _text
    connection.set_authorizer(_authorize)
    connection.set_progress_handler(_Allowance(size), _STEP)
    return connection


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _authorize(action: int, *_names: str | None) -> int:
    return sqlite3.SQLITE_OK if action in _ALLOWED else sqlite3.SQLITE_DENY


class _Allowance:
    """Stops a database that computes far longer than reading all of it takes."""

    def __init__(self, size: int) -> None:
        self._left = _STEPS_ANYWAY + _STEPS_PER_MEGABYTE * (size >> 20)

    def __call__(self) -> bool:
        self._left -= 1
        return self._left < 0


def _damaged(error: Exception) -> HashSetError:
    reason = getattr(error, "sqlite_errorname", type(error).__name__)
    if reason == "SQLITE_INTERRUPT":
        return HashSetError("the database asks for more work than its size explains; refused")
    return HashSetError(f"the database is damaged or not what it says ({reason}); get a good copy")
