"""Numbered lines of a list, decoded as they are read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.formats.encoding import Utf8Source, opening_text
from hashmatch.model.records import ListFacts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hashmatch.formats.interface import ReadOptions

_BLOCK = 1 << 18
# What a line of a checksum list begins with: digits, maybe behind a size, or a tag.
_START = rb"\\?(?: *\d{1,19}  )?(?:[0-9A-Fa-f]{32}|[A-Z][\w/-]{1,15} ?\()"
_AFTER_LF = re.compile(rb"\n" + _START)
_AFTER_NUL = re.compile(rb"\0(?=" + _START + rb"|[^\0\n]{0,64}\Z)")
_MERGED = re.compile(r"[\r\n]\W{0,3}[0-9A-Fa-f]{32}")


def _line_end(head: bytes, *, nul: bool) -> bytes:
    """Tell what ends the lines of a list, by its first block.

    NUL does where there is no LF, or where what follows each NUL is the start of a line and none
    such follows an LF: names may hold line breaks then. CR does where there is no LF.
    """
    if nul and b"\0" in head:
        every = len(_AFTER_NUL.findall(head)) == head.count(b"\0")
        if b"\n" not in head or (every and not _AFTER_LF.search(head)):
            return b"\0"
    return b"\r" if b"\n" not in head and b"\r" in head.rstrip() else b"\n"


def opening_lines(head: bytes) -> list[str]:
    """Give the complete lines at the beginning of a file, for recognition only.

    They end as :class:`TextLines` says. Blank lines and comments are left out; so is the last
    line unless it is the only one, since it may be cut off.
    """
    text = opening_text(head)
    lines = text.split(_line_end(text.encode(), nul=True).decode())
    if len(lines) > 1:
        lines.pop()
    stripped = (line.strip() for line in lines)
    return [line for line in stripped if line and line[0] not in "#;"]


class TextLines:
    """The lines of a list with their numbers from 1; None stands for one that cannot be read.

    Lines end with LF or CR LF, with CR in a list without LF, or with NUL where ``nul`` allows it
    and the list begins that way. A line that is not UTF-8 is read as cp1252, and ``encoding``
    then says so, unless the options ask for exact bytes. None stands for an over-long line, which
    is skipped without being held in memory; for one that holds a NUL; and for one in which another
    begins behind a lone CR.
    """

    def __init__(self, stream: BinaryIO, options: ReadOptions, *, nul: bool = False) -> None:
        self._maximum = options.maximum_line
        self._exact = options.exact
        # With blocks no longer than a line may be, only the first line of a block can be too long.
        self._source = Utf8Source(stream, min(_BLOCK, options.maximum_line))
        self._end = _line_end(self._source.head, nul=nul)
        self.encoding = self._source.encoding

    def facts(self) -> ListFacts:
        """State the encoding; complete only after the last line was read."""
        return ListFacts({"encoding": self.encoding})

    def __iter__(self) -> Iterator[tuple[int, str | None]]:
        number = 0
        for lines in self.blocks():
            for line in lines:
                number += 1
                yield number, line

    def blocks(self) -> Iterator[list[str | None]]:
        """Give the lines in blocks, for readers that take many at once."""
        for lines, too_long in self._blocks():
            yield [None, *lines] if too_long else [*lines]

    def _blocks(self) -> Iterator[tuple[Sequence[str | None], bool]]:
        """Yield lines in blocks, each with whether an over-long line stands before them."""
        tail, too_long = b"", False
        while block := self._source.read():
            whole, end, rest = block.rpartition(self._end)
            if not end:
                tail += rest
            else:
                whole, tail = tail + whole, rest
                first = whole.find(self._end)
                if too_long or (first if first >= 0 else len(whole)) > self._maximum:
                    yield self._lines(whole[first + 1 :]) if first >= 0 else [], True
                else:
                    yield self._lines(whole), False
                too_long = False
            if len(tail) > self._maximum:
                tail, too_long = b"", True
        if tail or too_long:
            yield self._lines(tail) if tail and not too_long else [], too_long

    def _lines(self, whole: bytes) -> Sequence[str | None]:
        end = self._end.decode()
        try:
            lines = whole.decode().split(end)
        except UnicodeDecodeError:
            lines = [self._decode(line) for line in whole.split(self._end)]
        if self._is_odd(whole):
            stripped = "" if end == "\0" else "\r"
            return [_sound(line.rstrip(stripped)) for line in lines]
        if end == "\n" and b"\r" in whole:
            return [line.rstrip("\r") for line in lines]
        return lines

    def _is_odd(self, whole: bytes) -> bool:
        """Tell whether lines hold NUL, or something that ends lines elsewhere."""
        if self._end == b"\n":
            if b"\0" in whole or b"\r" not in whole:
                return b"\0" in whole
            return whole.count(b"\r") > whole.count(b"\r\n") + whole.endswith(b"\r")
        return b"\n" in whole or b"\0" in whole or b"\r" in whole

    def _decode(self, line: bytes) -> str:
        try:
            return line.decode()
        except UnicodeDecodeError:
            if self._exact:
                return line.decode("utf-8", "surrogateescape")
            self.encoding = "cp1252"
        try:
            return line.decode("cp1252")
        except UnicodeDecodeError:
            # Five byte values mean nothing in cp1252; as browsers do, take them for controls.
            return line.decode("latin-1")


def _sound(line: str) -> str | None:
    """Give a line; None where it is damaged, or two lines in one."""
    return None if "\0" in line or _MERGED.search(line) else line


class LineBlocks:
    """Numbered lines, handed out one by one, or all at once that are left of a block."""

    def __init__(self, lines: TextLines) -> None:
        self._blocks = lines.blocks()
        self._lines: list[str | None] = []
        self._at = 0
        self._number = 0

    def __iter__(self) -> Iterator[tuple[int, str | None]]:
        return self

    def __next__(self) -> tuple[int, str | None]:
        if self._at == len(self._lines) and self.ended:
            raise StopIteration
        line = self._lines[self._at]
        self._at += 1
        self._number += 1
        return self._number, line

    @property
    def at_start(self) -> bool:
        """Whether nothing of the next block was handed out."""
        return self._at == len(self._lines)

    @property
    def ended(self) -> bool:
        """Whether no line is left."""
        while self._at == len(self._lines):
            block = next(self._blocks, None)
            if block is None:
                return True
            self._lines, self._at = block, 0
        return False

    def rest(self) -> tuple[int, list[str | None]]:
        """Give what is left of the block, with the number of its first line."""
        return self._number + 1, self._lines[self._at :]

    def skip(self) -> None:
        """Go on behind the block."""
        self._number += len(self._lines) - self._at
        self._at = len(self._lines)
