"""Blocks of a table's lines as batches of records, column by column.

What is regular is checked a column at a time: every digest of a pattern has its length, and all
of them together are hexadecimal. Whatever is not goes the way of single rows, so that the same
records and losses come out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from hashmatch.formats.csv_record import read_row
from hashmatch.formats.thumbnails import pictured
from hashmatch.model.hashes import Algorithm
from hashmatch.model.records import Dropped, Loss, RecordBatch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hashmatch.formats.csv_columns import Columns
    from hashmatch.model.records import FastEvent, ListEvent

_T = TypeVar("_T")
_HEX = re.compile("[0-9A-Fa-f]+")
_SURELY_A_SIZE = 18
"""A number of so many digits is below 2**63."""


@dataclass(frozen=True, slots=True)
class Block:
    """Lines taken apart into columns.

    ``rows`` are the numbers of the lines that have a cell for each column, ``cells`` their
    columns; ``ragged`` are the lines that have not. Blank lines are neither.
    """

    rows: Sequence[int]
    cells: Sequence[Sequence[str]]
    ragged: Sequence[int] = ()

    @classmethod
    def of(cls, lines: list[str], delimiter: str, width: int) -> Block | None:
        """Take lines apart; None where some have quotes and not every cell has them."""
        text = "\n".join(lines)
        if '"' not in text:
            return cls._even(lines, delimiter, width) or cls._ragged(lines, delimiter, width)
        if (
            text.count('"') == 2 * width * len(lines)
            and text[0] == text[-1] == '"'
            and text.count('"\n"') == len(lines) - 1
        ):
            return cls._even([line[1:-1] for line in lines], f'"{delimiter}"', width)
        return None

    @classmethod
    def _even(cls, lines: list[str], between: str, width: int) -> Block | None:
        """Split all lines at once; marks between them prove that each has its number of cells."""
        flat = f"{between}\n{between}".join(lines).split(between)
        step = width + 1
        if len(flat) != step * len(lines) - 1 or flat[width::step].count("\n") != len(lines) - 1:
            return None
        return cls(range(len(lines)), [flat[index::step] for index in range(width)])

    @classmethod
    def _ragged(cls, lines: list[str], delimiter: str, width: int) -> Block:
        rows: list[int] = []
        ragged: list[int] = []
        table: list[list[str]] = []
        for number, line in enumerate(lines):
            if not line or line.isspace():
                continue
            cells = without_ends(line.split(delimiter), width)
            if len(cells) == width:
                rows.append(number)
                table.append(cells)
            else:
                ragged.append(number)
        columns = list(zip(*table, strict=True)) if table else [()] * width
        return cls(rows, columns, ragged)

    def row(self, at: int) -> list[str]:
        """Give the cells of one row."""
        return [column[at] for column in self.cells]


def without_ends(cells: list[str], width: int) -> list[str]:
    """Take off empty cells: many writers end rows, not the header, with a delimiter."""
    if len(cells) > width and not any(cells[width:]):
        del cells[width:]
    return cells


class Batching:
    """Makes batches of the blocks of one table."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._lengths = [
            2 * kind.size if isinstance(kind.target, Algorithm) else 0 for _, kind in columns.hashes
        ]
        targets = [kind.target for _, kind in columns.hashes if isinstance(kind.target, Algorithm)]
        each_once = len(set(targets)) == len(targets) > 0
        self.possible = columns.named is None and each_once and not pictured(columns.names)
        """Whether the table can have regular rows at all."""

    def events(self, first: int, block: Block) -> Iterator[FastEvent]:
        """Give batches of the regular rows, then the others one by one.

        Args:
            first: the number of the block's first line.
            block: the lines.
        """
        single: list[int] = []
        for pattern, rows in self._patterns(block).items():
            if self._is_regular(pattern):
                batch, odd = self._batch(first, block, rows, pattern)
                single += odd
                if batch is not None:
                    yield batch
            else:
                single += rows
        yield from self._singles(first, block, single)

    def _patterns(self, block: Block) -> dict[tuple[int, ...], Sequence[int]]:
        """Group the rows by the lengths of their hashes, and by whether the size is a number."""
        measures = [list(map(len, block.cells[index])) for index, _ in self._columns.hashes]
        if "size" in self._columns.roles:
            measures.append([_is_size(cell) for cell in block.cells[self._columns.roles["size"]]])
        patterns = list(zip(*measures, strict=True))
        if len(set(patterns)) == 1:
            return {patterns[0]: range(len(patterns))}
        groups: dict[tuple[int, ...], list[int]] = {}
        for row, pattern in enumerate(patterns):
            groups.setdefault(pattern, []).append(row)
        return {**groups}

    def _is_regular(self, pattern: tuple[int, ...]) -> bool:
        if "size" in self._columns.roles and not pattern[-1]:
            return False
        pairs = list(zip(pattern, self._lengths, strict=False))
        return any(length for length, _ in pairs) and all(one in {0, two} for one, two in pairs)

    def _batch(
        self, first: int, block: Block, rows: Sequence[int], pattern: tuple[int, ...]
    ) -> tuple[RecordBatch | None, list[int]]:
        """Make a batch of rows; also give those that hold something else than digits."""
        present = [
            (index, kind.target)
            for (index, kind), length in zip(self._columns.hashes, pattern, strict=False)
            if length and isinstance(kind.target, Algorithm)
        ]
        digests = _digests(block, rows, present)
        odd: list[int] = []
        if digests is None:
            odd = [
                row
                for row in rows
                if not all(_HEX.fullmatch(block.cells[index][row]) for index, _ in present)
            ]
            rows = sorted(set(rows).difference(odd))
            digests = _digests(block, rows, present)
        if not rows or digests is None:
            return None, odd
        roles = self._columns.roles
        columns = [_taken(column, rows) for column in block.cells]
        batch = RecordBatch(
            [first + line for line in _taken(block.rows, rows)],
            digests,
            dict(zip(self._columns.names, columns, strict=True)),
            _codes(columns[roles["entry"]]) if "entry" in roles else None,
            _codes(columns[roles["category"]]) if "category" in roles else None,
            [int(size) if size else None for size in columns[roles["size"]]]
            if "size" in roles
            else None,
        )
        return batch, odd

    def _singles(self, first: int, block: Block, rows: list[int]) -> Iterator[ListEvent]:
        lines = [(block.rows[row], row) for row in rows] + [(line, -1) for line in block.ragged]
        for line, row in sorted(lines):
            if row < 0:
                yield Dropped(first + line, Loss.MALFORMED)
            else:
                yield from read_row(first + line, block.row(row), self._columns)


def _digests(
    block: Block, rows: Sequence[int], present: list[tuple[int, Algorithm]]
) -> dict[Algorithm, bytes] | None:
    """Read whole columns of digits of the right length; None if there is anything else."""
    found = {}
    for index, algorithm in present:
        try:
            values = bytes.fromhex("".join(_taken(block.cells[index], rows)))
        except ValueError:
            return None
        # Blanks between digits are passed over, and make the column too short.
        if len(values) != algorithm.size * len(rows):
            return None
        found[algorithm] = values
    return found


def _taken(column: Sequence[_T], rows: Sequence[int]) -> Sequence[_T]:
    return column if len(rows) == len(column) else [column[row] for row in rows]


def _codes(column: Sequence[str]) -> Sequence[str | None]:
    """Give cells exactly as written; an empty one says nothing."""
    blank = {cell for cell in set(column) if not cell.strip()}
    return [None if cell in blank else cell for cell in column] if blank else column


def _is_size(cell: str) -> bool:
    return not cell or (cell.isascii() and cell.isdigit() and len(cell) <= _SURELY_A_SIZE)
