"""Pictures of the drawings in older Office documents, by the headers that stand before them.

JPEG, PNG and TIFF come as they were put in. Bitmaps lack the header of their file, and drawings
(EMF, WMF, PICT) are packed; both are put together again, with a doubt. In workbooks, records of at
most 8224 bytes cut pictures to pieces, which are joined first.

Source: [MS-ODRAW] 2.2.23 to 2.2.32; [MS-XLS] 2.4.58 and 2.4.171.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.evidence.members.interface import MemberError
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Found:
    """A file in a stream; without a name it is the stream itself."""

    name: bytes
    content: bytes
    doubt: Reason | None = None


@dataclass(frozen=True, slots=True)
class _Form:
    """A form of picture: with one identifier or two before it, how its file begins."""

    ending: str
    two: bool
    magics: tuple[bytes, ...] = ()


_JPEG, _PNG = (b"\xff\xd8\xff",), (b"\x89PNG\r\n\x1a\n",)
_TIFF = (b"II*\0", b"MM\0*")
_FORMS = {
    0x46A: _Form("jpg", two=False, magics=_JPEG),
    0x46B: _Form("jpg", two=True, magics=_JPEG),
    0x6E2: _Form("jpg", two=False, magics=_JPEG),
    0x6E3: _Form("jpg", two=True, magics=_JPEG),
    0x6E0: _Form("png", two=False, magics=_PNG),
    0x6E1: _Form("png", two=True, magics=_PNG),
    0x6E4: _Form("tif", two=False, magics=_TIFF),
    0x6E5: _Form("tif", two=True, magics=_TIFF),
    0x7A8: _Form("bmp", two=False),
    0x7A9: _Form("bmp", two=True),
    0x3D4: _Form("emf", two=False),
    0x3D5: _Form("emf", two=True),
    0x216: _Form("wmf", two=False),
    0x217: _Form("wmf", two=True),
    0x542: _Form("pict", two=False),
    0x543: _Form("pict", two=True),
}
_HEADERS = re.compile(
    b"(?:%b)[\x1a-\x1f\x29\x2a]\xf0"
    % b"|".join(re.escape((number << 4).to_bytes(2, "little")) for number in _FORMS),
    re.DOTALL,
)
_BEFORE = 8  # bytes of a header
_METAFILE = 34  # bytes of the header of a packed drawing
_PACKED = frozenset({"emf", "wmf", "pict"})
_MOST_DRAWING = 64 << 20

_DRAWINGS, _PICTURE, _CONTINUED, _LOCKED = 0xEB, 0x7F, 0x3C, 0x2F


def drawn(content: bytes) -> Iterator[tuple[int, int, Found]]:
    """Yield where each picture of a drawing begins and ends, and what it is."""
    place = 0
    while match := _HEADERS.search(content, place):
        start = match.start()
        form = _FORMS[int.from_bytes(content[start : start + 2], "little") >> 4]
        size = int.from_bytes(content[start + 4 : start + 8], "little")
        begin = start + _BEFORE + (32 if form.two else 16)
        end = start + _BEFORE + size
        place = start + 1
        if end > len(content) or begin + 1 >= end:
            continue
        found = _picture(form, content, begin, end)
        if found is not None:
            yield start, end, Found(b"%d.%b" % (start, form.ending.encode()), *found)
            place = end


def _picture(
    form: _Form, content: bytes, begin: int, end: int
) -> tuple[bytes, Reason | None] | None:
    if form.ending in _PACKED:
        return _drawing(content, begin, end)
    begin += 1  # a tag stands before the file
    if form.magics:
        return (content[begin:end], None) if content.startswith(form.magics, begin) else None
    return _bitmap(content[begin:end])


def _drawing(content: bytes, begin: int, end: int) -> tuple[bytes, Reason | None] | None:
    """Unpack a drawing. Its file may have had a further header, which is not kept."""
    start = begin + _METAFILE
    packed = int.from_bytes(content[begin + 28 : begin + 32], "little")
    way = content[begin + 32 : begin + 34]
    if start + packed > end or way not in {b"\0\xfe", b"\xfe\xfe"}:
        return None
    if way == b"\xfe\xfe":
        return content[start : start + packed], Reason.NO_FILE
    inflate = zlib.decompressobj()
    try:
        plain = inflate.decompress(content[start : start + packed], _MOST_DRAWING)
    except zlib.error:
        return None
    return (plain, Reason.NO_FILE) if inflate.eof else None


def _bitmap(content: bytes) -> tuple[bytes, Reason | None] | None:
    """Put the header of a file before a bitmap."""
    header = int.from_bytes(content[:4], "little")
    bits = int.from_bytes(content[14:16], "little")
    if header not in {40, 108, 124} or bits not in {1, 4, 8, 16, 24, 32}:
        return None
    colours = int.from_bytes(content[32:36], "little") or (1 << bits if bits <= 8 else 0)
    masks = 12 if header == 40 and content[16:20] == b"\3\0\0\0" else 0
    offset = 14 + header + masks + 4 * min(colours, 256)
    size = (14 + len(content)).to_bytes(4, "little")
    whole = b"BM" + size + bytes(4) + offset.to_bytes(4, "little") + content
    return whole, Reason.NO_FILE


def drawings(book: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the records of a workbook in which pictures are, joined, with where each begins.

    Raises:
        MemberError: the workbook is encrypted.
    """
    joined: list[bytes] = []
    begin = place = 0
    kind = -1
    while place + 4 <= len(book):
        one = int.from_bytes(book[place : place + 2], "little")
        size = int.from_bytes(book[place + 2 : place + 4], "little")
        if one == _LOCKED:
            raise MemberError(Reason.KEY_NEEDED)
        if one != _CONTINUED and not one == kind == _DRAWINGS:
            if joined:
                yield begin, b"".join(joined)
            joined, begin, kind = [], place, one
        if kind in {_DRAWINGS, _PICTURE}:
            joined.append(book[place + 4 : place + 4 + size])
        place += 4 + size
    if joined:
        yield begin, b"".join(joined)
