"""Segments of an Expert Witness image (EWF version 1) and the sections that they consist of.

The layout follows the published description of the format by the libewf project: a file begins
with a mark and its number; sections follow, each with its type, its size and where the next one
begins, under an Adler-32 of its own.
"""

from __future__ import annotations

import re
import struct
import zlib
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hashmatch.evidence.media.interface import MediumError
from hashmatch.model import names

if TYPE_CHECKING:
    from hashmatch.evidence.media.stored import Stored

SIGNATURE = b"EVF\x09\x0d\x0a\xff\x00"
FIRST = 13
"""Bytes before the first section: the mark, a byte of 1, the number of the segment, zeros."""

DESCRIPTOR = 76
MOST_DOUBTS = 100
MOST_SECTIONS = 1_000_000
MOST_SEGMENTS = 99 + 22 * 26 * 26

_DESCRIPTOR = struct.Struct("<16sQQ40xI")
_NAME = re.compile(rb"(.*\.)([Ee])(01)", re.DOTALL)
_SMART = re.compile(rb"\.[sS][0-9]{2}$")


@dataclass(frozen=True, slots=True)
class Section:
    """One section: where it begins, where what follows it begins, both in bytes of the file."""

    kind: str
    offset: int
    end: int

    @property
    def data(self) -> int:
        """Where its content begins."""
        return self.offset + DESCRIPTOR

    @property
    def length(self) -> int:
        """Bytes of content."""
        return max(self.end - self.data, 0)


@dataclass(slots=True)
class Parts:
    """The sections of one segment. ``last`` is ``next``, ``done`` or, where it breaks off, empty.

    ``doubts`` say in English words what is not as it should be; ``broken_at`` is where the first
    of them lies, so that sections from there on may be missing.
    """

    sections: list[Section] = field(default_factory=list)
    last: str = ""
    broken_at: int | None = None
    doubts: list[str] = field(default_factory=list)

    def doubt(self, offset: int, text: str) -> None:
        """Add a doubt about what lies at a place; the first of them are kept."""
        if self.broken_at is None:
            self.broken_at = offset
        if len(self.doubts) < MOST_DOUBTS:
            self.doubts.append(text)

    def end_at(self, offset: int) -> int:
        """Tell where the section ends that a place of the file lies in; 0 where there is none."""
        at = bisect_right(self.sections, offset, key=lambda one: one.offset) - 1
        if at < 0 or offset >= self.sections[at].end:
            return 0
        return self.sections[at].end


def name(first: bytes, number: int) -> bytes | None:
    """Name a segment: E01 to E99, then EAA to EZZ, FAA to ZZZ, in the case of the first.

    Args:
        first: the path of segment 1.
        number: from 1.

    Returns:
        None where the first is not named so, or there are no more names.
    """
    found = _NAME.fullmatch(first)
    if found is None or number > MOST_SEGMENTS:
        return first if number == 1 else None
    stem, letter, _ = found.groups()
    if number <= 99:
        return stem + letter + b"%02d" % number
    high, low = divmod(number - 100, 26)
    above, middle = divmod(high, 26)
    base = ord("a") if letter == b"e" else ord("A")
    return stem + bytes((letter[0] + above, base + middle, base + low))


def check_first(stored: Stored, number: int) -> None:
    """Look at the mark and number at the beginning of a segment.

    Raises:
        MediumError: it is no segment, or another one.
    """
    head = stored.header(0, FIRST)
    where = names.shown(stored.path)
    if not head.startswith(SIGNATURE):
        msg = f"{where} is no part of an Expert Witness image; find the segment of that name"
        raise MediumError(msg)
    found = int.from_bytes(head[9:11], "little")
    if found != number:
        msg = (
            f"{where} is segment {found} of its image where segment {number} is expected; "
            "name the first segment, and let each keep the name it was made with"
        )
        raise MediumError(msg)


def walk(stored: Stored) -> Parts:
    """List the sections of a segment as far as they lead.

    A descriptor whose checksum fails is a doubt; the walk goes on where it, or its size, leads to
    another that is whole. It only ever goes forward.

    Raises:
        MediumError: it cannot be read, or has more sections than any image has.
    """
    parts = Parts()
    offset = FIRST
    while True:
        raw = stored.header(offset, DESCRIPTOR)
        if offset + DESCRIPTOR > stored.size:
            parts.doubt(offset, f"it breaks off at byte {stored.size}, where a section begins")
            return parts
        kind, follows, size, whole = _descriptor(raw)
        if not whole:
            parts.doubt(offset, f"the section at byte {offset} fails its checksum")
        if kind in {"next", "done"} and (follows == offset or not whole):
            parts.sections.append(Section(kind, offset, offset + DESCRIPTOR))
            parts.last = kind
            return parts
        onward = _onward(stored, offset, (follows, offset + size), trusted=whole)
        end = min(onward or max(follows, offset + size), stored.size)
        parts.sections.append(Section(kind, offset, max(end, offset + DESCRIPTOR)))
        if not onward:
            parts.doubt(offset, f"nothing leads on from the section at byte {offset}")
            return parts
        if len(parts.sections) > MOST_SECTIONS:
            msg = f"{names.shown(stored.path)} has more sections than any image; get a fresh copy"
            raise MediumError(msg)
        offset = onward


def _descriptor(raw: bytes) -> tuple[str, int, int, bool]:
    kind, follows, size, checksum = _DESCRIPTOR.unpack(raw)
    word = kind.partition(b"\0")[0].decode("ascii", "replace")
    return word, int(follows), int(size), zlib.adler32(raw[:72]) == checksum


def _onward(stored: Stored, offset: int, said: tuple[int, int], *, trusted: bool) -> int:
    """Find the next section: the first of two places where one is whole; 0 for none.

    Where none is whole, the place counts on which both agree, or which is under a checksum.

    Args:
        stored: the segment.
        offset: where this section begins.
        said: where the next begins by what this one says of it, and by its own size.
        trusted: whether this one is whole, so that the first place holds whatever is there.
    """
    last = stored.size - DESCRIPTOR
    places = [place for place in said if offset + DESCRIPTOR <= place <= last]
    for place in places:
        if _descriptor(stored.header(place, DESCRIPTOR))[3]:
            return place
    return places[0] if places and (trusted or said[0] == said[1]) else 0


def is_smart(path: bytes) -> bool:
    """Tell by its name whether an image is of the SMART variant (.s01), which lies differently."""
    return _SMART.search(path) is not None
