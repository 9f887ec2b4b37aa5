"""The known files of an audit: rows of any list that gives names and digests.

Lists are read by the importers, which decode names as text; names are therefore compared as that
text. Where a list also holds a name's exact bytes, as those of ``hashmatch hash`` do, they count.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from hashmatch.errors import HashSetError
from hashmatch.formats.hash_text import plain_name
from hashmatch.formats.interface import HEAD_SIZE
from hashmatch.hashing.quick import QUICK
from hashmatch.jobs.lint_reading import Words, reading
from hashmatch.jobs.list_files import head_of, sources_of
from hashmatch.model.hashes import Algorithm, unhex
from hashmatch.model.names import from_json
from hashmatch.model.records import Dropped, HashRecord, RecordBatch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from hashmatch.jobs.list_files import ListSource
    from hashmatch.model.records import Json

_NAMES = ("filename", "path", "filepath", "file", "name")
_LONGEST = 1 << 20  # characters of a line


@dataclass(frozen=True, slots=True)
class Row:
    """One known file. ``name`` is empty where the list gives none, ``size`` None likewise."""

    name: str
    size: int | None
    digests: tuple[tuple[Algorithm, str], ...]


@dataclass(frozen=True, slots=True)
class Known:
    """All rows of all lists, in their order. ``lost`` counts what of the lists was not readable."""

    rows: tuple[Row, ...]
    lost: int

    @property
    def algorithms(self) -> tuple[Algorithm, ...]:
        """The digests by which files can be compared."""
        carried = {algorithm for row in self.rows for algorithm, _ in row.digests}
        return tuple(one for one in QUICK if one in carried)

    @property
    def absolute(self) -> bool:
        """Whether all names are absolute paths."""
        return all(row.name.startswith("/") for row in self.rows)


def key_of(name: bytes) -> str:
    """Give a file's name as a list would be read that holds it."""
    for encoding in ("utf-8", "cp1252"):
        try:
            return name.decode(encoding)
        except UnicodeDecodeError:
            continue
    return name.decode("latin-1")


def read(paths: Sequence[Path]) -> Known:
    """Read lists.

    Raises:
        UsageError: a list is missing.
        HashSetError: one is not recognised, holds no names, or nothing that can be compared.
    """
    rows: list[Row] = []
    lost = 0
    for source in sources_of(paths):
        before = len(rows)
        for row in _rows(source):
            if row is None:
                lost += 1
            else:
                rows.append(row)
        if not any(row.name for row in rows[before:]):
            msg = f"{source.name} holds no names of files; an audit needs them beside the digests"
            raise HashSetError(msg)
    known = Known(tuple(rows), lost)
    if not known.algorithms:
        msg = f"the lists hold none of {', '.join(QUICK)}; make a list with 'hashmatch hash'"
        raise HashSetError(msg)
    return known


def _rows(source: ListSource) -> Iterator[Row | None]:
    with source.opened() as opened:
        head = head_of(opened.stream, HEAD_SIZE, source.name)
    if _is_own(head):
        yield from _own(source)
        return
    with reading(source, Words()) as open_list:
        for event in open_list.events:
            if isinstance(event, Dropped):
                yield None
            elif isinstance(event, RecordBatch):
                yield from map(_row, event.records())
            elif isinstance(event, HashRecord):
                yield _row(event)


def _row(record: HashRecord) -> Row:
    digests = {one.algorithm: one.hex for one in reversed(record.digests)}
    return Row(_name(record.fields), record.size, tuple(sorted(digests.items())))


def _name(fields: Mapping[str, Json]) -> str:
    """Give the name: its exact bytes where they are there, else the text."""
    for key, value in fields.items():
        if not isinstance(value, str) or not value:
            continue
        try:
            if key == "path_hex":
                return key_of(bytes.fromhex(value))
            if key.rpartition(":")[2] == "path_b64":
                return key_of(base64.b64decode(value, validate=True))
        except (ValueError, binascii.Error):
            continue  # somebody else's column of that name
    texts = {plain_name(key): value for key, value in fields.items() if len(key) < 64}
    found = (texts.get(name) for name in _NAMES)
    return next((text for text in found if isinstance(text, str) and text), "")


def _is_own(head: bytes) -> bool:
    """Tell whether a list is JSON lines as ``hashmatch hash`` writes them."""
    try:
        first = json.loads(head.split(b"\n", 1)[0])
    except (ValueError, RecursionError):
        return False
    return isinstance(first, dict) and "path" in first and not first.keys().isdisjoint(QUICK)


def _own(source: ListSource) -> Iterator[Row | None]:
    with source.opened() as opened:
        while line := opened.stream.readline(_LONGEST):
            if not line.isspace():
                yield _own_row(line)


def _own_row(line: bytes) -> Row | None:
    try:
        fields = cast("dict[str, object]", json.loads(line))
        size = fields.get("size")
        digests = tuple(
            (one, unhex(str(fields[one])).hex()) for one in QUICK if fields.get(one) is not None
        )
        if any(len(value) != 2 * one.size for one, value in digests) or not digests:
            return None
        return Row(key_of(from_json(fields)), size if isinstance(size, int) else None, digests)
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None
