"""Lines of a delimited table as rows of cells; quoted cells may span lines.

A quote that nothing closes must not swallow the rows below it: such a line alone is lost, and
reading goes on with the next one.
"""

from __future__ import annotations

import csv
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DELIMITERS = ",;\t|"


def split(line: str, delimiter: str) -> list[str] | None:
    """Split one line that is complete in itself, minding no misplaced quote; None if it cannot."""
    try:
        return next(csv.reader([line], delimiter=delimiter))
    except csv.Error:
        return None


class Rows:
    """The rows of a table.

    Yields the line number, and the cells, or None for a row that cannot be told apart. Blank
    lines are left out.
    """

    def __init__(
        self, lines: Iterable[tuple[int, str | None]], delimiter: str, maximum: int
    ) -> None:
        self._lines = iter(lines)
        self._delimiter = delimiter
        self._maximum = maximum
        self._returned: deque[tuple[int, str | None]] = deque()
        self.width: int | None = None
        """Cells that every row has; a row of several lines is only believed if it has them."""

    @property
    def pending(self) -> bool:
        """Whether lines were taken ahead, and wait to be read as rows of their own."""
        return bool(self._returned)

    def __iter__(self) -> Iterator[tuple[int, list[str] | None]]:
        delimiter = self._delimiter
        while (numbered := self._next()) is not None:
            place, line = numbered
            if line is None:
                yield place, None
            elif '"' not in line:
                if line and not line.isspace():
                    yield place, line.split(delimiter)
            else:
                yield place, self._all_quoted(line) or self._quoted(line)

    def _next(self) -> tuple[int, str | None] | None:
        return self._returned.popleft() if self._returned else next(self._lines, None)

    def _all_quoted(self, line: str) -> list[str] | None:
        """Split a line whose every cell is quoted and holds no quote, which most writers make."""
        cells = line[1:-1].split(f'"{self._delimiter}"')
        if line[0] == line[-1] == '"' and line.count('"') == 2 * len(cells):
            return cells
        return None

    def _quoted(self, line: str) -> list[str] | None:
        further: list[tuple[int, str | None]] = []
        closed = True

        def feed() -> Iterator[str]:
            nonlocal closed
            yield line + "\n"
            length = len(line)
            while (numbered := self._next()) is not None:
                further.append(numbered)
                if numbered[1] is None or (length := length + len(numbered[1])) > self._maximum:
                    break
                yield numbered[1] + "\n"
            closed = False

        try:
            cells = next(csv.reader(feed(), delimiter=self._delimiter, strict=True))
        except csv.Error:
            closed = False
        else:
            if closed and (not further or self.width in {None, len(cells)}):
                return cells
        self._returned.extendleft(reversed(further))
        # A quote inside a quoted cell that is not doubled is common and harmless on one line.
        return split(line, self._delimiter) if line.count('"') % 2 == 0 else None
