"""Follow the structure of a WebP picture to its end: chunks inside a RIFF of a stated size.

Source: RFC 9649, section 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hashmatch.evidence.carving.window import Walked, Window

if TYPE_CHECKING:
    from hashmatch.evidence.carving.window import Read

NAME = "webp"
MAGICS = ((0, b"RIFF"),)
MOST = 64 << 20
"""Bytes that a picture may have."""

_MOST_CHUNKS = 65536
_FIRST = frozenset((b"VP8 ", b"VP8L", b"VP8X"))
_PIXELS = frozenset((b"VP8 ", b"VP8L", b"ANMF"))


def walk(read: Read, start: int, limit: int) -> Walked | None:
    """Follow the WebP picture that begins at ``start``.

    What pixels hold is not looked at beyond their first bytes.

    Args:
        read: gives the bytes at an offset, that many or fewer at the end of what there is.
        start: where it begins.
        limit: offset that it cannot go beyond.

    Returns:
        How far it goes; what is not whole ends at the limit, or where its chunks break off. None
        where no WebP picture begins.
    """
    window = Window(read, min(limit, start + MOST))
    head = window.at(start, 16)
    stop = start + 8 + _size(head[4:8])
    if len(head) < 16 or head[:4] + head[8:12] != b"RIFFWEBP" or head[12:16] not in _FIRST:
        return None
    if stop - start > MOST:
        return None
    place, pixels = start + 12, False
    for _ in range(_MOST_CHUNKS):
        if place >= stop:
            whole = pixels and place <= stop + 1
            return Walked(stop, start + 1, whole=True) if whole else None
        chunk = window.at(place, 15)
        length = _size(chunk[4:8])
        after = place + 8 + length + (length & 1)
        if not _plausible(chunk) or after > stop + 1:
            break
        pixels = pixels or chunk[:4] in _PIXELS
        if min(after, stop) > limit:
            return Walked(limit, start + 1, whole=False) if pixels else None
        place = after
    return Walked(place, start + 1, whole=False) if pixels else None


def _size(value: bytes) -> int:
    return int.from_bytes(value, "little")


def _plausible(chunk: bytes) -> bool:
    """Tell whether a chunk can be one, by its name and the first bytes of pixels."""
    if len(chunk) < 8 or not all(0x20 <= byte < 0x7F for byte in chunk[:4]):
        return False
    if chunk[:4] == b"VP8 ":
        return bool(chunk[8] & 1) or chunk[11:14] == b"\x9d\x01\x2a" if len(chunk) > 13 else False
    return chunk[:4] != b"VP8L" or chunk[8:9] == b"\x2f"
