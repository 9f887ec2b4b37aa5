"""A PNG without the chunks that its pixels do not depend on, and its EXIF block.

The decoder unpacks texts and profiles, refuses what it finds too large, and takes what some texts
say of themselves for facts about the pixels. None of it may keep a picture from being seen.

Source: PNG, third edition, 2025 (5.3 chunk layout, 5.4 chunk names, 11.2 to 11.3).
"""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass

_SIGNATURE = 8
_AROUND = 12  # length, name and checksum of a chunk
_SHOWN = frozenset({b"tRNS", b"acTL", b"fcTL", b"fdAT"})
"""Chunks that say with their name that they may be passed over, and yet change what is seen."""

_MOST_CHUNKS = 1 << 20
"""Chunks that are looked at; those behind are left as they are."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the decoder is to read, and the EXIF block, empty where there is none that is whole."""

    picture: io.BytesIO
    exif: bytes


def parts(content: bytes) -> Parts:
    """Leave out what does not change the pixels; copies only where there is such a chunk.

    Where the chunks are out of order, by a length that leads beyond the end, a name that cannot be
    one or another beginning than all have, the rest stays as it is: the decoder says what that
    means. Nothing is left of what stands behind the end of the picture.
    """
    stream, view = io.BytesIO(), memoryview(content)
    exif, kept, place, last = b"", 0, _SIGNATURE, len(content)
    for _ in range(_MOST_CHUNKS):
        name = content[place + 4 : place + 8]
        end = place + _AROUND + int.from_bytes(content[place : place + 4])
        if end > len(content) or not name.isalpha() or (place == _SIGNATURE and name != b"IHDR"):
            break
        if name[:1].islower() and name not in _SHOWN:
            stream.write(view[kept:place])
            kept = end
            if name == b"eXIf":
                exif = exif or _whole(content, place, end)
        place = end
        if name == b"IEND":
            last = end
            break
    if not kept and last == len(content):
        return Parts(io.BytesIO(content), exif)
    stream.write(view[kept:last])
    stream.seek(0)
    return Parts(stream, exif)


def _whole(content: bytes, place: int, end: int) -> bytes:
    """Give the data of a chunk if its checksum is right."""
    right = int.from_bytes(content[end - 4 : end])
    found = zlib.crc32(memoryview(content)[place + 4 : end - 4])
    return content[place + 8 : end - 4] if found == right else b""
