"""What ``Get-FileHash`` shows in PowerShell: a table, or a list of named lines.

The columns of the table begin where the dashes below their names begin. A row without an
algorithm goes on with the cells of the row above it, as ``Format-Table -Wrap`` writes long
values. What the window was too narrow for ends with three dots, and is a loss. A list exported
with ``Export-Csv`` is a plain table. Source: Microsoft, Get-FileHash and Format-Table reference.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from hashmatch.formats.gathering import Gathering, requiring_records
from hashmatch.formats.hash_text import kind_named
from hashmatch.formats.interface import Certainty
from hashmatch.formats.text import TextLines, opening_lines
from hashmatch.model.records import Dropped, Loss

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.model.records import ListEvent

_Cells: TypeAlias = dict[str, str]

_NAMES = ("Algorithm", "Hash", "Path")
_HEADER = re.compile(r"Algorithm {2,}Hash {2,}Path *")
_DASHES = re.compile(r"-+( +)-+( +)-+ *")
_PROPERTY = re.compile(r"(Algorithm|Hash|Path) *: ?(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Powershell:
    """Reads what Get-FileHash shows."""

    name: str = "powershell"
    title: str = "output of PowerShell's Get-FileHash"
    has_categories: bool = False
    certainty: Certainty = Certainty.HEADER
    takes: tuple[str, ...] = ()

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise the header with its dashes, or the first two properties."""
        lines = opening_lines(head)[:2]
        if len(lines) < 2:
            return False
        if _HEADER.fullmatch(lines[0]) and _DASHES.fullmatch(lines[1]):
            return True
        found = [_PROPERTY.fullmatch(line) for line in lines]
        return [one[1] for one in found if one] == ["Algorithm", "Hash"]

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read the list.

        Raises:
            HashSetError: there is no row and no block of properties with a hash.
        """
        lines = TextLines(stream, options)
        reader = _Reader(options.maximum_line)
        events = (event for place, line in lines for event in reader.take(place, line))
        otherwise = "no row of Get-FileHash with a hash; check --format"
        yield from requiring_records(chain(events, reader.finish()), otherwise)
        yield lines.facts()


class _Reader:
    """Gathers the lines of one record, and gives it when the next one begins."""

    def __init__(self, maximum: int) -> None:
        self._maximum = maximum
        self._starts: tuple[int, int] | None = None  # of the second and the third column
        self._place = 0
        self._cells: _Cells = {}
        self._last = ""  # the property that a following line goes on with

    def take(self, place: int, line: str | None) -> Iterator[ListEvent]:
        """Take a line; give what became complete by it."""
        if line is None:
            yield from self.finish()
            yield Dropped(place, Loss.MALFORMED)
        elif not line.strip():
            yield from self.finish()
        elif _HEADER.fullmatch(line) is not None:
            self._starts = None
        elif (dashes := _DASHES.fullmatch(line)) is not None:
            self._starts = dashes.end(1), dashes.end(2)
        elif (found := _PROPERTY.fullmatch(line)) is not None:
            yield from self._property(place, found[1], found[2])
        elif self._starts is not None:
            yield from self._row(place, line, *self._starts)
        else:
            yield from self._further(place, {self._last: line.strip()})

    def finish(self) -> Iterator[ListEvent]:
        """Give the record that was begun."""
        cells, self._cells, self._last = self._cells, {}, ""
        if cells:
            yield from _record(self._place, cells)

    def _property(self, place: int, name: str, value: str) -> Iterator[ListEvent]:
        if name in self._cells:
            yield from self.finish()
        if not self._cells:
            self._place = place
        self._cells[name] = value.strip()
        self._last = name

    def _row(self, place: int, line: str, second: int, third: int) -> Iterator[ListEvent]:
        parts = line[:second], line[second:third], line[third:]
        cells = dict(zip(_NAMES, (part.strip() for part in parts), strict=True))
        if not cells["Algorithm"]:
            yield from self._further(place, cells)
            return
        yield from self.finish()
        self._place, self._cells, self._last = place, cells, "Path"

    def _further(self, place: int, cells: _Cells) -> Iterator[ListEvent]:
        """Add to the cells of the record that was begun; a line of no record is a loss."""
        if sum(map(len, self._cells.values())) > self._maximum:
            yield from self.finish()
        if not self._cells:
            yield Dropped(place, Loss.MALFORMED)
            return
        for name, text in cells.items():
            self._cells[name] = self._cells.get(name, "") + text


def _record(place: int, cells: _Cells) -> Iterator[ListEvent]:
    kind = kind_named(cells.get("Algorithm", ""))
    gathering = Gathering()
    if kind is None:
        gathering.lose(Loss.UNKNOWN_ALGORITHM)
    elif text := cells.get("Hash"):
        gathering.take(kind, text)
    return gathering.events(place, dict(cells))


FORMAT = Powershell()
