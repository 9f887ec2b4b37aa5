"""Hash databases of Autopsy and The Sleuth Kit (``.kdb``): SQLite with names and comments.

Whether the hashes are of known, notable or other files is not in the file: Autopsy keeps it in its
settings, and the operator states it as for every list. Source: The Sleuth Kit 4.11, schema
version 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.errors import HashSetError
from hashmatch.formats.gathering import requiring_records
from hashmatch.formats.interface import Certainty
from hashmatch.formats.sqlite_file import columns, created, opened, refuse_views
from hashmatch.formats.sqlite_joined import joined
from hashmatch.formats.sqlite_values import Taken
from hashmatch.model.hashes import Algorithm
from hashmatch.model.records import ListFacts

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.formats.sqlite_joined import Beside, Row
    from hashmatch.model.records import Json, ListEvent

_ALGORITHMS = (Algorithm.MD5, Algorithm.SHA1, Algorithm.SHA256)
_VERSION = "1"
_MAIN = "SELECT id, md5, sha1, sha2_256 FROM hashes ORDER BY id"
_BESIDE = (
    "SELECT hash_id, name FROM file_names WHERE hash_id BETWEEN ? AND ?",
    "SELECT hash_id, comment FROM comments WHERE hash_id BETWEEN ? AND ?",
)
_EXPECTED = {
    "db_properties": {"name", "value"},
    "hashes": {"id", "md5", "sha1", "sha2_256"},
    "file_names": {"name", "hash_id"},
    "comments": {"comment", "hash_id"},
}


@dataclass(frozen=True, slots=True)
class AutopsyKdb:
    """Reads Autopsy's hash databases."""

    name: str = "autopsy-kdb"
    title: str = "Autopsy hash database (.kdb)"
    has_categories: bool = False
    certainty: Certainty = Certainty.MAGIC
    takes: tuple[str, ...] = ()
    random_access: bool = True

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise a database that creates the tables of this format."""
        return created(head) >= {"hashes", "db_properties"}

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read the list; ``entry`` is the number of the hash in the database.

        Raises:
            HashSetError: this is no such database, or of another version, or damaged or empty.
        """
        del options  # nothing can be stated about such a file
        with opened(stream) as connection:
            yield ListFacts({"format_version": _checked(connection)})
            rows = enumerate(joined(connection, _MAIN, _BESIDE), start=1)
            events = (event for place, (row, beside) in rows for event in _row(place, row, beside))
            yield from requiring_records(events, "the database has no hash")


def _checked(connection: sqlite3.Connection) -> str:
    found = columns(connection)
    if any(not names <= found.get(table, frozenset()) for table, names in _EXPECTED.items()):
        msg = "the database has not the tables of an Autopsy hash database; check --format"
        raise HashSetError(msg)
    refuse_views(connection, _EXPECTED)
    query = "SELECT value FROM db_properties WHERE name = 'Schema Version' LIMIT 2"
    versions = [str(row[0]) for row in connection.execute(query)]
    if versions != [_VERSION]:
        msg = f"the database is not of schema version {_VERSION}, the only one that is known"
        raise HashSetError(msg)
    return _VERSION


def _row(place: int, row: Row, beside: Beside) -> Iterator[ListEvent]:
    taken = Taken()
    for algorithm, value in zip(_ALGORITHMS, row[1:], strict=True):
        taken.cell(algorithm, value)
    fields: dict[str, Json] = {}
    for name, rows in zip(("names", "comments"), beside, strict=True):
        if rows:
            fields[name] = [taken.text(value) for (value,) in rows]
    return taken.events(place, fields, entry=str(row[0]))


FORMAT = AutopsyKdb()
