"""The case database of C4P version 5, an SQLite file: its pictures with their MD5s.

The words for the category numbers are the case's own; they go along with each record. A picture
that the database holds is only described.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.errors import HashSetError
from hashmatch.formats import sqlite_file
from hashmatch.formats.c4all import PICTURE, described, tagged
from hashmatch.formats.gathering import Gathering
from hashmatch.formats.hash_text import MD5
from hashmatch.formats.interface import Certainty

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.model.records import Json, ListEvent

_TABLE = "c4p_index"
_ROWS = f"SELECT * FROM {_TABLE}"  # noqa: S608  # a constant
_FOLDERS = "SELECT pathId, path FROM fileLookup"
_FOLDERS_LENGTH = 1 << 27
"""Characters of all folders together, each counted longer than it is; more are refused."""
_NEEDED = frozenset({"hash", "category"})


@dataclass(frozen=True, slots=True)
class C4p5:
    """Reads the index table of a C4P case database."""

    name: str = "c4p5"
    title: str = "C4P case database (SQLite)"
    has_categories: bool = True
    certainty: Certainty = Certainty.MAGIC
    takes: tuple[str, ...] = ()
    random_access: bool = True

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise the index table."""
        return _TABLE in sqlite_file.created(head)

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:  # noqa: ARG002
        """Read the pictures.

        Raises:
            HashSetError: it is no such database, or a damaged one.
        """
        with sqlite_file.opened(stream) as connection:
            tables = sqlite_file.columns(connection)
            if not tables.get(_TABLE, frozenset()) >= _NEEDED:
                msg = f"the database has no table {_TABLE} with hash and category; check --format"
                raise HashSetError(msg)
            words = _words(connection, tables)
            for place, row in enumerate(_rows(connection, tables), 1):
                yield from _record(place, row, words)


def _words(connection: sqlite3.Connection, tables: dict[str, frozenset[str]]) -> dict[str, Json]:
    """Give the case's words for its category numbers."""
    if "case_report" not in tables:
        return {}
    answer = connection.execute("SELECT * FROM case_report LIMIT 1")
    names = [str(column[0]).lower() for column in answer.description]
    row = answer.fetchone() or ()
    return {
        name.removeprefix("cat"): str(value)
        for name, value in zip(names, row, strict=False)
        if name[:3] == "cat" and name[3:].isdigit() and value
    }


def _rows(
    connection: sqlite3.Connection, tables: dict[str, frozenset[str]]
) -> Iterator[dict[str, Json]]:
    """Give the rows by column name, each with the folder on disk that its ``pathId`` names."""
    has_path = "pathid" in tables[_TABLE] and {"pathid", "path"} <= tables.get(
        "filelookup", frozenset()
    )
    folders = _folders(connection) if has_path else {}
    answer = connection.execute(_ROWS)
    names = [str(column[0]) for column in answer.description]
    for row in answer:
        fields = {name: _json(value) for name, value in zip(names, row, strict=True)}
        if has_path:
            number = next(fields[name] for name in names if name.lower() == "pathid")
            fields["lookedUpPath"] = folders.get(str(number))
        yield fields


def _folders(connection: sqlite3.Connection) -> dict[str, str]:
    """Give the folders by number; of several with one number the first in their order."""
    folders: dict[str, str] = {}
    length = 0
    for number, path in connection.execute(_FOLDERS):
        if isinstance(path, str):
            folders[str(number)] = min(path, folders.get(str(number), path))
            length += len(path) + 100
        if length > _FOLDERS_LENGTH:
            msg = "the database names far more folders than a case has; refused"
            raise HashSetError(msg)
    return folders


def _json(value: object) -> Json:
    if value is None or isinstance(value, int | float | str):
        return value
    return value.hex() if isinstance(value, bytes) else str(value)


def _record(place: int, row: dict[str, Json], words: dict[str, Json]) -> Iterator[ListEvent]:
    gathering = Gathering()
    plain = {name.lower(): value for name, value in row.items()}
    if text := _text(plain.get("hash")):
        gathering.take(MD5, text)
    category = _text(plain.get("category"))
    word = words.get(category or "")
    fields = described({PICTURE if name.lower() == "homepic" else name: row[name] for name in row})
    yield from gathering.events(
        place,
        fields if word is None else fields | {"category_word": word},
        entry=_text(plain.get("id")),
        category=category,
        size=gathering.size(_text(plain.get("filesize")) or ""),
        flags=tagged(plain.get("tagged"), gathering),
    )


def _text(value: Json) -> str | None:
    return None if value is None else str(value).strip() or None


FORMAT = C4p5()
