"""Follow the structure of HEIC, AVIF, MP4 and QuickTime files to their end: boxes of stated sizes.

Only kinds of boxes that stand at the outermost level are followed, and what they hold is looked
at only where that tells whether they are such boxes.

Source: ISO/IEC 14496-12, clause 4; Apple, QuickTime File Format.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hashmatch.evidence.carving.window import Walked, Window

if TYPE_CHECKING:
    from hashmatch.evidence.carving.window import Read

NAME = "isobmff"
MAGICS = ((4, b"ftyp"),)
MOST = 4 << 30
"""Bytes that a video may have."""
MOST_PICTURE = 64 << 20
"""Bytes that a picture may have."""

_MOST_BOXES = 65536
_BRANDS = frozenset((b"heic", b"heix", b"heim", b"heis", b"mif1", b"mif2", b"avif", b"avis"))
_INDEX = frozenset((b"moov", b"moof", b"meta"))
_KNOWN = frozenset(
    (
        *_INDEX,
        *(b"mdat", b"free", b"skip", b"wide", b"uuid", b"mfra", b"pdin", b"styp", b"sidx"),
        *(b"ssix", b"prft", b"emsg", b"pnot", b"udta", b"PICT", b"meco", b"mpvd", b"sefd"),
    )
)
_IN_MOVIE = frozenset((b"mvhd", b"cmov", b"rmra", b"trak", b"udta", b"iods", b"free", b"uuid"))


def walk(read: Read, start: int, limit: int) -> Walked | None:
    """Follow the file that begins at ``start``.

    Args:
        read: gives the bytes at an offset, that many or fewer at the end of what there is.
        start: where it begins.
        limit: offset that it cannot go beyond.

    Returns:
        How far it goes; what is not whole has an index and ends at the limit, as its last box goes
        on beyond that or to an end that it does not state. None where no such file begins, or
        none that could be decoded.
    """
    window = Window(read, min(limit, start + MOST))
    typed = window.at(start + 4, 4) == b"ftyp"
    if typed and window.at(start + 8, 4) in _BRANDS:
        limit = min(limit, start + MOST_PICTURE)
    limit = min(limit, start + MOST)
    place, met = start, set[bytes]()
    for _ in range(_MOST_BOXES):
        size, kind = _box(window, place)
        if not size or not _follows(kind, first=place == start):
            break
        if size < 0 or place + size > limit:
            cut = met & _INDEX and kind == b"mdat"
            return Walked(limit, place + 8, whole=False) if cut else None
        if not _holds(window, place, size, kind):
            break
        met.add(kind)
        place += size
    enough = met & _INDEX if typed else {b"moov", b"mdat"} <= met
    return Walked(place, start + 1, whole=True) if enough else None


def _box(window: Window, place: int) -> tuple[int, bytes]:
    """Give the size of a box and its kind; -1 for a box up to the end of the file, 0 for none."""
    size, kind = window.number(place, 4), window.at(place + 4, 4)
    if size == 1:
        size = window.number(place + 8, 8)
        return (size if size >= 16 else 0), kind
    if size == 0:
        return -1, kind
    return (size if size >= 8 else 0), kind


def _follows(kind: bytes, *, first: bool) -> bool:
    """Tell whether a box of this kind may stand here; another file type begins another file."""
    return kind in _KNOWN or (first and kind == b"ftyp")


def _holds(window: Window, place: int, size: int, kind: bytes) -> bool:
    """Tell whether a box begins as one of its kind does."""
    if kind == b"ftyp":
        brand = window.at(place + 8, 4)
        return 16 <= size <= 4096 and size % 4 == 0 and _is_word(brand)
    if kind == b"moov":
        return window.at(place + 12, 4) in _IN_MOVIE
    if kind == b"moof":
        return window.at(place + 12, 4) == b"mfhd"
    if kind == b"meta":
        return b"hdlr" in {window.at(place + 16, 4), window.at(place + 12, 4)}
    return True


def _is_word(value: bytes) -> bool:
    return len(value) == 4 and all(0x20 <= byte < 0x7F for byte in value)
