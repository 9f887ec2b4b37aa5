"""Find the parts of a mail message by their boundaries, without holding more than their headers.

Source: RFC 2046, section 5.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.evidence.members.interface import MemberError
from hashmatch.evidence.members.mime_headers import BEFORE, Headers
from hashmatch.evidence.members.unpacked import length, read_at
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEEPEST = 32
_MOST_PARTS = 100_000
_LONGEST_HEADERS = 1 << 20
_LONGEST_BOUNDARY = 256
_FIRST_PIECE, _PIECE = 4096, 1 << 20  # bytes looked through at once
_BLANK = re.compile(rb"\r?\n\r?\n")
_AT_ONCE = re.compile(rb"\r?\n")
_PLAIN = frozenset((b"", b"7bit", b"8bit", b"binary"))


@dataclass(frozen=True, slots=True)
class Part:
    """A part that holds no others: its number, where its content lies, what its headers say.

    ``unfinished`` says that the message ends in it where a boundary was to come, ``unclear`` that
    its headers do not say one thing.
    """

    number: tuple[int, ...]
    start: int
    size: int
    kind: bytes
    coding: bytes
    name: bytes
    named: bool
    unfinished: bool = False
    unclear: bool = False


@dataclass(slots=True)
class _Level:
    """A part that holds others, how many of them have begun, and whether the last one ended."""

    boundary: bytes
    number: tuple[int, ...]
    count: int = 0
    closed: bool = False


class Splitter:
    """Splits one message.

    Args:
        stream: the message, seekable; may be moved by others between two parts.

    ``broken`` says, once all parts were given, why there may be more.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._size = length(stream)
        self._levels: list[_Level] = []
        self._pattern: re.Pattern[bytes] | None = None
        self.broken: Reason | None = None

    def parts(self) -> Iterator[Part]:
        """Yield the parts in order.

        Raises:
            MemberError: there are too many.
        """
        place: int | None = 0
        number: tuple[int, ...] = ()
        is_message = True  # of which the only part has a number below its own
        count = 0
        while place is not None:
            count += 1
            if count > _MOST_PARTS:
                raise MemberError(Reason.LIMIT_COUNT)
            headers, body = self._headers(place, is_message=is_message)
            deep = len(self._levels) >= _DEEPEST
            if headers.boundary and not deep:
                self._enter(headers.boundary[:_LONGEST_BOUNDARY], number)
                _, place, number = self._next(body)
                is_message = False
            elif headers.kind == b"message/rfc822" and headers.coding in _PLAIN:
                place, is_message = body, True
            else:
                if deep:
                    self.broken = Reason.LIMIT_DEPTH
                is_alone = not self._levels
                own = (*number, 1) if is_message else number
                end, place, number = self._next(body)
                if end < 0:
                    yield _part(headers, own, body, self._size, unfinished=not is_alone)
                else:
                    yield _part(headers, own, body, end)
                is_message = False

    def _enter(self, boundary: bytes, number: tuple[int, ...]) -> None:
        self._levels.append(_Level(boundary, number))
        self._compile()

    def _compile(self) -> None:
        known = sorted({re.escape(one.boundary) for one in self._levels}, key=len, reverse=True)
        self._pattern = (
            re.compile(rb"\n--(%b)(--)?[ \t]*\r?(?:\n|\Z)" % b"|".join(known)) if known else None
        )

    def _next(self, body: int) -> tuple[int, int | None, tuple[int, ...]]:
        """Find the next part: where the one before it ends or -1, where it begins, its number."""
        start = body
        ended = -1
        while self._pattern is not None:
            found = self._delimiter(start)
            if found is None:
                if not all(level.closed for level in self._levels):
                    self.broken = self.broken or Reason.DAMAGED_CONTAINER
                break
            before, after, boundary, is_last = found
            if ended < 0:
                ended = before
            level = self._level(boundary)
            if not is_last:
                if level.closed:  # a part behind the end of all parts
                    self.broken = Reason.DAMAGED_CONTAINER
                level.count += 1
                return ended, after, (*level.number, level.count)
            level.closed = True
            start = after
        return ended, None, ()

    def _level(self, boundary: bytes) -> _Level:
        """Go out to the innermost part with a boundary; one that has not ended comes first."""
        fitting = [one for one in self._levels if one.boundary == boundary]
        level = next((one for one in reversed(fitting) if not one.closed), fitting[-1])
        while self._levels[-1] is not level:
            self._levels.pop()
        self._compile()
        return level

    def _delimiter(self, start: int) -> tuple[int, int, bytes, bool] | None:
        """Find a line that is a boundary: the content before ends, the line ends, which, last."""
        place = max(0, start - 1)  # the line end before a boundary may end the headers
        step = _FIRST_PIECE
        while self._pattern is not None and place < self._size:
            data = read_at(self._stream, place, step + 2 * _LONGEST_BOUNDARY)
            match = self._pattern.search(data)
            if match and (match.start() < step or place + len(data) >= self._size):
                before = place + match.start()
                if match.start() and data[match.start() - 1] == 13 and before > start:
                    before -= 1
                return max(start, before), place + match.end(), match[1], match[2] is not None
            place += step
            step = min(2 * step, _PIECE)
        return None

    def _headers(self, place: int, *, is_message: bool) -> tuple[Headers, int]:
        """Read the headers of a part, and find where its content begins."""
        before = BEFORE.match(read_at(self._stream, place, 4096)) if is_message else None
        headers, body = self._block(place + (before.end() if before else 0))
        if headers.unclear:
            self.broken = Reason.DAMAGED_CONTAINER
        return headers, body

    def _block(self, place: int) -> tuple[Headers, int]:
        size = 4096
        while True:
            data = read_at(self._stream, place, size)
            if found := _AT_ONCE.match(data):
                return Headers(b""), place + found.end()
            blank = _BLANK.search(data)
            stop = self._pattern.search(data) if self._pattern else None
            if stop and (not blank or stop.start() < blank.start()):
                return Headers(data[: stop.start()]), place + stop.start() + 1
            if blank:
                return Headers(data[: blank.start()]), place + blank.end()
            if len(data) < size or size >= _LONGEST_HEADERS:
                return Headers(data), place + len(data)
            size *= 4


def _part(
    headers: Headers, number: tuple[int, ...], body: int, end: int, *, unfinished: bool = False
) -> Part:
    return Part(
        number,
        body,
        max(0, end - body),
        headers.kind,
        headers.coding,
        headers.name or b"part-" + ".".join(map(str, number)).encode(),
        named=bool(headers.name),
        unfinished=unfinished,
        unclear=headers.unclear,
    )
