"""Files inside a JPEG: thumbnails, further pictures, the video of a moving photo.

Read from the segments before the pixels, 256 KiB of them at most, without a decoder. Thumbnails
are those of EXIF, Photoshop and JFIF that are JPEGs themselves; samples without a file, as some
old cameras have, are not given. An index that names what is no longer there gives nothing.
An archive behind the picture is given too.

Source: ITU-T T.81; CIPA DC-008 (EXIF), DC-007 (several pictures); JFIF 1.02; Photoshop file
formats (image resources); the XMP of motion photos.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.evidence.members import attached
from hashmatch.evidence.members.interface import Inside
from hashmatch.evidence.members.pieces import held, piece
from hashmatch.evidence.members.tiff_fields import Fields, fields_at
from hashmatch.evidence.members.unpacked import length, read_at
from hashmatch.model.locators import layer
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.members.interface import Given
    from hashmatch.model.secrets import Secrets

NAME = "exif"
TITLE = "pictures inside a JPEG"
HELP = ""

_BEGIN = b"\xff\xd8\xff"
_FIRST, _MOST = 64 << 10, 256 << 10  # bytes of a JPEG that are looked at
_MOST_SEGMENTS = 4096
_MOST_PICTURES = 1000
_ALONE = frozenset((0x01, *range(0xD0, 0xD9)))  # markers without a length
_END = frozenset((0xD9, 0xDA))  # the pixels begin, or everything ends
_EXIF, _XMP, _MPF = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0", b"MPF\0"
_JFXX, _PHOTOSHOP = b"JFXX\0\x10", b"Photoshop 3.0\0"
_OFFSET, _LENGTH, _ENTRIES = 0x0201, 0x0202, 0xB002
_RESOURCES = frozenset((1033, 1036))  # thumbnails of Photoshop
_RESOURCE_HEADER = 28
_VIDEO = re.compile(rb'(?:MicroVideoOffset|Length)(?:="|>)(\d{1,12})["<]')

# name, offset in the file or -1, length, the content where it is in memory
_Found = tuple[bytes, int, int, bytes]


def recognise(head: bytes, name: bytes) -> bool:  # noqa: ARG001  # content decides
    """Tell whether it begins as a JPEG does."""
    return head.startswith(_BEGIN)


def members(stream: BinaryIO, secrets: Secrets) -> Iterator[Given]:  # noqa: ARG001  # never locked
    """Yield what is found; see :class:`hashmatch.evidence.members.interface.Container`."""
    number = -1
    for number, (name, offset, size, content) in enumerate(_found(stream)):
        where = layer(NAME, name, n=number)
        if offset < 0:
            doubt = Reason.DAMAGED_CONTAINER if len(content) < size else None
            yield Inside(name, where, len(content), held(content), doubt=doubt)
        else:
            yield Inside(name, where, size, piece(stream, offset, size))
    yield from attached.behind(stream, NAME, number + 1)


def _found(stream: BinaryIO) -> Iterator[_Found]:
    resources = bytearray()
    for marker, place, data in _segments(stream):
        if marker == 0xE1 and data.startswith(_EXIF):
            yield from _exif(data[len(_EXIF) :])
        elif marker == 0xE2 and data.startswith(_MPF):
            yield from _further(stream, data[len(_MPF) :], place + len(_MPF))
        elif marker == 0xED and data.startswith(_PHOTOSHOP):
            resources += data[len(_PHOTOSHOP) :]
        elif marker == 0xE0 and data.startswith(_JFXX) and data.startswith(_BEGIN, len(_JFXX)):
            yield b"jfxx", -1, len(data) - len(_JFXX), data[len(_JFXX) :]
        elif marker == 0xE1 and data.startswith(_XMP):
            yield from _video(stream, data)
    yield from _photoshop(bytes(resources))


def _segments(stream: BinaryIO) -> Iterator[tuple[int, int, bytes]]:
    """Give each marker, the place of what follows its length, and that, up to the pixels."""
    data = read_at(stream, 0, _FIRST)
    place = 2
    for _ in range(_MOST_SEGMENTS):
        if len(data) == _FIRST and _reach(data, place) > _FIRST:
            data = read_at(stream, 0, _MOST)
        place = data.find(b"\xff", place)
        if place < 0 or place + 4 > len(data):
            return
        marker = data[place + 1]
        if marker in _END:
            return
        if marker in {0x00, 0xFF} or marker in _ALONE:
            place += 1 if marker == 0xFF else 2
            continue
        end = place + 2 + max(2, int.from_bytes(data[place + 2 : place + 4]))
        yield marker, place + 4, data[place + 4 : end]
        place = end


def _reach(data: bytes, place: int) -> int:
    """Say how far the segment at a place, and the marker after it, reach."""
    begin = data.find(b"\xff", place)
    if begin < 0:
        return len(data) + 1
    return begin + 8 + int.from_bytes(data[begin + 2 : begin + 4])


def _exif(tiff: bytes) -> Iterator[_Found]:
    first = fields_at(tiff)
    second = first.following() if first else None
    if second is None:
        return
    offset, size = second.number(_OFFSET), second.number(_LENGTH)
    if offset and size and tiff.startswith(_BEGIN, offset):
        yield b"thumb", -1, size, tiff[offset : offset + size]


def _further(stream: BinaryIO, tiff: bytes, base: int) -> Iterator[_Found]:
    """Give the pictures after the first one; the index counts from its own beginning."""
    index = fields_at(tiff)
    entries = index.content(_ENTRIES) if index else b""
    for place in range(16, min(len(entries) - 15, 16 * _MOST_PICTURES), 16):
        size, offset = _pair(index, entries[place + 4 : place + 12])
        if offset and size and read_at(stream, base + offset, 3) == _BEGIN:
            yield b"mpf", base + offset, size, b""


def _pair(index: Fields | None, data: bytes) -> tuple[int, int]:
    order = index.order if index else "big"
    return int.from_bytes(data[:4], order), int.from_bytes(data[4:], order)


def _photoshop(data: bytes) -> Iterator[_Found]:
    """Give the thumbnails among the resources that Photoshop leaves."""
    place = 0
    while data.startswith(b"8BIM", place) and place + 12 <= len(data):
        number = int.from_bytes(data[place + 4 : place + 6])
        start = place + 6 + (data[place + 6] + 2) // 2 * 2  # behind the name, padded to even
        size = int.from_bytes(data[start : start + 4])
        begin = start + 4 + _RESOURCE_HEADER
        if number in _RESOURCES and data.startswith(_BEGIN, begin) and size > _RESOURCE_HEADER:
            yield b"photoshop", -1, size - _RESOURCE_HEADER, data[begin : start + 4 + size]
        place = start + 4 + (size + 1) // 2 * 2


def _video(stream: BinaryIO, xmp: bytes) -> Iterator[_Found]:
    """Give the video at the end of a moving photo, where its XMP says how long that is."""
    if b"MicroVideo" not in xmp and b"MotionPhoto" not in xmp:
        return
    end = length(stream)
    for size in sorted({int(number) for number in _VIDEO.findall(xmp)}):
        if 8 < size < end and read_at(stream, end - size + 4, 4) == b"ftyp":
            yield b"video", end - size, size, b""
            return
