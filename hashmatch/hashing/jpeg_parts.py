"""What stands before the pixels of a JPEG: its size, its EXIF block, and pictures beside it.

Read without a decoder, so that it is still found where the decoder gives up.

Source: ITU-T T.81; CIPA DC-007 (several pictures in one file); CIPA DC-008 (EXIF).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.hashing.directories import tiff_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.hashing.directories import Directory

_BEGIN = b"\xff\xd8\xff"
_MOST_PARTS = 4096
_MOST_PICTURES = 1000
_ALONE = frozenset((0x01, *range(0xD0, 0xD9)))  # markers without a length
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_LOSSLESS = frozenset((0xC3, 0xC7, 0xCB, 0xCF))
_END = frozenset((0xD9, 0xDA))  # the pixels begin, or everything ends
_EXIF = b"Exif\0\0"
_MPF = b"MPF\0"
_ENTRIES = 0xB002
_ENTRY = 16
_THUMBNAIL = 0x0201, 0x0202
_AS_SHOWN = (
    *("identity", "flipy", "rot180", "flipx"),
    *("transpose", "rot270", "antitranspose", "rot90"),
)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a JPEG says of itself; places count from the beginning of the whole content.

    ``width`` and ``height`` are 0 where they are not said. ``exif`` and ``others`` are where the
    EXIF block and the index of further pictures begin, each at its TIFF header; -1 for none.
    """

    width: int = 0
    height: int = 0
    lossless: bool = False
    exif: int = -1
    others: int = -1


def parts(content: bytes, start: int = 0) -> Parts | None:
    """Read the parts of the JPEG that begins at ``start``; None where none begins."""
    if start < 0 or content[start : start + 3] != _BEGIN:
        return None
    width = height = 0
    lossless = False
    exif = others = -1
    for marker, place in _segments(content, start + 2):
        if marker in _FRAMES and not width:
            height = int.from_bytes(content[place + 1 : place + 3])
            width = int.from_bytes(content[place + 3 : place + 5])
            lossless = marker in _LOSSLESS
        elif marker == 0xE1 and exif < 0 and content.startswith(_EXIF, place):
            exif = place + len(_EXIF)
        elif marker == 0xE2 and others < 0 and content.startswith(_MPF, place):
            others = place + len(_MPF)
    return Parts(width, height, lossless, exif, others)


def _segments(content: bytes, place: int) -> Iterator[tuple[int, int]]:
    """Give each marker and the place of what follows its length, up to the pixels."""
    for _ in range(_MOST_PARTS):
        place = content.find(b"\xff", place)
        if place < 0 or place + 4 > len(content):
            return
        marker = content[place + 1]
        if marker in _END:
            return
        if marker in {0x00, 0xFF} or marker in _ALONE:
            place += 1 if marker == 0xFF else 2
            continue
        yield marker, place + 4
        place += 2 + max(2, int.from_bytes(content[place + 2 : place + 4]))


def beside(content: bytes, found: Parts) -> tuple[tuple[int, int], ...]:
    """Find the further pictures of a JPEG: where each begins and ends.

    An index that is left over from pictures that are no longer there gives none.
    """
    tiff = tiff_at(content, found.others) if found.others >= 0 else None
    first = tiff.directory(tiff.first) if tiff else None
    values = first.values(_ENTRIES) if first else None
    if tiff is None or values is None:
        return ()
    pictures = []
    ends = min(values.end, len(content), values.start + _MOST_PICTURES * _ENTRY)
    for place in range(values.start + _ENTRY, ends - _ENTRY + 1, _ENTRY):
        size = int.from_bytes(content[place + 4 : place + 8], tiff.endian)
        begin = tiff.base + int.from_bytes(content[place + 8 : place + 12], tiff.endian)
        if begin > tiff.base and content.startswith(_BEGIN, begin):
            pictures.append((begin, begin + size))
    return tuple(pictures)


def thumbnail(content: bytes, exif: int) -> tuple[int, int] | None:
    """Find the JPEG in the second directory of an EXIF block: where it begins and ends."""
    tiff = tiff_at(content, exif) if exif >= 0 else None
    first = tiff.directory(tiff.first) if tiff else None
    second = tiff.directory(first.following) if tiff and first else None
    return interchange(second) if second else None


def interchange(directory: Directory) -> tuple[int, int] | None:
    """Find the JPEG that a directory names by its place and length."""
    offset, length = (directory.number(tag) for tag in _THUMBNAIL)
    start = directory.tiff.base + offset
    if not offset or not length or not directory.tiff.content.startswith(_BEGIN, start):
        return None
    return start, min(start + length, len(directory.tiff.content))


def orientation(content: bytes, exif: int) -> int:
    """Read how the picture is to be turned before it is shown, 1 to 8; 1 where nothing is said."""
    tiff = tiff_at(content, exif) if exif >= 0 else None
    first = tiff.directory(tiff.first) if tiff else None
    found = first.number(0x0112, 1) if first else 1
    return found if 1 <= found <= 8 else 1


def shown(content: bytes, exif: int) -> str:
    """Name the variant that a viewer shows; see :data:`hashmatch.model.hashes.VARIANTS`."""
    return _AS_SHOWN[orientation(content, exif) - 1]
