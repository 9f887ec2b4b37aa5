"""Look at parts of a space that may be larger than memory, a piece at a time.

Walkers follow the structure of a file through it. They ask for what they need at any place, and
the last piece is kept, so that small steps cost no read each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    Read: TypeAlias = "Callable[[int, int], bytes]"

STEP = 1024
"""Bytes read at first, and where a walker goes from header to header."""
PIECE = 256 << 10
"""Bytes read at once where a walker has looked at much, one after the other."""


@dataclass(frozen=True, slots=True)
class Walked:
    """How far a file goes.

    ``end`` is the offset after its last byte; ``whole`` tells whether that is its own end, else it
    has pixels or samples and its structure breaks off there. ``body`` is the first offset from
    which on another file would not belong to it.
    """

    end: int
    body: int
    whole: bool


class Window:
    """Reads a space up to a limit.

    Args:
        read: gives the bytes at an offset, that many or fewer at the end of the space.
        limit: offset that nothing is read beyond.
    """

    def __init__(self, read: Read, limit: int) -> None:
        self._read = read
        self._limit = limit
        self._start = 0
        self._kept = b""
        self._ahead = STEP

    def at(self, offset: int, length: int) -> bytes:
        """Give ``length`` bytes at an offset; fewer only where the space ends."""
        begin = offset - self._start
        if begin < 0 or begin + length > len(self._kept):
            self._fill(offset, length)
            begin = 0
        return self._kept[begin : begin + length]

    def more(self, offset: int) -> bytes:
        """Give what is at hand from an offset on, or else the next piece: two bytes at least.

        One or none only where the space ends.
        """
        begin = offset - self._start
        if not 0 <= begin < len(self._kept) - 1:
            self._fill(offset, 2)
            begin = 0
        return self._kept[begin:]

    def number(self, offset: int, length: int) -> int:
        """Give a number, the high byte first; -1 where the space ends before it does."""
        found = self.at(offset, length)
        return int.from_bytes(found, "big") if len(found) == length else -1

    def _fill(self, offset: int, length: int) -> None:
        """Read on: the more, the more was read in a row, so that small files cost little."""
        goes_on = 0 <= offset - self._start <= len(self._kept)
        self._ahead = min(2 * self._ahead, PIECE) if goes_on else STEP
        most = min(max(length, self._ahead), self._limit - offset)
        self._start, self._kept = offset, self._read(offset, most) if most > 0 else b""
