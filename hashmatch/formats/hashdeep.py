"""hashdeep audit files: a two-line header, then rows whose last column is the file name.

Cells are never quoted; what follows the last column's comma, commas included, is the name. The
column ``tiger`` is the plain Tiger digest, not the tree hash that other lists call so.
Source: hashdeep's FILEFORMAT, version 1.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.errors import HashSetError
from hashmatch.formats.gathering import Gathering
from hashmatch.formats.hash_text import Kind, kind_named
from hashmatch.formats.interface import Certainty
from hashmatch.formats.text import TextLines, opening_lines
from hashmatch.model.records import Dropped, ListFacts, Loss

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.model.records import Json, ListEvent

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
        columns: tuple[str, ...] = ()
        begun = False
        for place, line in lines:
            if line is None:
                yield Dropped(place, Loss.MALFORMED)
            elif line.startswith(_MAGIC):
                begun = True
                yield ListFacts({"format_version": line.removeprefix(_MAGIC).strip()})
            elif not begun:
                msg = f"line {place} is not a hashdeep header; expected '{_MAGIC}1.0'"
                raise HashSetError(msg)
            elif line.startswith(_MARK):
                columns = _columns(place, line)
                yield ListFacts({"columns": ",".join(columns)})
            elif line and not line.startswith("#"):
                yield from _row(place, line, columns)
        if not columns:
            msg = f"no line names the columns; expected '{_MARK}size,md5,...,filename' on line 2"
            raise HashSetError(msg)
        yield lines.facts()


def _columns(place: int, line: str) -> tuple[str, ...]:
    columns = tuple(part.strip().lower() for part in line.removeprefix(_MARK).split(","))
    if len(columns) < 3 or columns[0] != "size" or columns[-1] != "filename":
        msg = f"line {place} names other columns than hashdeep's; expected size, hashes, filename"
        raise HashSetError(msg)
    return columns


def _row(place: int, line: str, columns: tuple[str, ...]) -> Iterator[ListEvent]:
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
