"""Follow the structure of a JPEG to its end.

Segments are passed by their lengths, so that a thumbnail in one is no end; pixel data is searched
for the next marker. Pixel data itself is not decoded.

Source: ITU-T T.81, annex B.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hashmatch.evidence.carving.window import Walked, Window

if TYPE_CHECKING:
    from hashmatch.evidence.carving.window import Read

NAME = "jpeg"
MAGICS = ((0, b"\xff\xd8\xff"),)
MOST = 64 << 20
"""Bytes that a picture may have."""

_MOST_SEGMENTS = 4096
_LEAST_PIXELS = 512  # bytes of pixel data without which a beginning is not worth keeping
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SCAN, _END, _RESTARTS = 0xDA, 0xD9, 0xDD
_OTHERS = frozenset((0xC4, 0xCC, 0xDB, 0xDC, 0xDD, 0xDE, 0xDF, 0xFE, *range(0xE0, 0xF0)))
_MARKER = re.compile(rb"\xff[^\x00\xff]")
_MARKER_BUT_RESTART = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")


def walk(read: Read, start: int, limit: int) -> Walked | None:
    """Follow the JPEG that begins at ``start``.

    Args:
        read: gives the bytes at an offset, that many or fewer at the end of what there is.
        start: where it begins.
        limit: offset that it cannot go beyond.

    Returns:
        How far it goes; what is not whole has pixels and ends where its structure breaks off.
        None where no JPEG begins.
    """
    limit = min(limit, start + MOST)
    return _Walk(Window(read, limit), start, limit).run()


class _Walk:
    def __init__(self, window: Window, start: int, limit: int) -> None:
        self._window = window
        self._start = start
        self._limit = limit
        self._framed = False
        self._marker = _MARKER  # a restart belongs to pixels only where they are announced
        self._pixels = -1
        self._filled = start  # the end of the last bytes that are not zeros

    def run(self) -> Walked | None:
        if self._window.at(self._start, 3) != MAGICS[0][1]:
            return None
        place = self._start + 2
        for _ in range(_MOST_SEGMENTS):
            marker = self._window.at(place, 2)
            if len(marker) < 2 or marker[0] != 0xFF:
                return self._broken(place)
            if marker[1] == 0xFF:
                place += 1
                continue
            if marker[1] == _END:
                return Walked(place + 2, self._pixels, whole=True) if self._pixels >= 0 else None
            after = self._segment(place, marker[1])
            if after < 0:
                return self._broken(place)
            place = after
        return self._broken(place)

    def _segment(self, place: int, marker: int) -> int:
        """Give the place of the next marker; -1 where this is no segment of a JPEG."""
        length = self._window.number(place + 2, 2)
        after = place + 2 + length
        if length < 2 or after > self._limit:
            return -1
        if marker in _FRAMES:
            return after if self._frame(place, length) else -1
        if marker == _SCAN:
            return self._scan(place, length, after)
        if marker == _RESTARTS:
            announced = self._window.number(place + 4, 2) > 0
            self._marker = _MARKER_BUT_RESTART if announced else _MARKER
        return after if marker in _OTHERS else -1

    def _frame(self, place: int, length: int) -> bool:
        """Tell whether a header of a frame agrees with itself."""
        header = self._window.at(place + 4, 6)
        self._framed = (
            len(header) == 6
            and 2 <= header[0] <= 16
            and any(header[3:5])
            and header[5] > 0
            and length == 8 + 3 * header[5]
        )
        return self._framed

    def _scan(self, place: int, length: int, after: int) -> int:
        """Pass the header of a scan and its pixels."""
        parts = self._window.number(place + 4, 1)
        if not self._framed or not 1 <= parts <= 4 or length != 6 + 2 * parts:
            return -1
        if self._pixels < 0:
            self._pixels = after
        while after < self._limit:
            piece = self._window.more(after)
            found = self._marker.search(piece)
            kept = len((piece[: found.start()] if found else piece).rstrip(b"\0"))
            if kept:
                self._filled = after + kept
            if found:
                return after + found.start()
            if len(piece) < 2:
                break
            after += len(piece) - 1  # a marker may begin with the last byte
        return self._limit

    def _broken(self, place: int) -> Walked | None:
        """Keep what there is where that has pixels."""
        if self._pixels < 0:
            return None
        stop = min(place, self._limit, max(self._filled, self._pixels))
        enough = stop - self._pixels >= _LEAST_PIXELS
        return Walked(stop, self._pixels, whole=False) if enough else None
