"""Lines of a delimited table as rows of cells; quoted cells may span lines.

A quote that nothing closes, or that a stray quote far below closes, must not swallow the rows
between: such a line alone is lost, and reading goes on with the next one.
"""

from __future__ import annotations

import csv
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

DELIMITERS = ",;\t|"
_UNCLOSED = (0, None)
_LEAST_AHEAD = 1 << 10
"""Characters that are read ahead for the end of a quote, after many that were never closed."""


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
        self._ahead = maximum
        self._returned: deque[tuple[int, str | None]] = deque()
        self.width: int | None = None
        """Cells that every row has; a row of several lines is only believed if it has them."""
        self.holds_hash: Callable[[Sequence[str], int, int], bool] | None = None
        """Whether cells have a hash where one belongs, in columns from one number to another.

        A cell of several lines is only believed if no line of it is such a row.
        """

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
        closed = not self._opens_before_hash(line)
        row = csv.reader(self._feed(line, further), delimiter=self._delimiter, strict=True)
        cells: list[str] = []
        try:
            cells = next(row) if closed else []
        except csv.Error:
            closed = False
        unclosed = bool(further) and further[-1] is _UNCLOSED
        if unclosed:
            further.pop()
        if closed and not unclosed and (not further or self.width in {None, len(cells)}):
            self._ahead = min(2 * self._ahead, self._maximum)
            return cells
        # Many quotes that nothing closes must not make every line read all those below it.
        self._ahead = max(self._ahead // 2, min(_LEAST_AHEAD, self._maximum))
        self._returned.extendleft(reversed(further))
        # A quote inside a quoted cell that is not doubled is common and harmless on one line.
        return split(line, self._delimiter) if line.count('"') % 2 == 0 else None

    def _feed(self, line: str, further: list[tuple[int, str | None]]) -> Iterator[str]:
        """Give a line and, as long as they are asked for, those below it, which are noted."""
        yield line + "\n"
        length = len(line)
        while (numbered := self._next()) is not None:
            further.append(numbered)
            text = numbered[1]
            if text is None or (length := length + len(text) + 1) > self._ahead:
                break
            if self._is_row(text):
                break
            yield text + "\n"
        further.append(_UNCLOSED)

    def _is_row(self, line: str) -> bool:
        """Tell whether a line is a row by itself, up to its first quote where it has one."""
        if self.holds_hash is None:
            return False
        cells = line.split(self._delimiter)
        sure = len(line.partition('"')[0].split(self._delimiter)) - ('"' in line)
        return len(cells) == self.width and self.holds_hash(cells, 0, sure)

    def _opens_before_hash(self, line: str) -> bool:
        """Tell whether a quote that the line does not close stands before the hash of a row."""
        cells = line.split(self._delimiter)
        if self.holds_hash is None or line.count('"') % 2 == 0 or len(cells) != self.width:
            return False
        opened = line[: line.rindex('"')].count(self._delimiter)
        return cells[opened][:1] == '"' and self.holds_hash(cells, opened + 1, len(cells))
