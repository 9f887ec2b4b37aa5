"""The messages of a mailbox in one file, as they stand there.

Read forward only. A message begins at a line ``From `` with a date in it that is followed by a
header field, so that a sentence in a text is not taken for one. An empty line before it is not
demanded: some programs write none. Lines that were changed when they were stored (``>From ``) are
not changed back.

Source: RFC 4155.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from hashmatch.evidence.members.interface import Inside, MemberError
from hashmatch.model.locators import layer
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hashmatch.evidence.members.interface import Given
    from hashmatch.model.secrets import Secrets

NAME = "mbox"
TITLE = "mailbox (mbox)"
HELP = ""
FORWARD = True

_SEPARATOR = rb"From [^\r\n]{0,200}\d\d:\d\d[^\r\n]{0,80}\d{4}[^\r\n]{0,40}\r?\n"
_FIELD = rb"(?=>?[!-9;-~]{1,76}[ \t]*:|>From )"
_FIRST = re.compile(_SEPARATOR + _FIELD)
_NEXT = re.compile(rb"\n(?=%b%b)" % (_SEPARATOR, _FIELD))
_REACH = 512  # bytes within which a separator is complete
_PIECE = 1 << 20


def recognise(head: bytes, name: bytes) -> bool:  # noqa: ARG001  # content decides
    """Tell whether it begins with the line before a message, and a header field."""
    return head.startswith(b"From ") and _FIRST.match(head) is not None


def members(stream: BinaryIO, secrets: Secrets) -> Iterator[Given]:  # noqa: ARG001  # never locked
    """Yield the messages; see :class:`hashmatch.evidence.members.interface.Container`."""
    splitter = _Splitter(stream)
    number = 0
    while splitter.begin():
        name = b"%d.eml" % number
        yield Inside(name, layer(NAME, n=number), -1, _opens(splitter, number))
        splitter.skip()
        number += 1


def _opens(splitter: _Splitter, number: int) -> Callable[[], BinaryIO]:
    """Give what opens a message, once: what was read of it cannot be read again."""
    waiting = [_Message(splitter, number)]

    def opened() -> BinaryIO:
        if not waiting:
            raise MemberError(Reason.LIMIT_KEPT)
        return cast("BinaryIO", waiting.pop())

    return opened


class _Splitter:
    """Cuts what a stream gives at the lines between messages."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._data = b""
        self._at = 0  # of the next byte to give
        self._free = 0  # up to here it is of this message for sure
        self._is_over = self._at_end = False
        self.number = -1

    def begin(self) -> bool:
        """Go to the first byte of the next message, behind its separator; False for none."""
        if len(self._data) - self._at < _REACH:
            self._fill()
        match = _FIRST.match(self._data, self._at)
        if match is None:
            return False
        self._at = self._free = match.end()
        self._at_end = False
        self.number += 1
        return True

    def take(self, size: int) -> bytes:
        """Give up to so many bytes of this message; none at its end."""
        if self._at == self._free and not self._at_end:
            self._look()
        part = self._data[self._at : min(self._at + size, self._free)]
        self._at += len(part)
        return part

    def skip(self) -> None:
        """Go to the end of this message."""
        while self.take(_PIECE):
            continue

    def _look(self) -> None:
        """Find out how much of what is at hand is of this message."""
        match = _NEXT.search(self._data, max(0, self._at - 1))
        if match is None:
            self._fill()
            match = _NEXT.search(self._data)
        self._at_end = self._is_over or match is not None
        if match is not None:
            self._free = match.end()
        else:
            self._free = len(self._data) if self._is_over else len(self._data) - _REACH

    def _fill(self) -> None:
        parts = [self._data[self._at :]]
        missing = _PIECE
        while missing > 0 and not self._is_over:
            part = self._stream.read(missing)
            self._is_over = not part
            missing -= len(part)
            parts.append(part)
        self._data, self._at = b"".join(parts), 0


class _Message(io.RawIOBase):
    """One message, until the next one is asked for."""

    def __init__(self, splitter: _Splitter, number: int) -> None:
        self._splitter, self._number = splitter, number

    def readable(self) -> bool:
        """It is read, and nothing else."""
        return True

    def readinto(self, buffer: Any, /) -> int:  # noqa: ANN401  # as its parent has it
        """Give the next bytes."""
        view = memoryview(buffer).cast("B")
        part = self._splitter.take(len(view)) if self._number == self._splitter.number else b""
        view[: len(part)] = part
        return len(part)
