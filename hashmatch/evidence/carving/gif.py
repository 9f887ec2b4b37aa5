"""Follow the structure of a GIF to its end, from block to block.

Source: CompuServe, Graphics Interchange Format, version 89a.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hashmatch.evidence.carving.window import Walked, Window

if TYPE_CHECKING:
    from hashmatch.evidence.carving.window import Read

NAME = "gif"
MAGICS = ((0, b"GIF87a"), (0, b"GIF89a"))
MOST = 64 << 20
"""Bytes that a picture may have."""

_LEAST = 256  # bytes of a first picture without which a beginning is not worth keeping
_TRAILER, _EXTENSION, _PICTURE = 0x3B, 0x21, 0x2C
_EXTENSIONS = {0x01: 12, 0xF9: 4, 0xFE: 0, 0xFF: 11}
"""Kinds, and how long the first block of each is; 0 for any length."""


def walk(read: Read, start: int, limit: int) -> Walked | None:
    """Follow the GIF that begins at ``start``.

    Args:
        read: gives the bytes at an offset, that many or fewer at the end of what there is.
        start: where it begins.
        limit: offset that it cannot go beyond.

    Returns:
        How far it goes; what is not whole has a part of a picture and ends where its structure
        breaks off. None where no GIF begins.
    """
    return _Walk(Window(read, min(limit, start + MOST)), start).run()


class _Walk:
    def __init__(self, window: Window, start: int) -> None:
        self._window = window
        self._start = start
        self._pixels = -1  # where those of the first picture begin

    def run(self) -> Walked | None:
        head = self._at(self._start, 13)
        if len(head) < 13 or head[:6] not in {magic for _, magic in MAGICS}:
            return None
        place = self._start + 13 + _colours(head[10])
        while True:
            kind = self._at(place, 1)
            if kind == bytes([_TRAILER]):
                whole = self._pixels >= 0
                return Walked(place + 1, self._pixels, whole=True) if whole else None
            blocks = self._blocks(place, kind)
            place, ended = (place, False) if blocks < 0 else self._passed(blocks)
            if not ended:
                kept = self._pixels >= 0 and place - self._pixels >= _LEAST
                return Walked(place, self._pixels, whole=False) if kept else None

    def _blocks(self, place: int, kind: bytes) -> int:
        """Give where the blocks of a part begin; -1 where no part is."""
        if kind == bytes([_EXTENSION]):
            label = self._at(place + 1, 2)
            known = len(label) == 2 and label[0] in _EXTENSIONS
            fits = known and _EXTENSIONS[label[0]] in {0, label[1]}
            return place + 2 if fits else -1
        if kind != bytes([_PICTURE]):
            return -1
        head = self._at(place, 10)
        blocks = place + 11 + (_colours(head[9]) if len(head) == 10 else 0)
        depth = self._at(blocks - 1, 1)
        if len(head) < 10 or not any(head[5:7]) or not any(head[7:9]):
            return -1
        if not depth or not 1 <= depth[0] <= 11:
            return -1
        if self._pixels < 0:
            self._pixels = blocks
        return blocks

    def _passed(self, place: int) -> tuple[int, bool]:
        """Go over blocks to what follows them; False where there is no end of them."""
        while length := self._at(place, 1):
            if not length[0]:
                return place + 1, True
            if len(self._at(place + length[0], 1)) < 1:
                break
            place += 1 + length[0]
        return place, False

    def _at(self, offset: int, length: int) -> bytes:
        return self._window.at(offset, length)


def _colours(flags: int) -> int:
    """Give the bytes of the table of colours that flags announce."""
    return 3 * (2 << (flags & 7)) if flags & 0x80 else 0
