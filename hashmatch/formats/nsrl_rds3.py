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

from binascii import Error as NotHex
from binascii import unhexlify
from dataclasses import dataclass, replace
from itertools import groupby, islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

from hashmatch.errors import HashSetError
from hashmatch.formats.gathering import requiring_records
from hashmatch.formats.interface import Certainty
from hashmatch.formats.sqlite_file import columns, created, opened, unsorted
from hashmatch.formats.sqlite_values import Taken
from hashmatch.model.hashes import Algorithm, Digest
from hashmatch.model.records import HashRecord, ListFacts

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.model.records import Json, ListEvent

_Row: TypeAlias = "tuple[Any, ...]"

_ALGORITHMS = (Algorithm.SHA256, Algorithm.SHA1, Algorithm.MD5)
_ROWS = "SELECT sha256, sha1, md5, file_name, file_size, package_id FROM FILE"
_IN_ORDER = f"{_ROWS} ORDER BY sha256, sha1, md5"
_EXPECTED = {"sha256", "sha1", "md5", "file_name", "file_size", "package_id"}
_VERSION = ("version", "build_set", "build_date", "release_date", "description")
_GROUP = 1 << 20  # rows of one record; more of them make a second one


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
        with opened(stream) as connection:
            yield ListFacts(_facts(connection))
            in_order = unsorted(connection, _IN_ORDER)
            yield ListFacts({"order": "by hash" if in_order else "as stored"})
            # As bytes: texts are decoded where they are kept, once for each record.
            connection.text_factory = bytes
            answer = connection.execute(_IN_ORDER if in_order else _ROWS)
            yield from requiring_records(_events(answer), "the table FILE has no hash")


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


def _events(answer: Iterable[_Row]) -> Iterator[ListEvent]:
    place = 1
    for hashes, group in groupby(answer, itemgetter(0, 1, 2)):
        while rows := list(islice(group, _GROUP)):
            record = _regular(place, hashes, rows)
            if record is not None:
                yield record
            else:
                yield from _irregular(place, hashes, rows)
            place += len(rows)
    yield ListFacts({"rows": str(place - 1)})


def _regular(place: int, hashes: _Row, rows: list[_Row]) -> HashRecord | None:
    """Make the record of rows that have the same hashes; None where a cell is not as it should."""
    try:
        digests = tuple(map(Digest, _ALGORITHMS, map(unhexlify, hashes)))
    except (NotHex, TypeError, ValueError):
        return None
    _, _, _, name, size, package = rows[0]
    if len(rows) > 1 and {*map(itemgetter(4), rows)} != {size}:
        return None
    if not isinstance(size, int) or size < 0 or not isinstance(package, int):
        return None
    return HashRecord(place, digests, size=size, fields=_fields(name, rows), parts=_parts(rows))


def _irregular(place: int, hashes: _Row, rows: list[_Row]) -> Iterator[ListEvent]:
    """Read cell by cell, for the losses."""
    taken = Taken()
    for algorithm, value in zip(_ALGORITHMS, hashes, strict=True):
        taken.cell(algorithm, _text(value) if isinstance(value, bytes) else value)
    sizes = {_text(row[4]) for row in rows if row[4] is not None}
    size = taken.size(sizes.pop() if len(sizes) == 1 else "differs") if sizes else None
    for event in taken.events(place, _fields(rows[0][3], rows), size=size):
        yield replace(event, parts=_parts(rows)) if isinstance(event, HashRecord) else event


def _fields(name: object, rows: list[_Row]) -> dict[str, Json]:
    fields: dict[str, Json] = {"file_name": _text(name)}
    if len(rows) > 1:
        fields["file_names"] = len({*map(itemgetter(3), rows)})
    return fields


def _parts(rows: list[_Row]) -> tuple[str, ...]:
    return tuple(map(_text, dict.fromkeys(map(itemgetter(5), rows))))


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


FORMAT = NsrlRds3()
