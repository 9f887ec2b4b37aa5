"""Camera raw files: which maker's they are, and where their largest JPEG lies.

The sensor's values are not developed: two programs never give the same picture from them. What the
camera itself made of them lies beside them as a JPEG. Found by structure only, never by searching.

Sources: TIFF/EP (ISO 12234-2); DNG 1.7; for the others the tag tables of ExifTool and LibRaw.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.hashing import iso_boxes, jpeg_parts, sniff
from hashmatch.hashing.directories import Tiff, tiff_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.hashing.directories import Directory

    Span = tuple[int, int]

_MOST_DIRECTORIES = 64
_MOST_TRIED = 4  # JPEGs, where one after the other cannot be decoded
_MAKERS = (
    (b"NIKON", sniff.NEF),
    (b"SONY", sniff.ARW),
    (b"CANON", sniff.CR2),
    (b"PENTAX", sniff.PEF),
    (b"RICOH", sniff.PEF),
    (b"SAMSUNG", sniff.SRW),
)
_MAKE, _SUB, _EXIF, _NOTE, _DNG = 0x010F, 0x014A, 0x8769, 0x927C, 0xC612
_COMPRESSION, _COLOURS, _STRIPS, _STRIP_SIZES = 0x0103, 0x0106, 0x0111, 0x0117
_SENSOR = frozenset((32803, 34892))  # a filter before each sample, or such samples put in line
_PACKED = frozenset((32767, 32769, 32770, 32772, 34713, 65535))  # as makers pack these
_JPEG = frozenset((6, 7))
_PANASONIC_JPEG = 0x002E
_OLYMPUS = ((b"OLYMPUS\0", 12), (b"OM SYSTEM\0", 16))  # how a note begins, where its directory is
_SETTINGS, _PREVIEW, _PREVIEW_SIZE = 0x2020, 0x0101, 0x0102
_FUJI_PLACE = slice(84, 88), slice(88, 92)


@dataclass(frozen=True, slots=True)
class Raw:
    """A camera raw file: its kind, and from where to where its JPEGs go, the largest first."""

    kind: str
    previews: tuple[Span, ...] = ()


def look(content: bytes, kind: str) -> Raw | None:
    """Tell whether content is a camera raw file; None where it is something else.

    Args:
        content: the whole file.
        kind: as :func:`hashmatch.hashing.sniff.picture_kind` says; many are TIFF by that.
    """
    if kind == sniff.CR3:
        return Raw(kind, _largest(content, iso_boxes.jpegs(content)))
    if kind == sniff.RAF:
        start, size = (int.from_bytes(content[place]) for place in _FUJI_PLACE)
        # The length is not needed to show it: a viewer goes on to where the JPEG ends.
        return Raw(kind, _largest(content, [(start, start + size), (start, len(content))]))
    tiff = tiff_at(content) if kind in {sniff.TIFF, sniff.ORF, sniff.RW2} else None
    if tiff is None:
        return None
    directories = tuple(_directories(tiff))
    if kind == sniff.TIFF:
        maker = _maker(content, directories)
        if maker is None:
            return None
        kind = maker
    spans = [span for one in directories for span in _jpegs(one)]
    if kind == sniff.ORF:
        spans += [span for one in directories for span in _olympus(one)]
    return Raw(kind, _largest(content, spans))


def _directories(tiff: Tiff) -> Iterator[Directory]:
    """Give the directories of the chain and those below them, not too many."""
    left = _MOST_DIRECTORIES
    for one in tiff.chain():
        for found in (one, *one.under(_SUB)):
            if not left:
                return
            left -= 1
            yield found


def _maker(content: bytes, directories: tuple[Directory, ...]) -> str | None:
    """Name the kind of a camera raw file that has the form of a TIFF; None for other pictures."""
    if not directories:
        return None
    first = directories[0]
    if first.values(_DNG):
        return sniff.DNG
    if content[8:10] == b"CR":
        return sniff.CR2
    if not any(map(_is_sensor, directories)):
        return None
    name = first.values(_MAKE)
    made = content[name.start : min(name.end, name.start + 32)].upper() if name else b""
    return next((kind for maker, kind in _MAKERS if made.startswith(maker)), sniff.RAW)


def _is_sensor(directory: Directory) -> bool:
    packed = directory.number(_COMPRESSION) in _PACKED
    return packed or directory.number(_COLOURS) in _SENSOR


def _jpegs(directory: Directory) -> Iterator[Span]:
    """Give the JPEGs that a directory names: by place and length, as its only strip, as a value."""
    named = jpeg_parts.interchange(directory)
    if named:
        yield named
    if directory.number(_COMPRESSION) in _JPEG:
        strips, sizes = (directory.numbers(tag, 2) for tag in (_STRIPS, _STRIP_SIZES))
        if len(strips) == len(sizes) == 1:
            start = directory.tiff.base + strips[0]
            yield start, start + sizes[0]
    value = directory.values(_PANASONIC_JPEG)
    if value:
        yield value.start, value.end


def _olympus(directory: Directory) -> Iterator[Span]:
    """Give the preview that the maker's note of an Olympus camera names."""
    content = directory.tiff.content
    for block in directory.under(_EXIF):
        note = block.values(_NOTE)
        for name, place in _OLYMPUS if note else ():
            if note is None or not content.startswith(name, note.start):
                continue
            inner = Tiff(content, note.start, directory.tiff.order, big=False, first=place)
            for settings in (found for one in inner.chain() for found in one.under(_SETTINGS)):
                start = note.start + settings.number(_PREVIEW)
                yield start, start + settings.number(_PREVIEW_SIZE)


def _largest(content: bytes, spans: list[Span]) -> tuple[Span, ...]:
    """Choose the JPEGs of the most pixels; sensor values packed as lossless JPEG are none."""
    sizes: dict[Span, int] = {}
    for start, stated in spans:
        end = min(stated, len(content))
        found = jpeg_parts.parts(content, start) if start < end else None
        if found is not None and not found.lossless and found.width * found.height:
            sizes[start, end] = found.width * found.height
    return tuple(sorted(sizes, key=lambda span: -sizes[span])[:_MOST_TRIED])
