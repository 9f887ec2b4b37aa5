"""Put the segments of an Expert Witness image together, and gather what they say."""

from __future__ import annotations

import os
import re
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hashmatch.evidence.media import ewf_header, ewf_sections, ewf_tables
from hashmatch.evidence.media.interface import MediumError, Stretch
from hashmatch.model import names

if TYPE_CHECKING:
    from collections.abc import Callable

    from hashmatch.evidence.media.ewf_sections import Parts, Section
    from hashmatch.evidence.media.segments import Segments
    from hashmatch.evidence.media.stored import Stored
    from hashmatch.model.records import Json

MOST_CHUNK = 1 << 26
MOST_BAD = 100_000
MOST_DOUBTS = 1000
_MOST_SIZE = 1 << 62
_MOST_DATA = 1 << 20
_QUIET = frozenset(("sectors", "session", "next", "done"))
_XHASH = re.compile(r"<(md5|sha1|sha256)>\s*([0-9a-fA-F]{32,64})\s*</\1>")
_LENGTHS = {"md5": 32, "sha1": 40, "sha256": 64}


@dataclass(slots=True)
class Gathered:
    """What all sections together say. ``doubts`` are English words for people.

    ``broken``: something that lists chunks may be lost; ``unsure``: and tables follow after that,
    so that the numbers of their chunks are right only if all chunks are listed.
    """

    shape: ewf_header.Shape | None = None
    tables: list[ewf_tables.Table] = field(default_factory=list)
    parts: list[Parts] = field(default_factory=list)
    stored: dict[str, str] = field(default_factory=dict)
    headers: dict[str, dict[str, Json]] = field(default_factory=dict)
    bad: list[tuple[int, int]] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    broken: bool = False
    unsure: bool = False

    def doubt(self, text: str) -> None:
        """Add a doubt; after many of them only that there are more."""
        if len(self.doubts) < MOST_DOUBTS:
            self.doubts.append(text)
        elif len(self.doubts) == MOST_DOUBTS:
            self.doubts.append("there are more doubts than are listed")

    @property
    def chunks(self) -> int:
        """How many chunks the tables list."""
        return self.tables[-1].first + self.tables[-1].count if self.tables else 0


def segment_paths(first: bytes) -> tuple[bytes, ...]:
    """Name the segments of an image from its first on, up to the first name that is missing."""
    found = [first]
    while len(found) < ewf_sections.MOST_SEGMENTS:
        path = ewf_sections.name(first, len(found) + 1)
        if path is None or not os.access(path, os.F_OK):
            break
        found.append(path)
    return tuple(found)


def gather(segments: Segments) -> Gathered:
    """Read all that describes the content.

    Raises:
        MediumError: a segment is missing, of another image, or cut off where others follow; or
            what is left does not tell which chunk is which.
    """
    result = Gathered()
    for number in range(len(segments.all)):
        stored = _stored(segments, number)
        ewf_sections.check_first(stored, number + 1)
        parts = ewf_sections.walk(stored)
        result.parts.append(parts)
        file = _Segment(result, stored, number, parts)
        file.take()
        if parts.last == "done" and not parts.doubts:
            break
    _finish(result, segments)
    return result


def _stored(segments: Segments, number: int) -> Stored:
    try:
        return segments.stored(number)
    except OSError as error:
        raise MediumError(str(error)) from None


