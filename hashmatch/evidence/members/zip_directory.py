"""Where the directory of a zip is, and what of a zip no directory names.

Source: PKWARE APPNOTE 6.3.10, 4.3.14 to 4.3.16.
"""

from __future__ import annotations

import re
import struct
from array import array
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hashmatch.evidence.members.interface import MemberError
from hashmatch.evidence.members.unpacked import BLOCK, Stretch, length, read_at
from hashmatch.evidence.members.zip_entries import (
    CENTRAL,
    DESCRIBED_AFTER,
    DESCRIPTOR,
    LOCAL,
    UNKNOWN,
    local,
)
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from hashmatch.evidence.members.zip_entries import Entry

END = b"PK\x05\x06"
_END64, _LOCATOR64 = b"PK\x06\x06", b"PK\x06\x07"
_END_SIZE, _LOCATOR_SIZE, _END64_SIZE = 22, 20, 56
LONGEST_END = _END_SIZE + 0xFFFF
"""Bytes of the record at the end, with the longest comment."""
_ENDS = (LOCAL, CENTRAL, DESCRIPTOR)
_DESCRIPTIONS = ("<IQQ", "<III")
_LONGEST_NAME = 4096
_NESTED = 256  # marks of a zip in a zip that are looked at behind one that may be the next header
_STORED = 0


@dataclass(frozen=True, slots=True)
class Directory:
    """Where the directory begins and how long it is, in bytes; ``count`` entries, modulo 65536.

    ``before`` is what stands before the beginning that offsets count from. ``end`` is where the
    zip ends, its comment included. ``agrees`` says that both numbers of entries are the same.
    """

    offset: int
    size: int
    count: int
    before: int
    end: int
    agrees: bool = True


def directory(stream: BinaryIO) -> Directory | None:
    """Find the directory by the record at the end.

    Returns:
        It; None where there is none, such as of a zip that is cut off.

    Raises:
        MemberError: the zip is one part of several files.
    """
    total = length(stream)
    start = max(0, total - LONGEST_END)
    tail = read_at(stream, start, total - start)
    at = _last_end(tail)
    if at < 0:
        return None
    disk, first_disk, here, count, size, offset, comment = struct.unpack_from(
        "<HHHHIIH", tail, at + 4
    )
    place, end = start + at, min(start + at + _END_SIZE + comment, total)
    wide = _wide(stream, place)
    if wide is not None:
        place, disk, first_disk, here, count, size, offset = wide
    if (disk, first_disk) not in {(0, 0), (0xFFFF, 0xFFFF)}:
        raise MemberError(Reason.UNSUPPORTED_CONTAINER)
    for begin in (place - size, offset):
        if 0 <= begin <= place and _begins(stream, begin, size):
            size = min(size, place - begin)
            return Directory(begin, size, count, begin - offset, end, agrees=here == count)
    return None


def _last_end(tail: bytes) -> int:
    """Find the last end record whose comment reaches to the end; else the last one; or -1."""
    at = last = tail.rfind(END, 0, max(0, len(tail) - _END_SIZE + len(END)))
    while at >= 0:
        if at + _END_SIZE + int.from_bytes(tail[at + 20 : at + 22], "little") == len(tail):
            return at
        at = tail.rfind(END, 0, at)
    return last


def _wide(stream: BinaryIO, end: int) -> tuple[int, int, int, int, int, int, int] | None:
    """Read the record with numbers of 8 bytes, which a locator just before the end points to."""
    if end < _LOCATOR_SIZE + _END64_SIZE:
        return None
    locator = read_at(stream, end - _LOCATOR_SIZE, _LOCATOR_SIZE)
    if not locator.startswith(_LOCATOR64):
        return None
    stated = int.from_bytes(locator[8:16], "little")
    for place in (stated, end - _LOCATOR_SIZE - _END64_SIZE):
        if place > end:
            continue
        record = read_at(stream, place, _END64_SIZE)
        if len(record) == _END64_SIZE and record.startswith(_END64):
            return place, *struct.unpack_from("<IIQQQQ", record, 16)
    return None


