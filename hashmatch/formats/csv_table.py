"""Delimited tables: CSV and its relatives, with columns named or mapped.

The delimiter is found by which one makes the header readable, never by locale. Cells are text:
leading zeros stay, and what a spreadsheet damaged (``1.2E+31``, 31 digits) is a loss. A column of
64 hexadecimal digits whose header says neither SHA-256 nor PDQ is refused, since the wrong guess
would never hit.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, Protocol

from hashmatch.errors import HashSetError
from hashmatch.formats import csv_columns
from hashmatch.formats.csv_batches import Batching, Block, without_ends
from hashmatch.formats.csv_record import read_row, unread
from hashmatch.formats.csv_rows import DELIMITERS, Rows, split
from hashmatch.formats.interface import Certainty, ReadOptions
from hashmatch.formats.registry import all_formats
from hashmatch.formats.text import LineBlocks, TextLines, opening_lines
from hashmatch.model.records import Dropped, ListFacts, Loss

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hashmatch.formats.csv_columns import Columns
    from hashmatch.model.records import FastEvent, ListEvent

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

    def detect(self, head: bytes, file_name: str) -> bool:
        """Recognise a first line of several columns of which one is named after a hash."""
        if any(
            one.detect(head, file_name) for one in all_formats() if one.certainty < self.certainty
        ):
            return False  # many a table has a header by which its own format is known
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
        table = Table(stream, options, _understanding(options))
        yield from table.opening()
        yield from table.single_rows()
        yield from table.facts()

    def read_batches(self, stream: BinaryIO, options: ReadOptions) -> Iterator[FastEvent]:
        """Read the table, regular rows of blocks without quotes in batches."""
        table = Table(stream, options, _understanding(options))
        yield from table.opening()
        while table.more:
            yield from table.next_block()
        yield from table.facts()


class Understanding(Protocol):
    """Says what the columns of a table mean, from its first row."""

    def __call__(self, cells: Sequence[str], *, header: bool) -> Columns:
        """Give the columns; ``header`` tells whether the row names them."""


class Table:
    """A table that is being read: where it stands, and what its columns mean.

    Args:
        stream: the list.
        options: how to read it; the columns it states are for ``understand``.
        understand: what the columns mean.
        header: whether the first row names the columns; None to tell by its cells.
    """

    def __init__(
        self,
        stream: BinaryIO,
        options: ReadOptions,
        understand: Understanding,
        *,
        header: bool | None = None,
    ) -> None:
        self._lines = TextLines(stream, options)
        self.blocks = LineBlocks(self._lines)
        self._open(options)
        self._header = csv_columns.has_header(self._first, options) if header is None else header
        self.columns = understand(self._first, header=self._header)
        self._batching = Batching(self.columns)
        self._rows.width = len(self._first)
        self._rows.holds_hash = self.columns.holds_hash
        self._numbered = iter(self._rows)
        self._looked_at = 0
        self._unread: set[str] = set()

    def _open(self, options: ReadOptions) -> None:
        """Find the delimiter and read the first row."""
        filled = ((place, line) for place, line in self.blocks if line is None or line.strip())
        place, line = next(filled, (0, None))
        delimiter = _stated_delimiter(line) if line else None
        if delimiter:
            place, line = next(filled, (place, None))
        if line is None:
            msg = "the first row is missing or longer than a row may be; expected column names"
            raise HashSetError(msg)
        self._delimiter = options.delimiter or delimiter or _delimiter(line, _ANY)
        lines = itertools.chain([(place, line)], self.blocks)
        self._rows = Rows(lines, self._delimiter, options.maximum_line)
        self._place, cells = next(iter(self._rows))
        if cells is None:
            msg = f"line {self._place}: the quotes of the first row do not close; expected names"
            raise HashSetError(msg)
        self._first = cells

    def opening(self) -> Iterator[ListEvent]:
        """Give what is understood, and the first row where it is a record."""
        yield ListFacts({"columns": self.columns.described})
        if not self._header:
            yield from read_row(self._place, self._first, self.columns)

    def facts(self) -> Iterator[ListEvent]:
        """Give what is known after the last row."""
        if self._unread:
            yield ListFacts({"unread_columns": ", ".join(sorted(self._unread))})
        yield self._lines.facts()

    def single_rows(self) -> Iterator[ListEvent]:
        """Read what is left row by row."""
        for place, cells in self._numbered:
            yield from self._row(place, cells)

    @property
    def more(self) -> bool:
        """Whether a line is left."""
        return self._rows.pending or not self.blocks.ended

    def next_block(self) -> Iterator[FastEvent]:
        """Read the next block of lines, fast where it allows that."""
        first, lines = self.blocks.rest()
        whole = [line for line in lines if line is not None]
        block = None
        if self._batching.possible and not self._rows.pending and len(whole) == len(lines):
            block = Block.of(whole, self._delimiter, len(self.columns.names))
        if block is None:
            yield from self._block_by_rows()
        else:
            self.blocks.skip()
            self._look(first, block)
            yield from self._batching.events(first, block)

    def _block_by_rows(self) -> Iterator[ListEvent]:
        """Read single rows until no row is pending at the beginning of a block."""
        for place, cells in self._numbered:
            yield from self._row(place, cells)
            if self.blocks.at_start and not self._rows.pending:
                return

    def _row(self, place: int, cells: list[str] | None) -> Iterator[ListEvent]:
        if cells is None or len(without_ends(cells, len(self.columns.names))) != len(
            self.columns.names
        ):
            return iter((Dropped(place, Loss.MALFORMED),))
        if self._looked_at < _LOOKED_AT:
            self._looked_at += 1
            self._unread.update(unread(place, cells, self.columns))
        return read_row(place, cells, self.columns)

    def _look(self, first: int, block: Block) -> None:
        """Look at columns without a known name, as for single rows."""
        for row in range(min(_LOOKED_AT - self._looked_at, len(block.rows))):
            self._looked_at += 1
            self._unread.update(unread(first + block.rows[row], block.row(row), self.columns))


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


def _understanding(options: ReadOptions) -> Understanding:
    """Take the columns that the operator maps, or those whose headers are known."""

    def by_header(cells: Sequence[str], *, header: bool) -> Columns:  # noqa: ARG001
        columns = csv_columns.by_header(cells, options)
        if columns is None:
            msg = (
                f"the first row has {len(cells)} columns and none is named after a hash; name them"
                " with --map, such as --map md5=3, or --type for a column called hash"
            )
            raise HashSetError(msg)
        return columns

    return partial(csv_columns.by_map, options=options) if options.columns else by_header


FORMAT = CsvTable()
