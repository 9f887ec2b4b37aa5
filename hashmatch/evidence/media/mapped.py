"""A medium whose content lies in parts here and there in files, as a map of it says."""

from __future__ import annotations

import zlib
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from hashmatch.evidence.media.damage import Damage
from hashmatch.evidence.media.interface import MediumError, MediumFacts, Stretch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hashmatch.evidence.media.stored import Stored

CHECKSUM = "checksum"
MISSING = "missing"
TRUNCATED = "truncated"
UNREADABLE = "unreadable"

MOST_CONTENT = 1 << 48
"""Bytes that a medium may claim to hold; no disk is of 256 TiB."""
MOST_PACKED = 64 << 20
"""Bytes that one packed part may give."""
_KEPT = 16 << 20


class Unreadable(Exception):  # noqa: N818  # a state of the content, told to the caller
    """A packed part cannot be had as it was stored; the word says why, as in ``Stretch``."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Packed:
    """A piece that can only be had whole.

    ``key`` tells it from every other of the same medium: whatever ``unpack`` looks at is in it, so
    that the order of reading changes nothing. ``unpack`` gives exactly ``length`` bytes
    or raises :class:`Unreadable` or ``OSError``.
    """

    key: tuple[int, ...]
    length: int
    unpack: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of content that lies in one piece.

    ``at`` is its first byte in ``file``, or in what ``packed`` gives; ``why`` says that it cannot
    be had. Where none of the three is given, the content is zeros.
    """

    start: int
    length: int
    file: Stored | None = None
    at: int = 0
    packed: Packed | None = None
    why: str = ""

    def within(self, start: int, end: int) -> Part:
        """Give what of it lies between two places of the content."""
        first = max(start, self.start)
        length = min(end, self.start + self.length) - first
        return replace(self, start=first, length=length, at=self.at + first - self.start)


class Map(Protocol):
    """Says where content lies."""

    @property
    def size(self) -> int:
        """Bytes of content."""

    def part(self, offset: int) -> Part:
        """Give the part in which a byte of content lies; never fails."""


class Mapped:
    """The medium of a map: a :class:`~hashmatch.evidence.media.interface.Medium`."""

    def __init__(self, layout: Map, facts: MediumFacts, files: Sequence[Stored]) -> None:
        """Put it together.

        Args:
            layout: where content lies.
            facts: what the files say.
            files: to be closed with the medium.
        """
        self._map = layout
        self._files = files
        self._facts = facts
        self._damage = Damage(layout.size)
        self._unpacked: OrderedDict[tuple[int, ...], tuple[bytes, str]] = OrderedDict()
        self._kept = 0

    @property
    def size(self) -> int:
        """Bytes of content."""
        return self._map.size

    @property
    def facts(self) -> MediumFacts:
        """What its files say about it."""
        return self._facts

    @property
    def damage(self) -> Sequence[Stretch]:
        """Stretches met so far that could not be read as stored."""
        return self._damage

    def read_at(self, offset: int, length: int) -> bytes:
        """Read; zeros stand for what cannot be read, and are noted."""
        end = min(offset + length, self.size)
        found: list[bytes] = []
        while 0 <= offset < end:
            part = self._map.part(offset)
            stop = min(end, part.start + part.length)
            found.append(self._read(part, offset - part.start, stop - offset))
            offset = stop
        return b"".join(found)

    def close(self) -> None:
        """Let go of the files."""
        for file in self._files:
            file.close()
        self._unpacked.clear()

    def _read(self, part: Part, skip: int, length: int) -> bytes:
        if part.packed is not None:
            whole, why = self._whole(part.packed)
            found = whole[part.at + skip : part.at + skip + length]
            why = why or (UNREADABLE if len(found) < length else "")
            if why:
                self._damage.note(part.start, part.length, why)
            return found.ljust(length, b"\0")  # fewer bytes would move all that follows
        if part.file is not None:
            found, lost = part.file.sectors(part.at + skip, length)
            for place, many, why in lost:
                self._damage.note(part.start + skip + place, many, why)
            return found
        if part.why:
            self._damage.note(part.start, part.length, part.why)
        return bytes(length)

    def _whole(self, packed: Packed) -> tuple[bytes, str]:
        known = self._unpacked.get(packed.key)
        if known is not None:
            self._unpacked.move_to_end(packed.key)
            return known
        try:
            found = packed.unpack()
            why = "" if len(found) == packed.length else UNREADABLE
        except Unreadable as trouble:
            found, why = b"", trouble.why
        except OSError:
            found, why = b"", UNREADABLE
        known = (bytes(packed.length) if why else found), why
        self._unpacked[packed.key] = known
        self._kept += packed.length
        while self._kept > _KEPT and len(self._unpacked) > 1:
            self._kept -= len(self._unpacked.popitem(last=False)[1][0])
        return known


