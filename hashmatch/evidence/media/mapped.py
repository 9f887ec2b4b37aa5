"""A medium whose content lies in parts here and there in files, as a map of it says."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from hashmatch.evidence.media.damage import Damage
from hashmatch.evidence.media.interface import MediumError, MediumFacts, Stretch
from hashmatch.evidence.media.stored import Stored

MOST_CONTENT = 1 << 48
"""Bytes that a medium may claim to hold; no disk is of 256 TiB."""
MOST_PACKED = 64 << 20
"""Bytes that one packed part may give."""
_KEPT = 16 << 20


class Unreadable(Exception):
    """A packed part cannot be had as it was stored; the word says why, as in ``Stretch``."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of content that lies in one piece.

    Exactly one is given of ``file`` with ``at`` (as it is), ``unpack`` (all of it at once; may
    raise :class:`Unreadable` or ``OSError``) and ``why`` (it cannot be had). With none the
    content is zeros.
    """

    start: int
    length: int
    file: Stored | None = None
    at: int = 0
    unpack: Callable[[], bytes] | None = None
    why: str = ""


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
        self._unpacked: OrderedDict[int, bytes] = OrderedDict()
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
        if part.unpack is not None:
            return self._whole(part, part.unpack)[skip : skip + length]
        if part.file is not None:
            found, lost = part.file.sectors(part.at + skip, length)
            for place, many, why in lost:
                self._damage.note(part.start + skip + place, many, why)
            return found
        if part.why:
            self._damage.note(part.start, part.length, part.why)
        return bytes(length)

    def _whole(self, part: Part, unpack: Callable[[], bytes]) -> bytes:
        known = self._unpacked.get(part.start)
        if known is not None:
            self._unpacked.move_to_end(part.start)
            return known
        try:
            whole = unpack()
            why = "" if len(whole) == part.length else "checksum"
        except Unreadable as trouble:
            whole, why = b"", trouble.why
        except OSError:
            whole, why = b"", "unreadable"
        if why:
            self._damage.note(part.start, part.length, why)
            whole = bytes(part.length)
        self._keep(part.start, whole)
        return whole

    def _keep(self, start: int, whole: bytes) -> None:
        self._unpacked[start] = whole
        self._kept += len(whole)
        while self._kept > _KEPT and len(self._unpacked) > 1:
            self._kept -= len(self._unpacked.popitem(last=False)[1])


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
