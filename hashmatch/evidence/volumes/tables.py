"""What partition tables say, whichever kind they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hashmatch.evidence.media.interface import Medium

SECTOR = 512


@dataclass(frozen=True, slots=True)
class Partition:
    """One entry of a table: ``offset`` and ``size`` in bytes, as the table says.

    ``number`` is the one that people use. ``type`` is written as the kind of table has it: two
    hexadecimal digits, a GUID in capitals, a name.
    """

    number: int
    offset: int
    size: int
    type: str

    @property
    def end(self) -> int:
        """The first byte after it."""
        return self.offset + self.size


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its kind as locators name it, and its partitions by where they begin.

    ``doubts`` say in English words for people what about it is damaged or cannot be. ``sure``
    tells that nothing is; only such a table is believed where a file system might be meant.
    """

    kind: str
    partitions: tuple[Partition, ...]
    doubts: tuple[str, ...] = ()
    sure: bool = True


def made(kind: str, found: Sequence[Partition], size: int, doubts: Sequence[str]) -> Table:
    """Put a table together: look for what cannot be, and order by place.

    Args:
        kind: as locators name it.
        found: the partitions.
        size: of what holds them, in bytes.
        doubts: what was noticed before.
    """
    ordered = sorted(found, key=lambda one: (one.offset, one.number))
    noticed = (*doubts, *_misplaced(ordered, size))
    return Table(kind, tuple(ordered), noticed, sure=bool(found) and not noticed)


def _misplaced(ordered: Sequence[Partition], size: int) -> Iterator[str]:
    end, last = 0, 0
    for one in ordered:
        if one.offset >= size:
            yield f"p{one.number} begins beyond the end of the medium"
        elif one.end > size:
            yield f"p{one.number} ends {one.end - size} bytes beyond the end of the medium"
        if one.offset < end:
            yield f"p{one.number} and p{last} overlap"
        if one.end > end:
            end, last = one.end, one.number


def number(data: bytes, at: int, width: int) -> int:
    """Read an unsigned number, lowest byte first; bytes that are not there count as zero."""
    return int.from_bytes(data[at : at + width], "little")


def block(medium: Medium, at: int, length: int = SECTOR) -> bytes:
    """Read so many bytes, with zeros for what lies beyond the end."""
    found = medium.read_at(at, length) if 0 <= at < medium.size else b""
    return found.ljust(length, b"\0")
