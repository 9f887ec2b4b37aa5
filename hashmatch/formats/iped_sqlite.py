"""Hash databases of IPED: SQLite with one row of hashes and any number of named properties.

Values of one property are joined with ``|`` there, and are kept joined. ``status`` and ``set`` say
what the laboratory thought of a file; they stay fields, and the operator states what the list
means. ``EDONKEY`` is the ed2k hash, the property ``photoDna`` a PhotoDNA hash. Hashes of the first
bytes of files (``md5_512``, ``md5_64k``) are carried and not compared. Source: schema that IPED
4.2 creates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.errors import HashSetError
from hashmatch.formats.gathering import requiring_records
from hashmatch.formats.hash_text import Kind, kind_named
from hashmatch.formats.interface import Certainty
from hashmatch.formats.sqlite_file import columns, created, opened, refuse_views
from hashmatch.formats.sqlite_joined import joined
from hashmatch.formats.sqlite_values import Taken
from hashmatch.model.hashes import Algorithm
from hashmatch.model.records import ListFacts

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.formats.sqlite_joined import Beside, Row
    from hashmatch.model.records import Json, ListEvent

_ALGORITHMS = (
    Algorithm.MD5,
    Algorithm.SHA1,
    Algorithm.SHA256,
    Algorithm.SHA512,
    Algorithm.ED2K,
)
_MAIN = "SELECT HASH_ID, MD5, SHA1, SHA256, SHA512, EDONKEY FROM HASHES ORDER BY HASH_ID"
_BESIDE = (
    "SELECT HASH_ID, PROPERTY_ID, VALUE FROM HASHES_PROPERTIES WHERE HASH_ID BETWEEN ? AND ?",
)
_EXPECTED = {
    "hashes": {"hash_id", "md5", "sha1", "sha256", "sha512", "edonkey"},
    "properties": {"property_id", "property_name"},
    "hashes_properties": {"hash_id", "property_id", "value"},
}
_PROPERTIES = 10_000
_CARRIED = frozenset({"photodna", "md5_first_512", "md5_first_64k"})


@dataclass(frozen=True, slots=True)
class IpedSqlite:
    """Reads IPED's hash databases."""

    name: str = "iped-sqlite"
    title: str = "IPED hash database (iped-hashes.db)"
    has_categories: bool = False
    certainty: Certainty = Certainty.MAGIC
    takes: tuple[str, ...] = ()
    random_access: bool = True

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise a database that creates the tables of this format."""
        return created(head) >= {"hashes", "properties", "hashes_properties"}

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read the list; ``entry`` is the number of the row in the database.

        Raises:
            HashSetError: this is no such database, or it is damaged or empty.
        """
        del options  # nothing can be stated about such a file
        with opened(stream) as connection:
            names = _names(connection)
            yield ListFacts({"properties": str(len(names))})
            rows = enumerate(joined(connection, _MAIN, _BESIDE), start=1)
            events = (
                event for place, (row, beside) in rows for event in _row(place, row, beside, names)
            )
            yield from requiring_records(events, "the database has no hash")


def _names(connection: sqlite3.Connection) -> dict[int, str]:
    found = columns(connection)
    if any(not names <= found.get(table, frozenset()) for table, names in _EXPECTED.items()):
        msg = "the database has not the tables of an IPED hash database; check --format"
        raise HashSetError(msg)
    refuse_views(connection, _EXPECTED)
    answer = connection.execute("SELECT PROPERTY_ID, PROPERTY_NAME FROM PROPERTIES")
    names = {row[0]: str(row[1]) for row in answer.fetchmany(_PROPERTIES)}
    if answer.fetchone() is not None:
        msg = f"the database names more than {_PROPERTIES} properties; refused"
        raise HashSetError(msg)
    return names


def _row(place: int, row: Row, beside: Beside, names: Mapping[int, str]) -> Iterator[ListEvent]:
    taken = Taken()
    for algorithm, value in zip(_ALGORITHMS, row[1:], strict=True):
        taken.cell(algorithm, value)
    fields: dict[str, Json] = {}
    for number, value in beside[0]:
        name = names.get(number, str(number))
        name = f"{name}#{number}" if name in fields else name
        text = taken.text(value)
        fields[name] = text
        kind = kind_named(name)
        if text and kind is not None and kind.name in _CARRIED:
            _take_all(taken, kind, text)
    return taken.events(place, fields, entry=str(row[0]), size=_size(taken, fields))


def _take_all(taken: Taken, kind: Kind, text: str) -> None:
    for value in text.split("|"):
        taken.take(kind, value)


def _size(taken: Taken, fields: Mapping[str, Json]) -> int | None:
    """Give the length of the file, where IPED's property for it has one value."""
    text = fields.get("fileLength")
    return taken.size(text) if isinstance(text, str) and "|" not in text else None


FORMAT = IpedSqlite()
