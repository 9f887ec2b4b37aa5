"""iLook hash sets, versions 1, 3 and 4: a header line, then rows whose cells are never quoted.

A comma inside a file name or path is not marked, so rows are taken apart from both ends; where
the name then ends and the path begins is taken to be the last comma between them. Version 1 names
the algorithm in each row. Source: rows and headers as md5deep reads them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.errors import HashSetError
from hashmatch.formats import both_ends
from hashmatch.formats.gathering import Gathering, requiring_records
from hashmatch.formats.hash_text import MD5, kind_named
from hashmatch.formats.interface import Certainty
from hashmatch.formats.text import TextLines, opening_lines
from hashmatch.model.records import Dropped, ListFacts, Loss

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.model.records import ListEvent

_HEADER = re.compile(r"V([134])Hash,(?:\w+,)*FileName,FilePath,FileSize(?:,\w+)*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Ilook:
    """Reads iLook hash sets."""

    name: str = "ilook"
    title: str = "iLook hash set"
    has_categories: bool = False
    certainty: Certainty = Certainty.HEADER
    takes: tuple[str, ...] = ()

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise the header line."""
        lines = opening_lines(head)
        return bool(lines) and _HEADER.fullmatch(lines[0]) is not None

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read the list; see :class:`hashmatch.formats.interface.ListFormat`.

        Raises:
            HashSetError: the header is missing, or no row has a hash.
        """
        lines = TextLines(stream, options)
        yield from requiring_records(_events(lines), "below the header is no row with a hash")
        yield lines.facts()


def _events(lines: TextLines) -> Iterator[ListEvent]:
    columns: tuple[str, ...] = ()
    for place, line in lines:
        if line is None:
            yield Dropped(place, Loss.MALFORMED)
        elif not line.strip():
            continue
        elif columns:
            yield from _row(place, line, columns)
        else:
            found = _HEADER.fullmatch(line.strip())
            if found is None:
                msg = f"line {place} is not the header of an iLook set; expected 'V1Hash,...'"
                raise HashSetError(msg)
            columns = tuple(found[0].split(","))
            if len({*columns}) != len(columns):
                msg = f"line {place} names a column twice; get a good copy of the list"
                raise HashSetError(msg)
            yield ListFacts({"format_version": found[1], "columns": ",".join(columns)})


def _row(place: int, line: str, columns: Sequence[str]) -> Iterator[ListEvent]:
    path = columns.index("FilePath")
    cells = both_ends.split(line, path - 1, len(columns) - path - 1)
    if cells is None or "," not in cells[path - 1]:
        yield Dropped(place, Loss.MALFORMED)
        return
    cells[path - 1 : path] = cells[path - 1].rsplit(",", 1)
    fields = dict(zip(columns, cells, strict=True))
    gathering = Gathering()
    for column, cell in fields.items():
        _take(gathering, column, cell.strip(), fields.get("HashType"))
    yield from gathering.events(place, fields, size=gathering.size(fields["FileSize"]))


def _take(gathering: Gathering, column: str, text: str, stated: str | None) -> None:
    """Read a cell if it is a hash; the first column is MD5 unless the row states its type."""
    if not text:
        return
    if column[0] == "V":
        kind = kind_named(stated) if stated else MD5
        if kind is None:
            gathering.lose(Loss.UNKNOWN_ALGORITHM)
        else:
            gathering.take(kind, text)
    elif column.startswith("Hash") and (named := kind_named(column)) is not None:
        gathering.take(named, text)


FORMAT = Ilook()
