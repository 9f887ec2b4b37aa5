"""What both generations of RAR archives say of a member."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.evidence.members.interface import MemberError
from hashmatch.evidence.members.unpacked import Stretch, read_at
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from typing import BinaryIO

LONGEST_HEADER = 2 << 20  # bytes; the format allows no longer ones
SYMLINK, HARD_LINK, COPY = "link", "hard-link", "copy"


@dataclass(frozen=True, slots=True)
class Lock:
    """How a member is encrypted.

    ``power`` is that of two that gives the rounds of the key derivation. ``check`` tells right
    passwords, where there is one. ``tweaked`` says that the checksums were changed by the key.
    """

    salt: bytes
    start: bytes = b""
    power: int = 0
    check: bytes = b""
    tweaked: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One member as its header says.

    ``size`` is -1 where it is not known, ``crc`` -1 and ``blake`` empty where there are none.
    ``solid`` says that it goes on from what was unpacked before it; ``split`` that it is in
    several files. ``points`` is a kind of link and what it points to. ``header`` is what stands
    before the same content where it is not encrypted. ``window`` in bytes.
    """

    name: bytes
    data: Stretch
    size: int
    stored: bool
    header: bytes
    crc: int = -1
    blake: bytes = b""
    times: tuple[tuple[str, int], ...] = ()
    local: str = ""
    mode: int = 0
    folder: bool = False
    solid: bool = False
    split: bool = False
    points: tuple[str, bytes] | None = None
    lock: Lock | None = None
    window: int = 0


@dataclass(frozen=True, slots=True)
class End:
    """The end of the archive, and where in the file it is.

    ``more`` says that another file goes on with it.
    """

    place: int
    more: bool = False


class Fields:
    """Reads the fields of a header in order; raises ``MemberError`` where it is too short."""

    def __init__(self, data: bytes) -> None:
        self._data, self.place = data, 0

    def take(self, size: int) -> bytes:
        """Give so many bytes."""
        part = self._data[self.place : self.place + size]
        if len(part) < size:
            raise MemberError(Reason.DAMAGED_CONTAINER)
        self.place += size
        return part

    def whole(self, size: int) -> int:
        """Give a number of so many bytes, the lowest first."""
        return int.from_bytes(self.take(size), "little")

    def number(self) -> int:
        """Give a number of seven bits a byte, the lowest first, of at most ten bytes."""
        value = 0
        for shift in range(0, 70, 7):
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise MemberError(Reason.DAMAGED_CONTAINER)

    def rest(self) -> bytes:
        """Give all that is left."""
        return self.take(len(self._data) - self.place)

    @property
    def left(self) -> int:
        """How many bytes are left."""
        return len(self._data) - self.place


def number(value: int) -> bytes:
    """Write a number as :meth:`Fields.number` reads it."""
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)


def piece(stream: BinaryIO, place: int, size: int) -> bytes:
    """Read exactly so many bytes at a place; raises ``MemberError`` where there are fewer."""
    data = read_at(stream, place, size)
    if len(data) < size:
        raise MemberError(Reason.DAMAGED_CONTAINER)
    return data
