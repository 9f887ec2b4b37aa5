"""Delimited tables: CSV and its relatives, with columns named or mapped.

The delimiter is found by which one makes the header readable, never by locale. Cells are text:
leading zeros stay, and what a spreadsheet damaged (``1.2E+31``, 31 digits) is a loss. A column of
64 hexadecimal digits whose header says neither SHA-256 nor PDQ is refused, since the wrong guess
would never hit.
"""

from __future__ import annotations

import itertools
import string
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.errors import HashSetError
from hashmatch.formats import csv_columns
from hashmatch.formats.csv_rows import DELIMITERS, Rows, split
from hashmatch.formats.gathering import Gathering
from hashmatch.formats.hash_text import BY_TYPE, PDQ, kind_named
from hashmatch.formats.interface import Certainty, ReadOptions
from hashmatch.formats.text import TextLines, opening_lines
from hashmatch.model.hashes import Method
from hashmatch.model.records import Dropped, ListFacts, Loss

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hashmatch.formats.csv_columns import Columns
    from hashmatch.formats.hash_text import Kind
    from hashmatch.model.records import ListEvent

_HEX = frozenset(string.hexdigits)
_HASH_LENGTHS = frozenset(2 * kind.size for kind in BY_TYPE.values())
_ANY = ReadOptions(algorithm="md5")
_LOOKED_AT = 1000
"""Rows at the beginning in which columns without a known name are looked at."""


@dataclass(frozen=True, slots=True)
class CsvTable:
    """Reads delimited tables."""

    name: str = "csv"
    title: str = "table with delimiters (CSV, TSV, semicolons)"
    has_categories: bool = True
    certainty: Certainty = Certainty.TABLE
    takes: tuple[str, ...] = ("type", "map", "delimiter")

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise a first line of several columns of which one is named after a hash."""
        lines = opening_lines(head)
        if lines and _stated_delimiter(lines[0]):
            del lines[0]
        if not lines:
            return False
        cells = split(lines[0], _delimiter(lines[0], _ANY)) or []
        # A column called just "hash" counts here: reading it then asks for its algorithm.
        return len(cells) > 1 and csv_columns.by_header(cells, _ANY) is not None

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read the table; with ``options.columns`` only the mapped columns are taken.

        Raises:
            HashSetError: no column is known to hold a hash, a mapped column does not exist, or a
                column without a known name holds 64 hexadecimal digits.
        """
        lines = TextLines(stream, options)
        rows, place, cells = _open(lines, options)
        header = csv_columns.has_header(cells, options)
        if options.columns:
            columns = csv_columns.by_map(cells, options, header=header)
        else:
            columns = _by_header(place, cells, options)
        rows.width = len(cells)
        yield ListFacts({"columns": columns.described})
        if not header:
            yield from _row(place, cells, columns)
        unread: set[str] = set()
        yield from _rows(rows, columns, unread)
        if unread:
            yield ListFacts({"unread_columns": ", ".join(sorted(unread))})
        yield lines.facts()


def _open(lines: TextLines, options: ReadOptions) -> tuple[Rows, int, list[str]]:
    """Find the delimiter and read the first row."""
    numbered = ((place, line) for place, line in lines if line is None or line.strip())
    place, line = next(numbered, (0, None))
    delimiter = _stated_delimiter(line) if line else None
    if delimiter:
        place, line = next(numbered, (place, None))
    if line is None:
        msg = "the first row is missing or longer than a row may be; expected column names"
        raise HashSetError(msg)
    delimiter = options.delimiter or delimiter or _delimiter(line, _ANY)
    rows = Rows(itertools.chain([(place, line)], numbered), delimiter, options.maximum_line)
    place, cells = next(iter(rows))
    if cells is None:
        msg = f"line {place}: the quotes of the first row do not close; expected column names"
        raise HashSetError(msg)
    return rows, place, cells


def _stated_delimiter(line: str) -> str | None:
    """Read the first line that spreadsheets understand: ``sep=;``."""
    word, _, delimiter = line.partition("=")
    return delimiter if word.lower() == "sep" and len(delimiter) == 1 else None


def _delimiter(line: str, options: ReadOptions) -> str:
    """Choose the delimiter that makes most known columns, then most columns."""

    def yielded(delimiter: str) -> tuple[int, int]:
        cells = split(line, delimiter) or []
        columns = csv_columns.by_header(cells, options)
        return len(columns.hashes) + bool(columns.named) if columns else 0, len(cells)

    return max(DELIMITERS, key=yielded)


def _by_header(place: int, cells: Sequence[str], options: ReadOptions) -> Columns:
    columns = csv_columns.by_header(cells, options)
    if columns is None:
        msg = (
            f"line {place} has {len(cells)} columns and none is named after a hash; name them"
            " with --map, such as --map md5=3, or --type for a column called hash"
        )
        raise HashSetError(msg)
    return columns


def _rows(rows: Rows, columns: Columns, unread: set[str]) -> Iterator[ListEvent]:
    width = len(columns.names)
    looked_at = 0
    for place, cells in rows:
        if cells is not None and len(cells) > width and not any(cells[width:]):
            del cells[width:]  # many writers end rows, not the header, with a delimiter
        if cells is None or len(cells) != width:
            yield Dropped(place, Loss.MALFORMED)
            continue
        if looked_at < _LOOKED_AT:
            looked_at += 1
            unread.update(_unread(place, cells, columns))
        yield from _row(place, cells, columns)


def _unread(place: int, cells: Sequence[str], columns: Columns) -> Iterator[str]:
    """Name the columns that seem to hold hashes and are not read; refuse what may be a PDQ."""
    for index in columns.unnamed:
        text = cells[index].strip()
        if len(text) not in _HASH_LENGTHS or not _HEX.issuperset(text):
            continue
        if len(text) == 2 * PDQ.size:
            msg = (
                f"line {place}, column {index + 1}: 64 hexadecimal digits under a name that says"
                " neither SHA-256 nor PDQ; say which columns to take with --map"
            )
            raise HashSetError(msg)
        yield columns.names[index]


def _row(place: int, cells: Sequence[str], columns: Columns) -> Iterator[ListEvent]:
    if not any(cells):
        return iter(())
    gathering = Gathering()
    roles = columns.roles
    for index, kind in columns.hashes:
        text = cells[index]
        if text and not text.isspace():
            quality = None
            if kind.target is Method.PDQ and "quality" in roles:
                quality = _quality(cells[roles["quality"]], gathering)
            gathering.take(kind, text, quality)
    if columns.named is not None:
        _take_named(cells[columns.named[0]], cells[columns.named[1]], gathering)
    return gathering.events(
        place,
        dict(zip(columns.names, cells, strict=True)),
        entry=_code(cells, roles.get("entry")),
        category=_code(cells, roles.get("category")),
        size=gathering.size(cells[roles["size"]]) if "size" in roles else None,
    )


def _take_named(name: str, text: str, gathering: Gathering) -> None:
    kind: Kind | None = kind_named(name)
    if kind is None:
        gathering.lose(Loss.UNKNOWN_ALGORITHM)
    elif text.strip():
        gathering.take(kind, text)


def _quality(text: str, gathering: Gathering) -> int | None:
    text = text.strip()
    if text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= 100:
        return int(text)
    if text:
        gathering.lose(Loss.BAD_VALUE)
    return None


def _code(cells: Sequence[str], index: int | None) -> str | None:
    """Give a cell exactly as written; an empty one says nothing."""
    return (cells[index] if cells[index].strip() else None) if index is not None else None


FORMAT = CsvTable()
