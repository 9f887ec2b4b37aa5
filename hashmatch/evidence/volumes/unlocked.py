"""A decrypted volume of a library as a medium: its damage is that of what it was decrypted from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from hashmatch.evidence.media.damage import Damage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hashmatch.evidence.media.interface import Medium, MediumFacts, Stretch

_PIECE = 1 << 20
_STEP = 4096
"""The longest sector. What libbde reads from within a sector on is wrong from the next one on."""


class Decrypted(Protocol):
    """What is used of a libyal volume."""

    def read_buffer_at_offset(self, size: int, offset: int) -> bytes:
        """Read and decrypt."""

    def close(self) -> None:
        """Let go of it."""


class Unlocked:
    """Reads through a library that decrypts. What it fails at comes as zeros and is noted.

    Whatever the medium below could not read is noted for all that was asked for then, whole
    pieces of it: a library may have kept what it decrypted, and no more is known. Closing it
    leaves the medium below open.
    """

    def __init__(self, volume: Decrypted, size: int, below: Medium, form: str) -> None:
        """Wrap it.

        Args:
            volume: open and unlocked.
            size: of the decrypted content, in bytes.
            below: what the library reads.
            form: as locators name the way of encrypting.
        """
        self._volume = volume
        self._size = size
        self._below = below
        self._form = form
        self._damage = Damage(size)
        self._met = _end(below.damage)

    @property
    def size(self) -> int:
        """Bytes of decrypted content."""
        return self._size

    @property
    def facts(self) -> MediumFacts:
        """Those of what lies below, under the name of the way of encrypting."""
        return replace(self._below.facts, form=self._form, size=self._size, stored=(), bad=())

    @property
    def damage(self) -> Sequence[Stretch]:
        """Stretches that could not be read, or not be decrypted."""
        return self._damage

    def read_at(self, offset: int, length: int) -> bytes:
        """Read; fewer bytes than asked for only at the end."""
        end = min(offset + length, self._size)
        if offset < 0 or end <= offset:
            return b""
        first = offset // _STEP * _STEP
        last = min(-(-end // _STEP) * _STEP, self._size)
        places = range(first, last, _PIECE)
        found = b"".join(self._piece(at, min(_PIECE, last - at)) for at in places)
        return found[offset - first : end - first]

    def close(self) -> None:
        """Let go of the library's volume."""
        self._volume.close()

    def _piece(self, offset: int, length: int) -> bytes:
        try:
            found = self._volume.read_buffer_at_offset(length, offset)
        except (OSError, RuntimeError, ValueError, MemoryError):
            found = b""
        met = _end(self._below.damage)
        if met != self._met:
            self._met = met
            self._note(offset, length, "unreadable")
        if len(found) != length:
            self._note(offset + len(found), length - len(found), "unreadable")
        return found.ljust(length, b"\0")

    def _note(self, offset: int, length: int, why: str) -> None:
        """Note whole pieces around a stretch, since what was read together was kept together."""
        start = offset // _PIECE * _PIECE
        end = min(-(-(offset + length) // _PIECE) * _PIECE, self._size)
        self._damage.note(start, end - start, why)


def _end(damage: Sequence[Stretch]) -> tuple[int, Stretch | None]:
    """Tell one state of growing damage from the next."""
    return len(damage), damage[-1] if damage else None
