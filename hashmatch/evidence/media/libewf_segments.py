"""The segments of Expert Witness images that libewf reads, and what its library does not say.

Whether a segment is missing and whether the content is encrypted is told by the chain of
sections alone, before the library sees anything.

Source: libyal, Expert Witness Compression Format (EWF), and version 2 (EWF2) specifications.
"""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING

from hashmatch.evidence.media.interface import MediumError
from hashmatch.model import names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.media.segments import Segments

FIRST, LOGICAL, SECOND, SECOND_LOGICAL = (
    b"EVF\x09\r\n\xff\0",
    b"LVF\x09\r\n\xff\0",
    b"EVF2\r\n\x81\0",
    b"LEF2\r\n\x81\0",
)
MOST_SEGMENTS = 9999
_FIRST_SECTION = struct.Struct("<16sQQ")
_SECOND_SECTION = struct.Struct("<IIQQII")
_FIRST_DESCRIPTOR, _DESCRIPTOR = 76, 64
_FILE_HEADER = 32
_ENCRYPTION, _NEXT, _DONE = 0x0B, 0x0D, 0x0F
_ENCRYPTED = 2
_MOST_SECTIONS = 1 << 20


def paths(first: bytes) -> tuple[bytes, ...]:
    """Name the segments from the first on, up to the first name that is missing."""
    found = [first]
    stem, dot, ending = first.rpartition(b".")
    if not ending.endswith(b"01") or len(ending) < 3:
        return (first,)
    for number in range(2, MOST_SEGMENTS + 1):
        name = _ending(ending[:-2], number)
        if name is None or not os.access(stem + dot + name, os.F_OK):
            break
        found.append(stem + dot + name)
    return tuple(found)


def _ending(start: bytes, number: int) -> bytes | None:
    """Give the ending of a segment: ``Ex01`` to ``Ex99``, ``ExAA`` to ``ExZZ``, ``EyAA`` ..."""
    if number < 100:
        return start + b"%02d" % number
    high, low = divmod(number - 100, 26)
    ahead, high = divmod(high, 26)
    letter = start[-1:]
    small = letter.islower() and len(start) == 1  # of Ex01 the two places are always capitals
    if not letter.isalpha() or letter[0] + ahead > ord("z" if letter.islower() else "Z"):
        return None
    base = ord("a" if small else "A")
    return start[:-1] + bytes((letter[0] + ahead, base + high, base + low))


def judge(segments: Segments) -> None:
    """See that every segment is there and nothing is encrypted.

    Raises:
        MediumError: a segment is missing, cut off, or encrypted.
    """
    for number, segment in enumerate(segments.all):
        try:
            head = segments.stored(number).read(0, 32)
            kind = _last(segments, number, second=head.startswith((SECOND, SECOND_LOGICAL)))
        except OSError as error:
            msg = f"{names.shown(segment.path)} cannot be read ({error})"
            raise MediumError(msg) from None
        last = number == len(segments.all) - 1
        if kind != ("done" if last else "next"):
            what = (
                "the segment that follows it is missing"
                if kind == "next"
                else "it is cut off, or segments of another image follow it"
            )
            msg = f"{names.shown(segment.path)} is not whole: {what}; find all segments first"
            raise MediumError(msg)


def first_sections(segments: Segments, number: int) -> Iterator[tuple[bytes, int]]:
    """Yield kind and place of the data of each section of a segment of version 1, in order.

    Breaks off where the chain does.

    Raises:
        OSError: the segment cannot be read.
    """
    file = segments.stored(number)
    place = 13
    for _ in range(_MOST_SECTIONS):
        raw = file.read(place, _FIRST_SECTION.size)
        if len(raw) < _FIRST_SECTION.size:
            return
        kind, following, _ = _FIRST_SECTION.unpack(raw)
        yield kind.rstrip(b"\0"), place + _FIRST_DESCRIPTOR
        if following <= place:
            return
        place = following


def second_sections(segments: Segments, number: int) -> Iterator[tuple[int, int]]:
    """Yield kind and place of the data of each section of version 2, from the last to the first.

    A chain that breaks off ends with kind -1.

    Raises:
        MediumError: a section is encrypted.
        OSError: the segment cannot be read.
    """
    file = segments.stored(number)
    place = file.size - _DESCRIPTOR
    for _ in range(_MOST_SECTIONS):
        raw = file.read(place, _DESCRIPTOR) if place >= _FILE_HEADER else b""
        if len(raw) < _DESCRIPTOR:
            break
        kind, flags, before, size, _, _ = _SECOND_SECTION.unpack_from(raw)
        if kind == _ENCRYPTION or flags & _ENCRYPTED:
            msg = (
                f"{names.shown(file.path)} is an encrypted Ex01; decrypt it with the tool that "
                "made it, export an E01 or raw image and scan that"
            )
            raise MediumError(msg)
        yield kind, max(0, place - size)
        if not before:
            return
        if before >= place:
            break
        place = before
    yield -1, 0


def _last(segments: Segments, number: int, *, second: bool) -> str:
    """Tell how the chain of a segment ends: ``next``, ``done``, or otherwise."""
    if second:
        kinds = [kind for kind, _ in second_sections(segments, number)]
        end = {_NEXT: "next", _DONE: "done"}.get(kinds[0], "")
        return end if kinds[-1] >= 0 else ""
    last = b""
    for kind, _ in first_sections(segments, number):
        last = kind
        if kind in {b"next", b"done"}:
            break
    return {b"next": "next", b"done": "done"}.get(last, "")
