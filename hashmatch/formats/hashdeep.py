"""hashdeep audit files: a two-line header, then rows whose last column is the file name.

Cells are never quoted; what follows the last column's comma, commas included, is the name. The
column ``tiger`` is the plain Tiger digest, not the tree hash that other lists call so.
Source: hashdeep's FILEFORMAT, version 1.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from hashmatch.errors import HashSetError
from hashmatch.formats.gathering import Gathering
from hashmatch.formats.hash_text import Kind, kind_named
from hashmatch.formats.interface import Certainty
from hashmatch.formats.text import TextLines, opening_lines
from hashmatch.formats.whole_rows import in_batches, whole
from hashmatch.model.hashes import Algorithm
from hashmatch.model.records import Dropped, ListFacts, Loss, RecordBatch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.model.records import FastEvent, Json, ListEvent

_Line: TypeAlias = tuple[int, "str | None"]

_MARK = "%%%% "
_MAGIC = "%%%% HASHDEEP-"


@dataclass(frozen=True, slots=True)
class Hashdeep:
    """Reads hashdeep audit files."""

    name: str = "hashdeep"
    title: str = "hashdeep audit file"
    has_categories: bool = False
    certainty: Certainty = Certainty.HEADER
    takes: tuple[str, ...] = ()

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise the first header line."""
        lines = opening_lines(head)
        return bool(lines) and lines[0].startswith(_MAGIC)

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read the list; a header in mid-file, as from joined files, begins new columns.

        Raises:
            HashSetError: the header is missing, or names no columns that can be read.
        """
        lines = TextLines(stream, options)
        header = _Header()
        for place, line in lines:
            if line is not None and header.wants(line):
                yield header.take(place, line)
            else:
                yield from _row((place, line), header.columns)
        header.finish()
        yield lines.facts()

    def read_batches(self, stream: BinaryIO, options: ReadOptions) -> Iterator[FastEvent]:
        """Read as :meth:`read`, many rows at once between the headers."""
        lines = TextLines(stream, options)
        header = _Header()
        for is_header, rows in groupby(
            lines, lambda row: row[1] is not None and header.wants(row[1])
        ):
            if is_header:
                yield from (header.take(place, line or "") for place, line in rows)
            else:
                columns = header.columns
                yield from in_batches(
                    rows, partial(_regular, columns=columns), partial(_row, columns=columns)
                )
        header.finish()
        yield lines.facts()


class _Header:
    """The header lines read so far, and the columns that the last one names."""

    def __init__(self) -> None:
        self.begun = False
        self.columns: tuple[str, ...] = ()

    def wants(self, line: str) -> bool:
        """Tell whether a line is to be taken as part of a header."""
        return line.startswith(_MARK) or not self.begun

    def take(self, place: int, line: str) -> ListFacts:
        """Read a line of a header.

        Raises:
            HashSetError: it is not one, or names no columns that can be read.
        """
        if line.startswith(_MAGIC):
            self.begun = True
            return ListFacts({"format_version": line.removeprefix(_MAGIC).strip()})
        if not self.begun:
            msg = f"line {place} is not a hashdeep header; expected '{_MAGIC}1.0'"
            raise HashSetError(msg)
        self.columns = _columns(place, line)
        return ListFacts({"columns": ",".join(self.columns)})

    def finish(self) -> None:
        """Refuse a list whose columns were never named."""
        if not self.columns:
            msg = f"no line names the columns; expected '{_MARK}size,md5,...,filename' on line 2"
            raise HashSetError(msg)


def _columns(place: int, line: str) -> tuple[str, ...]:
    columns = tuple(part.strip().lower() for part in line.removeprefix(_MARK).split(","))
    if len(columns) < 3 or columns[0] != "size" or columns[-1] != "filename":
        msg = f"line {place} names other columns than hashdeep's; expected size, hashes, filename"
        raise HashSetError(msg)
    return columns


def _regular(rows: Sequence[_Line], columns: tuple[str, ...]) -> RecordBatch | None:
    """Take rows apart column by column; None unless all are whole and of compared hashes."""
    kinds = [_kind(column) for column in columns[1:-1]]
    # A hash named twice in the header, and rows of another width, are for the careful reader.
    if not columns or len({kind.target for kind in kinds}) != len(kinds):
        return None
    split = [(line or "").split(",", len(columns) - 1) for _, line in rows]
    if {*map(len, split)} != {len(columns)}:
        return None
    sizes, *values, names = zip(*split, strict=True)
    digests: dict[Algorithm, bytes] = {}
    for kind, texts in zip(kinds, values, strict=True):
        read = whole(kind, texts)
        if read is None or not isinstance(kind.target, Algorithm):
            return None
        digests[kind.target] = read
    if not all(text.isascii() and text.isdigit() and len(text) < 19 for text in sizes):
        return None
    places = [place for place, _ in rows]
    return RecordBatch(places, digests, {"name": names}, sizes=[*map(int, sizes)])


def _row(numbered: _Line, columns: tuple[str, ...]) -> Iterator[ListEvent]:
    place, line = numbered
    if line is None:
        yield Dropped(place, Loss.MALFORMED)
        return
    if not line or line.startswith("#"):
        return
    cells = line.split(",", len(columns) - 1)
    if not columns or len(cells) != len(columns):
        yield Dropped(place, Loss.MALFORMED)
        return
    gathering = Gathering()
    fields: dict[str, Json] = {"name": cells[-1]}
    for column, cell in zip(columns[1:-1], cells[1:-1], strict=True):
        kind = _kind(column)
        if cell.strip():
            gathering.take(kind, cell)
        if kind.target is None:
            fields[column] = cell
    yield from gathering.events(place, fields, size=gathering.size(cells[0]))


def _kind(column: str) -> Kind:
    named = None if column == "tiger" else kind_named(column)
    return named or Kind(column)


FORMAT = Hashdeep()
