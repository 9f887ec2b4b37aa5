"""A medium of which some stretches read as other bytes, for a library that is told less."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hashmatch.evidence.media.interface import Medium, MediumFacts, Stretch


class Patched:
    """Reads a medium, with a few short stretches replaced. Closing it leaves the medium open."""

    def __init__(self, medium: Medium, pieces: Mapping[int, bytes]) -> None:
        """Wrap it.

        Args:
            medium: what is read.
            pieces: what is read in its place, by offset; what of it lies beyond the end is not.
        """
        self._medium = medium
        self._pieces = dict(pieces)

    @property
    def size(self) -> int:
        """Bytes of the medium."""
        return self._medium.size

    @property
    def facts(self) -> MediumFacts:
        """Those of the medium."""
        return self._medium.facts

    @property
    def damage(self) -> Sequence[Stretch]:
        """That of the medium."""
        return self._medium.damage

    def read_at(self, offset: int, length: int) -> bytes:
        """Read; fewer bytes than asked for only at the end."""
        data = self._medium.read_at(offset, length)
        end = offset + len(data)
        for at, piece in self._pieces.items():
            first, last = max(at, offset), min(at + len(piece), end)
            if first < last:
                new = piece[first - at : last - at]
                data = data[: first - offset] + new + data[last - offset :]
        return data

    def close(self) -> None:
        """Do nothing: who opened the medium closes it."""
