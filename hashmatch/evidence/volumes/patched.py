"""A medium of which some stretches read as other bytes, for a library that is told less."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hashmatch.evidence.media.around import Around

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hashmatch.evidence.media.interface import Medium


class Patched(Around):
    """Reads a medium, with a few short stretches replaced. Closing it leaves the medium open."""

    def __init__(self, medium: Medium, pieces: Mapping[int, bytes]) -> None:
        """Wrap it.

        Args:
            medium: what is read.
            pieces: what is read in its place, by offset; what of it lies beyond the end is not.
        """
        super().__init__(medium)
        self._pieces = dict(pieces)

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
