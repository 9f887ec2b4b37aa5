"""NSRL Reference Data Set 3: SQLite, minimal or full, one row for each file in each package.

Known files, not harmless ones. Rows that follow one another with the same three hashes become one
record, whose ``parts`` are the packages. Where the database has an index by hash, as the minimal
sets have, that is one record for each file content. Where it has none, as the full sets, rows are
taken as they are stored, because a sort of hundreds of millions would have to be held in memory: a
content may then have several records, each with its own packages, and look-ups and withdrawals
find the same. Of a record's file names the first and their number are kept; CRC-32 is left out.
Source: NIST, "RDSv3 Schema".
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from hashmatch.errors import HashSetError
from hashmatch.formats.interface import Certainty
from hashmatch.formats.nsrl_rows import chunks, events_of, one_by_one
from hashmatch.formats.sqlite_file import columns, created, opened, unsorted
from hashmatch.model.records import HashRecord, ListFacts, RecordBatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.formats.nsrl_rows import Row
    from hashmatch.model.records import FastEvent, ListEvent

_Event = TypeVar("_Event")
_ROWS = "SELECT sha256, sha1, md5, file_name, file_size, package_id FROM FILE"
_IN_ORDER = f"{_ROWS} ORDER BY sha256, sha1, md5"
_EXPECTED = {"sha256", "sha1", "md5", "file_name", "file_size", "package_id"}
_LONGEST = 1 << 13
_VERSION = ("version", "build_set", "build_date", "release_date", "description")


@dataclass(frozen=True, slots=True)
class NsrlRds3:
    """Reads the NSRL's databases."""

    name: str = "nsrl-rds3"
    title: str = "NSRL RDS 3 database (minimal or full)"
    has_categories: bool = False
    certainty: Certainty = Certainty.MAGIC
    takes: tuple[str, ...] = ()
    random_access: bool = True

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise a database that creates the tables of either set."""
        tables = created(head)
        return tables >= {"file", "pkg"} or tables >= {"metadata", "package_object"}

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read the list.

        Raises:
            HashSetError: this is no such database, or it is damaged or empty.
        """
        del options  # nothing can be stated about such a file
        return _read(stream, one_by_one)

    def read_batches(self, stream: BinaryIO, options: ReadOptions) -> Iterator[FastEvent]:
        """Read as :meth:`read`; raises the same."""
        del options
        return _read(stream, events_of)


def _read(
    stream: BinaryIO, events: Callable[[int, list[Row]], Iterator[_Event]]
) -> Iterator[_Event | ListFacts]:
    with opened(stream) as connection:
        yield ListFacts(_facts(connection))
        in_order = unsorted(connection, _IN_ORDER)
        yield ListFacts({"order": "by hash" if in_order else "as stored"})
        # No name of a file is as long; a view could make up rows that are.
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
        # As bytes: texts are decoded where they are kept, once for each record.
        connection.text_factory = bytes
        answer = connection.execute(_IN_ORDER if in_order else _ROWS)
        place, found = 1, False
        for rows in chunks(answer):
            for event in events(place, rows):
                found = found or isinstance(event, HashRecord | RecordBatch)
                yield event
            place += len(rows)
        if not found:
            msg = "the table FILE has no hash"
            raise HashSetError(msg)
        yield ListFacts({"rows": str(place - 1)})


def _facts(connection: sqlite3.Connection) -> dict[str, str]:
    found = columns(connection)
    if not found.get("file", frozenset()) >= _EXPECTED:
        msg = "the database has no table or view FILE as the NSRL's have; check --format"
        raise HashSetError(msg)
    shape = "full" if "metadata" in found else "minimal"
    facts = {"format_version": "3", "shape": shape, "looks_benign": "nsrl"}
    if found.get("version", frozenset()) >= {*_VERSION}:
        query = "SELECT version, build_set, build_date, release_date, description FROM VERSION"
        said = connection.execute(query).fetchone() or ()
        facts.update(
            {f"rds_{name}": str(value) for name, value in zip(_VERSION, said, strict=False)}
        )
    packages = "application" if shape == "full" else "pkg"
    if packages in found:
        count = connection.execute(f"SELECT count(*) FROM {packages}")  # noqa: S608  # of two words
        facts["packages"] = str(count.fetchone()[0])
    return facts


FORMAT = NsrlRds3()
