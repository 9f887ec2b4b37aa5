"""A medium around another one, which says of itself what that says; what differs is overridden."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hashmatch.evidence.media.interface import Medium, MediumFacts, Stretch


class Around:
    """Reads another medium. Closing it leaves that open: it belongs to who opened it."""

    def __init__(self, medium: Medium) -> None:
        self._medium = medium

    @property
    def size(self) -> int:
        """Bytes of the medium within."""
        return self._medium.size

    @property
    def facts(self) -> MediumFacts:
        """Those of the medium within."""
        return self._medium.facts

    @property
    def damage(self) -> Sequence[Stretch]:
        """That of the medium within."""
        return self._medium.damage

    def read_at(self, offset: int, length: int) -> bytes:
        """Read; fewer bytes than asked for only at the end."""
        return self._medium.read_at(offset, length)

    def close(self) -> None:
        """Do nothing: who opened the medium closes it."""
