"""Follow the frames of an LZ4 file by their lengths, to find out whether something follows them.

libarchive, which unpacks them, passes in silence over what is no frame.

Source: LZ4 Frame Format Description 1.6.4.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hashmatch.evidence.members.methods import Tail

FRAME, LEGACY = b"\x04\x22\x4d\x18", b"\x02\x21\x4c\x18"
_PASSED_OVER = frozenset(bytes((first, 0x2A, 0x4D, 0x18)) for first in range(0x50, 0x60))
_BLOCK_SUMS, _SIZE, _SUM, _DICTIONARY = 1 << 4, 1 << 3, 1 << 2, 1
_STORED = 1 << 31
_LEGACY_MOST = (8 << 20) // 255 * 256 + 512  # into so many bytes the older form packs a block


def followed(packed: Iterable[bytes], tail: Tail) -> Iterator[bytes]:
    """Pass blocks on; the tail is told where something other than frames and zeros comes."""
    frames = _Frames()
    for block in packed:
        tail.left |= frames.end_before(block)
        yield block
    tail.left |= frames.begun


class _Frames:
    """How far frames were followed: what is passed over next, and how much is wanted after it."""

    def __init__(self) -> None:
        self._steps = _steps()
        self._skip, self._wanted = next(self._steps)
        self._held = b""
        self._over = False

    @property
    def begun(self) -> bool:
        """Whether there are bytes that are too few for what should come."""
        return bool(self._held.strip(b"\0"))

    def end_before(self, block: bytes) -> bool:
        """Follow what comes next; tell whether some of it is behind all frames, and no zeros."""
        place = 0
        while place < len(block) and not self._over:
            passed = min(self._skip, len(block) - place)
            self._skip -= passed
            place += passed
            part = block[place : place + self._wanted - len(self._held)]
            self._held += part
            place += len(part)
            if len(self._held) == self._wanted:
                self._go_on()
        return self._over and bool((self._held + block[place:]).strip(b"\0"))

    def _go_on(self) -> None:
        try:
            self._skip, self._wanted = self._steps.send(self._held)
            self._held = b""
        except StopIteration:
            self._over = True


_Steps = Generator[tuple[int, int], bytes, bytes]
"""Asks for what tells where frames end: how much to pass over, and how much to give then."""


def _steps() -> _Steps:
    sign = yield 0, 4
    while True:
        if sign == FRAME:
            sign = yield from _frame()
        elif sign == LEGACY:
            sign = yield from _legacy()
        elif sign in _PASSED_OVER:
            size = yield 0, 4
            sign = yield int.from_bytes(size, "little"), 4
        else:
            return sign


def _frame() -> _Steps:
    """Go over a frame, and give the four bytes behind it."""
    flags = (yield 0, 1)[0]
    more = 2 + (8 if flags & _SIZE else 0) + (4 if flags & _DICTIONARY else 0)
    between = 4 if flags & _BLOCK_SUMS else 0
    while size := int.from_bytes((yield more, 4), "little"):
        more = (size & ~_STORED) + between
    return (yield 4 if flags & _SUM else 0, 4)


def _legacy() -> _Steps:
    """Go over a frame of the older form: it ends where no size of a block follows."""
    size = yield 0, 4
    while (count := int.from_bytes(size, "little")) <= _LEGACY_MOST:
        size = yield count, 4
    return size
