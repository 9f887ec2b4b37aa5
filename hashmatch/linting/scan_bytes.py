"""The bytes of a list, looked at while a reader takes them: encoding and line ends."""

from __future__ import annotations

import codecs
import io
import re
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from codecs import IncrementalDecoder

_ENDS = 1 << 12
_COUNT = re.compile(rb'"(?:@odata\.count|count)"\s*:\s*(\d{1,18})\s*[,}]')
_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


class Bytes:
    """What the bytes of a text are like; fed from beginning to end."""

    def __init__(self) -> None:
        self.size = 0
        self.utf8 = True
        self.marks = 0
        self.nul = 0
        self.feeds = 0
        self.returned_feeds = 0
        self.lone_returns = 0
        self._head = self._tail = b""
        self._last = b""
        self._decoder: IncrementalDecoder | None = None
        self._wide = False

    def feed(self, block: bytes) -> None:
        """Take the next bytes."""
        if not self.size:
            self._start(block)
        self.size += len(block)
        self._head += block[: _ENDS - len(self._head)]
        self._tail = (self._tail + block)[-_ENDS:] if len(block) < _ENDS else block[-_ENDS:]
        text = self._decoded(block, final=False)
        if text:
            self._count(text)

    @property
    def ended(self) -> bool:
        """Whether the last line has its end."""
        return self._last in {b"\n", b"\r"}

    @property
    def lines(self) -> int:
        """How many lines there are, a last one without its end too."""
        return self.feeds + self.lone_returns + (not self.ended)

    def declared(self) -> int | None:
        """Give the number of records that a JSON object declares beside its list; None for none.

        Only what stands before the first list or behind the last one, and in no other object, can
        be about the whole.
        """
        before, opened, _ = self._head.partition(b"[")
        _, closed, behind = self._tail.rpartition(b"]")
        parts = [before] if opened and before.count(b"{") == 1 else []
        parts += [behind] if closed and b"{" not in behind else []
        found = {int(one[1]) for part in parts for one in _COUNT.finditer(part)}
        return found.pop() if len(found) == 1 else None

    def finish(self) -> None:
        """Say that there are no more."""
        if not self._decoded(b"", final=True) and self._last == b"\r":
            self.lone_returns += 1

    def _start(self, block: bytes) -> None:
        name = _UTF16.get(block[:2], "utf-8")
        self._wide = name != "utf-8"
        self._decoder = codecs.getincrementaldecoder(name)("strict")

    def _decoded(self, block: bytes, *, final: bool) -> bytes:
        """Give the block as UTF-8, or as it is once it turned out to be something else."""
        if not self.utf8 or self._decoder is None:
            return block
        if not self._wide and block.isascii() and not self._decoder.getstate()[0]:
            return block
        try:
            text = self._decoder.decode(block, final)
        except UnicodeDecodeError:
            self.utf8 = False
            return block
        return text.encode("utf-8", "surrogatepass") if self._wide else block

    def _count(self, block: bytes) -> None:
        first = self.feeds == self.marks == self.nul == 0 and not self._last
        self.nul += block.count(b"\0")
        if not block.isascii():
            inside = block.count(codecs.BOM_UTF8)
            self.marks += inside - (first and block.startswith(codecs.BOM_UTF8))
        self.feeds += block.count(b"\n")
        if b"\r" in block or self._last == b"\r":
            joined = self._last + block if self._last == b"\r" else block
            pairs = joined.count(b"\r\n")
            self.returned_feeds += pairs
            self.lone_returns += joined.count(b"\r") - pairs - joined.endswith(b"\r")
        self._last = block[-1:]


class Watched(io.RawIOBase):
    """A stream that shows every byte that is read from it to an observer."""

    def __init__(self, stream: BinaryIO, seen: Bytes) -> None:
        super().__init__()
        self._stream = stream
        self._seen = seen

    def readable(self) -> bool:
        """It is for reading."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # any buffer fits
        """Read into a buffer and show what was read."""
        block = self._stream.read(len(buffer))
        buffer[: len(block)] = block
        self._seen.feed(block)
        return len(block)
