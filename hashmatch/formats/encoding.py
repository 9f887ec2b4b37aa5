"""Bytes of a list as UTF-8, whatever byte order mark it begins with."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from codecs import IncrementalDecoder

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def sniff(head: bytes) -> tuple[str, int]:
    """Give the encoding that a byte order mark states, and the length of the mark.

    Without a mark the answer is UTF-8 and 0; whether it is true shows when lines are decoded.
    """
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name, len(mark)
    return "utf-8", 0


def opening_text(head: bytes) -> str:
    """Decode the beginning of a file for recognition only; damage is replaced, not reported."""
    name, skip = sniff(head)
    return head[skip:].decode(name, "replace")


class Utf8Source:
    """A binary stream that gives UTF-8: without its mark, UTF-16 recoded on the way.

    What is not UTF-16 in a file that says so becomes U+FFFD; bytes of a file without such a
    mark are passed on as they are. ``position`` counts the bytes taken from the stream.
    """

    def __init__(self, stream: BinaryIO, block: int) -> None:
        self._stream = stream
        self._block = block
        self._ended = False
        self._held = b""
        self.position = 0
        start = self._start()
        self.encoding, skip = sniff(start)
        self._decoder: IncrementalDecoder | None = None
        if self.encoding != "utf-8":
            self._decoder = codecs.getincrementaldecoder(self.encoding)("replace")
        self._held = self._recode(start[skip:])

    @property
    def head(self) -> bytes:
        """The first block, as long as nothing was read yet."""
        return self._held

    def read(self, size: int = -1) -> bytes:
        """Give the next block; empty only at the end. Any ``size`` but 0 means one block."""
        if size == 0:
            return b""
        block, self._held = self._held, b""
        while not block and not self._ended:
            block = self._recode(self._take(self._block))
        return block

    def _start(self) -> bytes:
        """Take a whole block, however small the pieces are in which the stream gives it."""
        start = b""
        while len(start) < self._block and (piece := self._take(self._block - len(start))):
            start += piece
        return start

    def _take(self, size: int) -> bytes:
        taken = self._stream.read(size)
        self.position += len(taken)
        self._ended = not taken
        return taken

    def _recode(self, block: bytes) -> bytes:
        if self._decoder is None:
            return block
        return self._decoder.decode(block, final=self._ended).encode()
