"""Follow the structure of a PNG to its end: every chunk must agree with its checksum.

Source: ISO/IEC 15948 (PNG), clause 5.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from hashmatch.evidence.carving.window import PIECE, Walked, Window

if TYPE_CHECKING:
    from hashmatch.evidence.carving.window import Read

NAME = "png"
MAGICS = ((0, b"\x89PNG\r\n\x1a\n"),)
MOST = 64 << 20
"""Bytes that a picture may have."""

_MOST_CHUNKS = 65536
_AROUND = 12  # bytes of a chunk beside its content: length, kind and checksum
_FIRST = (13).to_bytes(4, "big") + b"IHDR"


def walk(read: Read, start: int, limit: int) -> Walked | None:
    """Follow the PNG that begins at ``start``.

    Args:
        read: gives the bytes at an offset, that many or fewer at the end of what there is.
        start: where it begins.
        limit: offset that it cannot go beyond.

    Returns:
        How far it goes; what is not whole has pixels and ends with the first chunk that is damaged.
        None where no PNG begins.
    """
    limit = min(limit, start + MOST)
    window = Window(read, limit)
    if window.at(start, 16) != MAGICS[0][1] + _FIRST:
        return None
    place, pixels = start + 8, False
    for number in range(_MOST_CHUNKS):
        length, kind = window.number(place, 4), window.at(place + 4, 4)
        if length < 0 or length >= 1 << 31 or len(kind) < 4 or not kind.isalpha():
            break
        pixels = pixels or kind == b"IDAT"
        after = place + _AROUND + length
        if after > limit or not _agrees(window, place, length):
            place = min(after, limit) if number else place
            break
        place = after
        if kind == b"IEND":
            return Walked(place, start + 1, whole=True) if pixels else None
    return Walked(place, start + 1, whole=False) if pixels else None


def _agrees(window: Window, place: int, length: int) -> bool:
    """Tell whether a chunk has the checksum that it states."""
    found, at, stop = 0, place + 4, place + 8 + length
    while at < stop:
        piece = window.at(at, min(PIECE, stop - at))
        if not piece:
            return False
        found = zlib.crc32(piece, found)
        at += len(piece)
    return found == window.number(stop, 4)