def _begins(stream: BinaryIO, offset: int, size: int) -> bool:
    return size == 0 or read_at(stream, offset, 4) == CENTRAL


class Covered:
    """Which stretches of a zip belong to entries that its directory names."""

    def __init__(self) -> None:
        self._starts, self._ends = array("Q"), array("Q")

    def add(self, start: int, end: int) -> None:
        """Note one; in any order."""
        self._starts.append(start)
        self._ends.append(end)

    def gaps(self, total: int) -> Iterator[tuple[int, int]]:
        """Give what is left of so many bytes: where each gap begins and ends."""
        place = 0
        for start, end in sorted(zip(self._starts, self._ends, strict=True)):
            if start > place:
                yield place, start
            place = max(place, end)
        if total > place:
            yield place, total


def unlisted(stream: BinaryIO, start: int, end: int) -> Iterator[tuple[Entry, Stretch]]:
    """Give the entries with a header of their own in a stretch, in order.

    What has no length in its header ends where its description follows, or the next header. What
    states more than the stretch holds is given nevertheless, and looked into for further headers.
    Something that only looks like a header is passed over.
    """
    place = start
    while (found := _next(stream, place, end)) is not None:
        entry, begin = found
        if entry.flags & DESCRIBED_AFTER and not entry.packed:
            entry, place = _described(stream, entry, begin, end)
        else:
            place = begin + entry.packed
        yield entry, Stretch(begin, entry.packed)
        place = max(place, begin) if place <= end else begin


def _next(stream: BinaryIO, start: int, end: int) -> tuple[Entry, int] | None:
    """Find the next sound header, and where what it describes begins."""
    for place in marks(stream, (LOCAL,), start, end):
        found = sound(stream, place)
        if found is not None:
            return found
    return None


def sound(stream: BinaryIO, place: int) -> tuple[Entry, int] | None:
    """Read the header at a place, and where what it describes begins; None where none can be."""
    found = local(stream, place)
    if found is None:
        return None
    name = found[0].name
    return found if 0 < len(name) < _LONGEST_NAME and b"\0" not in name else None


def _described(stream: BinaryIO, entry: Entry, begin: int, end: int) -> tuple[Entry, int]:
    """Find where a member ends whose length follows it; give it with that, and what is next.

    Where no description fits, it ends at the next sound header, and nothing states its checksum.
    What is only stored may hold headers of its own, so that some more marks are looked at.
    """
    stop_at, behind = end, 0
    for place in marks(stream, _ENDS, begin, end):
        described = _description(stream, entry, begin, place)
        if described is not None:
            return described
        if stop_at < end or sound(stream, place) is not None:
            stop_at = min(stop_at, place)
            behind += 1
            if entry.method != _STORED or behind > _NESTED:
                break
    return replace(entry, packed=stop_at - begin, size=UNKNOWN, crc=UNKNOWN), stop_at


def _description(
    stream: BinaryIO, entry: Entry, begin: int, place: int
) -> tuple[Entry, int] | None:
    """Read the description of a member at a mark, or just before it, if it is that of this one."""
    after = read_at(stream, place, 24)
    signed = after.startswith(DESCRIPTOR)
    stops = (place,) if signed else (place - 12, place - 20)
    for stop in stops:
        if stop < begin:
            continue
        fields = after[4:] if signed else read_at(stream, stop, place - stop)
        for form in _DESCRIPTIONS:
            if len(fields) >= struct.calcsize(form):
                crc, packed, size = struct.unpack_from(form, fields)
                if packed == stop - begin:
                    last = stop + struct.calcsize(form) + (4 if signed else 0)
                    return replace(entry, crc=crc, packed=packed, size=size), last
    return None


def marks(stream: BinaryIO, wanted: tuple[bytes, ...], start: int, end: int) -> Iterator[int]:
    """Give the places in a stretch where one of some marks of four bytes begins, in order."""
    pattern = re.compile(b"|".join(map(re.escape, wanted)))
    while start + 4 <= end:
        block = read_at(stream, start, min(BLOCK, end - start))
        if len(block) < 4:
            return
        for found in pattern.finditer(block):
            yield start + found.start()
        start += len(block) - 3