class Tables:
    """Tables of an image's map, read where they are needed; the last ones are kept."""

    def __init__(self, file: Stored, size: int, most: int = 1024) -> None:
        """Begin with none.

        Args:
            file: in which they lie.
            size: of each, in bytes.
            most: are kept.
        """
        self._file = file
        self._size = size
        self._most = max(1, min(most, (32 << 20) // max(1, size)))
        self._known: OrderedDict[int, bytes | None] = OrderedDict()

    def at(self, offset: int) -> bytes | None:
        """Give the whole table at a place; None where it cannot be read to its end."""
        if offset in self._known:
            self._known.move_to_end(offset)
            return self._known[offset]
        try:
            table: bytes | None = self._file.read(offset, self._size)
        except OSError:
            table = None
        if table is not None and len(table) < self._size:
            table = None
        self._known[offset] = table
        if len(self._known) > self._most:
            self._known.popitem(last=False)
        return table


def believable(size: int, what: str) -> int:
    """Give a size back that a header claims for a medium, where a disk can be of it.

    Raises:
        MediumError: no disk is that large.
    """
    if not 0 < size <= MOST_CONTENT:
        msg = f"{what} claims to hold {size} bytes, which no disk does; its header is damaged"
        raise MediumError(msg)
    return size


def inflated(packed: bytes, length: int, window: int) -> bytes:
    """Inflate what gives exactly ``length`` bytes; bytes after the end are passed over.

    Args:
        packed: deflated bytes.
        length: of what they give.
        window: as in :func:`zlib.decompressobj`: below 0 without a header and a checksum.

    Raises:
        Unreadable: they give more, or less, or nothing; or their checksum is wrong or missing.
    """
    engine = zlib.decompressobj(window)
    try:
        found = engine.decompress(packed, length)
        if len(found) == length and not engine.eof:
            # The end must follow, with its checksum; nothing more may come before it.
            found += engine.decompress(engine.unconsumed_tail, 1)
    except zlib.error:
        raise Unreadable(CHECKSUM if window > 0 else UNREADABLE) from None
    if len(found) != length or (window > 0 and not engine.eof):
        raise Unreadable(UNREADABLE)
    return found


class Plain:
    """The map of a file that is the content itself."""

    def __init__(self, file: Stored) -> None:
        self._file = file

    @property
    def size(self) -> int:
        """Bytes of content."""
        return self._file.size

    def part(self, offset: int) -> Part:  # noqa: ARG002  # all of it is one part
        """Give the whole file."""
        return Part(0, self.size, self._file)


def lower(below: Map | None, start: int, end: int, offset: int) -> Part:
    """Give the part of what lies below a map, where the map says nothing of its own.

    Zeros where nothing lies below, or it ends before.

    Args:
        below: the map below.
        start: where the gap in the map above begins.
        end: where it ends.
        offset: the byte that is asked for.
    """
    if below is None or offset >= below.size:
        first = start if below is None else max(start, below.size)
        return Part(first, end - first)
    return below.part(offset).within(start, end)