def _finish(result: Gathered, segments: Segments) -> None:
    last = result.parts[-1]
    if last.last == "next":
        first = segments.all[0].path
        missing = ewf_sections.name(first, len(result.parts) + 1)
        where = "the segment after it" if missing is None else names.shown(missing)
        msg = f"{names.shown(first)} goes on in {where}, which is missing; find it first"
        raise MediumError(msg)
    if left := len(segments.all) - len(result.parts):
        result.doubt(f"{left} further segments lie beside it, and it ends before them")
    shape = result.shape
    if shape is None:
        msg = f"{names.shown(segments.all[0].path)} does not say how large it is; get a fresh copy"
        raise MediumError(msg)
    expected = -(-shape.sectors * shape.sector // shape.chunk)
    if result.unsure and result.chunks != (expected or shape.chunks):
        msg = (
            f"the tables of {names.shown(segments.all[0].path)} are damaged: they list "
            f"{result.chunks} of {expected} chunks, so that none has its place "
            f"({result.doubts[0]}); get a fresh copy"
        )
        raise MediumError(msg)


@dataclass(slots=True)
class _Segment:
    """One segment whose sections are taken in, in their order."""

    result: Gathered
    stored: Stored
    number: int
    parts: Parts
    unpaired: ewf_tables.Copy | None = None

    def take(self) -> None:
        for section in self.parts.sections:
            if self.parts.broken_at is not None and section.offset > self.parts.broken_at:
                self.result.broken = True
            self._section(section)
        self._settle(None)
        for one in self.parts.doubts:
            self.doubt(one)
        self.result.broken = self.result.broken or bool(self.parts.doubts)

    def _section(self, section: Section) -> None:
        reader = _READERS.get(section.kind)
        if reader is not None:
            reader(self, section)
        elif section.kind not in _QUIET:
            self.doubt(f"the section at byte {section.offset} is of an unknown kind")

    def table(self, section: Section) -> None:
        self._settle(None)
        self.unpaired = ewf_tables.copy(self.stored, section)

    def table2(self, section: Section) -> None:
        self._settle(ewf_tables.copy(self.stored, section))

    def incomplete(self, _: Section) -> None:
        self.doubt("it says of itself that it was not finished")

    def _settle(self, second: ewf_tables.Copy | None) -> None:
        """Take the table that waits for its copy, with it or without."""
        first, self.unpaired = self.unpaired, None
        copies = [one for one in (first, second) if one is not None]
        if not copies:
            return
        table = ewf_tables.choose(self.result.chunks, self.number, copies)
        if not all(one.whole for one in copies):
            used = "its copy was used" if table.sure else "only what both copies agree on is used"
            self.doubt(f"the table of chunk {table.first} on fails its checksum; {used}")
        elif len(copies) == 2 and copies[0].count != copies[1].count:
            self.doubt(f"the table of chunk {table.first} on and its copy differ")
        self.result.unsure |= self.result.broken
        self.result.broken |= not any(one.headed for one in copies)
        self.result.tables.append(table)

    def shape(self, section: Section) -> None:
        try:
            shape = ewf_header.shape(self._data(section, ewf_header.VOLUME_SIZE))
        except ValueError as error:
            self.doubt(f"the section '{section.kind}' {error}")
            return
        total = shape.sectors * shape.sector
        if not (0 < shape.chunk <= MOST_CHUNK and shape.sector and total < _MOST_SIZE):
            self.doubt(f"the section '{section.kind}' gives sizes that cannot be")
            return
        known = self.result.shape
        if known is None:
            self.result.shape = shape
            return
        if any(known.identifier) and any(shape.identifier) and known.identifier != shape.identifier:
            msg = (
                f"{names.shown(self.stored.path)} is a segment of another image; "
                "find the one that was made with the others"
            )
            raise MediumError(msg)
        if known.chunk != shape.chunk:
            self.doubt("it gives another size of chunks than the segments before")

    def header(self, section: Section) -> None:
        if section.kind in self.result.headers:  # written twice by most, the same
            return
        try:
            found = ewf_header.fields(section.kind, self._data(section, _MOST_DATA))
        except ValueError as error:
            self.doubt(f"the section '{section.kind}' {error}")
            return
        self.result.headers[section.kind] = found

    def hashes(self, section: Section) -> None:
        data = self._data(section, _MOST_DATA)
        try:
            found = _xhash(data) if section.kind == "xhash" else _digests(section.kind, data)
        except ValueError as error:
            self.doubt(f"the section '{section.kind}' {error}; its digests are not used")
            return
        for algorithm, value in found.items():
            if self.result.stored.setdefault(algorithm, value) != value:
                self.doubt(f"it states two {algorithm} digests that differ")

    def errors(self, section: Section) -> None:
        head = self._data(section, 520)
        count = int.from_bytes(head[:4], "little")
        room = max(section.length - 524, 0) // 8
        raw = self.stored.header(section.data + 520, 8 * min(count, room, MOST_BAD) + 4)
        if count > min(room, MOST_BAD):
            self.doubt(f"it lists {count} errors of acquisition, of which not all can be read")
        elif zlib.adler32(raw[:-4]) != int.from_bytes(raw[-4:], "little"):
            self.doubt("its list of errors of acquisition fails its checksum")
        for at in range(0, len(raw) - 4, 8):
            start = int.from_bytes(raw[at : at + 4], "little")
            self.result.bad.append((start, int.from_bytes(raw[at + 4 : at + 8], "little")))

    def _data(self, section: Section, most: int) -> bytes:
        return self.stored.header(section.data, min(section.length, most))

    def doubt(self, text: str) -> None:
        self.result.doubt(f"segment {self.number + 1}: {text}")


_READERS: dict[str, Callable[[_Segment, Section], None]] = {
    "table": _Segment.table,
    "table2": _Segment.table2,
    **dict.fromkeys(("volume", "disk", "data"), _Segment.shape),
    **dict.fromkeys(("header", "header2", "xheader"), _Segment.header),
    **dict.fromkeys(("hash", "digest", "xhash"), _Segment.hashes),
    "error2": _Segment.errors,
    "incomplete": _Segment.incomplete,
}


def _digests(kind: str, data: bytes) -> dict[str, str]:
    """Read MD5, and in a ``digest`` section SHA-1; all zeros mean that there is none."""
    length, places = (36, {"md5": (0, 16)}) if kind == "hash" else (80, _DIGEST)
    if len(data) < length:
        msg = "is too short"
        raise ValueError(msg)
    if zlib.adler32(data[: length - 4]) != int.from_bytes(data[length - 4 : length], "little"):
        msg = "fails its checksum"
        raise ValueError(msg)
    return {
        name: data[start:end].hex() for name, (start, end) in places.items() if any(data[start:end])
    }


_DIGEST = {"md5": (0, 16), "sha1": (16, 36)}


def _xhash(data: bytes) -> dict[str, str]:
    text = ewf_header.unpacked(data).decode("utf-8", "replace")
    return {
        name: value.lower() for name, value in _XHASH.findall(text) if len(value) == _LENGTHS[name]
    }


def acquisition_errors(result: Gathered, sector: int, size: int) -> tuple[Stretch, ...]:
    """Give the sectors that could not be read when the image was made, in bytes of the medium."""
    found = []
    for start, count in result.bad:
        offset = start * sector
        length = min(count * sector, size - offset)
        if length > 0:
            found.append(Stretch(offset, length, "unreadable", "acquisition"))
    return tuple(found)
