"""Changes between two releases of a minimal NSRL set: SQL text, read and never executed.

An inserted row is a record of one package, a deleted row takes that package's record back. Rows
of other tables have no hashes and are counted. Everything else is refused with its line, also
changes of a full set: its rows name no package. A row is deleted by name: a package that still
holds the same content under another name is then taken back too, which errs towards not known.
Source: NIST, "RDSv3 Schema"; release notes of the deltas.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.errors import HashSetError
from hashmatch.formats.gathering import Gathering
from hashmatch.formats.hash_text import BY_TYPE
from hashmatch.formats.interface import Certainty
from hashmatch.formats.sql_text import statements
from hashmatch.formats.text import TextLines, opening_lines
from hashmatch.model.records import Dropped, HashRecord, ListFacts, Loss, Withdrawn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.formats.sql_text import Literal, Statement
    from hashmatch.model.records import Json, ListEvent

_BEGINS = re.compile(
    r"(INSERT INTO|DELETE FROM|UPDATE)\s+\"?(FILE|METADATA|PKG|MFG|OS|VERSION)\b", re.IGNORECASE
)
_WITHOUT_HASHES = frozenset({"pkg", "mfg", "os", "version"})
_COLUMNS = ("sha256", "sha1", "md5", "crc32", "file_name", "file_size", "package_id")
_HASHES = ("sha256", "sha1", "md5")


@dataclass(frozen=True, slots=True)
class NsrlDelta:
    """Reads the NSRL's lists of changes."""

    name: str = "nsrl-delta"
    title: str = "NSRL RDS 3 minimal delta (.sql)"
    has_categories: bool = False
    certainty: Certainty = Certainty.HEADER
    takes: tuple[str, ...] = ()

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise statements on the tables of the NSRL."""
        lines = [line for line in opening_lines(head) if not line.startswith("--")]
        if lines and re.fullmatch(r"BEGIN( TRANSACTION)?;", lines[0], re.IGNORECASE):
            del lines[0]
        return bool(lines) and _BEGINS.match(lines[0]) is not None

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read the changes.

        Raises:
            HashSetError: a statement is of another kind, the transaction does not end, or no
                row of FILE changes.
        """
        lines = TextLines(stream, options)
        changes = _Changes()
        for statement in statements(lines, options.maximum_line):
            yield from changes.take(statement)
        yield ListFacts({"format_version": "3", "shape": "delta", "looks_benign": "nsrl"})
        yield changes.finish()
        yield lines.facts()


class _Changes:
    """Counts what was read, and knows whether a transaction is open."""

    def __init__(self) -> None:
        self._open = False
        self._rows = 0
        self._others = 0

    def take(self, statement: Statement) -> Iterator[ListEvent]:
        """Give the events of one statement."""
        if statement.is_at("BEGIN"):
            statement.is_at("TRANSACTION")
            statement.end()
            self._open = True
        elif statement.is_at("COMMIT") or statement.is_at("END"):
            statement.is_at("TRANSACTION")
            statement.end()
            self._open = False
        elif statement.is_at("INSERT", "INTO"):
            yield from self._insert(statement)
        elif statement.is_at("DELETE", "FROM"):
            yield from self._delete(statement)
        else:
            statement.expect("UPDATE")
            self._update(statement)

    def finish(self) -> ListFacts:
        """Count what was passed over."""
        if self._open:
            msg = "the transaction does not end with COMMIT; the file is cut off, get a whole copy"
            raise HashSetError(msg)
        if not self._rows:
            msg = "no statement changes a row of FILE; check --format, or there is nothing to do"
            raise HashSetError(msg)
        return ListFacts({"rows": str(self._rows), "rows_without_hashes": str(self._others)})

    def _insert(self, statement: Statement) -> Iterator[ListEvent]:
        if not self._of_file(statement):
            return
        columns = _list(statement) if statement.is_at("(") else [*_COLUMNS]
        if not {*_HASHES, "package_id"} <= {*columns} <= {*_COLUMNS}:
            raise statement.refusal()
        statement.expect("VALUES")
        while True:
            statement.expect("(")
            values = [statement.literal()]
            while statement.is_at(","):
                values.append(statement.literal())
            statement.expect(")")
            if len(values) != len(columns):
                raise statement.refusal()
            self._rows += 1
            yield from _inserted(self._rows, dict(zip(columns, values, strict=True)))
            if not statement.is_at(","):
                break
        statement.end()

    def _delete(self, statement: Statement) -> Iterator[ListEvent]:
        if not self._of_file(statement):
            return
        row = _conditions(statement)
        if row.get("package_id") is None or not any(row.get(name) for name in _HASHES):
            raise statement.refusal()
        self._rows += 1
        yield _deleted(self._rows, row)

    def _update(self, statement: Statement) -> None:
        if not self._of_file(statement):
            return
        statement.expect("SET")
        changed = statement.name()
        statement.expect("=")
        statement.literal()
        _conditions(statement)
        if changed != "crc32":  # which is not kept
            raise statement.refusal()
        self._others += 1

    def _of_file(self, statement: Statement) -> bool:
        """Tell whether the statement is on FILE; one on a table without hashes is counted."""
        table = statement.name()
        if table in _WITHOUT_HASHES:
            self._others += 1
            return False
        if table == "metadata":
            msg = (
                f"line {statement.line} changes a full set, whose rows name no package; apply the"
                " changes to a copy of its database with sqlite3 and import that"
            )
            raise HashSetError(msg)
        if table != "file":
            raise statement.refusal()
        return True


def _list(statement: Statement) -> list[str]:
    names = [statement.name()]
    while statement.is_at(","):
        names.append(statement.name())
    statement.expect(")")
    return names


def _conditions(statement: Statement) -> dict[str, Literal]:
    """Read ``WHERE a=1 AND b='x'``, the only condition that is taken."""
    statement.expect("WHERE")
    row: dict[str, Literal] = {}
    while True:
        name = statement.name()
        statement.expect("=")
        if name not in _COLUMNS or name in row:
            raise statement.refusal()
        row[name] = statement.literal()
        if not statement.is_at("AND"):
            break
    statement.end()
    return row


def _hashes(row: dict[str, Literal]) -> Gathering:
    gathering = Gathering()
    for name in _HASHES:
        if (value := row.get(name)) is not None and str(value).strip():
            gathering.take(BY_TYPE[name], str(value))
    return gathering


def _inserted(place: int, row: dict[str, Literal]) -> Iterator[ListEvent]:
    gathering = _hashes(row)
    fields: dict[str, Json] = {}
    if "file_name" in row:
        fields["file_name"] = row["file_name"]
    size = row.get("file_size")
    length = gathering.size("" if size is None else str(size))
    part = row["package_id"]
    for event in gathering.events(place, fields, size=length):
        if isinstance(event, HashRecord):
            parts = () if part is None else (str(part),)
            yield HashRecord(place, event.digests, size=length, fields=fields, parts=parts)
        else:
            yield event


def _deleted(place: int, row: dict[str, Literal]) -> ListEvent:
    """Take back by the hashes that are right; a wrong one must not take back anything else."""
    gathering = _hashes(row)
    if gathering.losses:
        return Dropped(place, Loss.BAD_VALUE)
    return Withdrawn(place, digests=gathering.digests, part=str(row["package_id"]))


FORMAT = NsrlDelta()
