"""An encrypted stretch of a medium as the medium that it decrypts to, sector by sector."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hashmatch.evidence.media.slice import Slice
from hashmatch.evidence.volumes.sectors import SECTOR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hashmatch.evidence.media.interface import Medium, MediumFacts, Stretch
    from hashmatch.evidence.volumes.sectors import SectorCipher

_PIECE = 4 << 20


class Decrypting:
    """Everything of a medium from ``payload`` on, in bytes, decrypted; whole sectors of it.

    Where the medium is damaged, so is what it decrypts to, at the same places: the damage noted
    is that of the bytes, wherever in a sector they lie, and what they decrypt to is no content.
    Closing it leaves the medium open.
    """

    def __init__(self, medium: Medium, payload: int, cipher: SectorCipher, form: str) -> None:
        size = max(medium.size - payload, 0) // SECTOR * SECTOR
        self._sealed = Slice(medium, payload, size)
        self._cipher = cipher
        self._form = form

    @property
    def size(self) -> int:
        """Bytes of decrypted content."""
        return self._sealed.size

    @property
    def facts(self) -> MediumFacts:
        """Those of the medium, under the name of the way of encrypting."""
        return replace(self._sealed.facts, form=self._form)

    @property
    def damage(self) -> Sequence[Stretch]:
        """The damage of the medium, in whole sectors."""
        return [_widened(one) for one in self._sealed.damage]

    def read_at(self, offset: int, length: int) -> bytes:
        """Read and decrypt; fewer bytes than asked for only at the end."""
        end = min(offset + length, self.size)
        if offset < 0 or end <= offset:
            return b""
        first = offset // SECTOR * SECTOR
        last = -(-end // SECTOR) * SECTOR
        places = range(first, last, _PIECE)
        found = b"".join(self._piece(at, min(_PIECE, last - at)) for at in places)
        return found[offset - first : end - first]

    def close(self) -> None:
        """Do nothing: who opened the medium closes it."""

    def _piece(self, offset: int, length: int) -> bytes:
        return self._cipher.decrypt(self._sealed.read_at(offset, length), offset // SECTOR)


def _widened(one: Stretch) -> Stretch:
    start = one.offset // SECTOR * SECTOR
    end = -(-(one.offset + one.length) // SECTOR) * SECTOR
    return replace(one, offset=start, length=end - start)
