"""Something that may hold volumes: its content, how it is named, and where it lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.evidence.media.slice import Slice
from hashmatch.evidence.volumes.interface import Opened, Volume

if TYPE_CHECKING:
    from hashmatch.evidence.filesystems.interface import MountError
    from hashmatch.evidence.media.interface import Medium
    from hashmatch.model.locators import Layer


@dataclass(frozen=True, slots=True)
class Place:
    """One such thing.

    ``spare`` tells that it need not hold anything, by what the table says of it.
    """

    content: Medium
    layers: tuple[Layer, ...]
    prefix: bytes
    at: int | None
    spare: bool = False

    def below(self, step: Layer, name: bytes, content: Medium, at: int | None) -> Place:
        """Give what lies in it; ``at`` is where that lies on the medium, None for nowhere."""
        prefix = self.prefix + name + b"/" if name else self.prefix
        return Place(content, (*self.layers, step), prefix, at)

    def stretch(self, step: Layer, name: bytes, offset: int, size: int) -> Place:
        """Give a stretch of it."""
        at = None if self.at is None else self.at + offset
        return self.below(step, name, Slice(self.content, offset, size), at)

    def opened(
        self, trouble: MountError | None = None, *, gap: bool = False, note: str = ""
    ) -> Opened:
        """Give it as one volume."""
        reason = trouble.reason if trouble else None
        advice = trouble.advice if trouble else note
        volume = Volume(
            0, self.layers, self.prefix, self.at or 0, self.content.size, reason, advice, gap
        )
        return Opened(volume, self.content, self.at)

    def absolute(self, offset: int) -> int:
        """Give a place in it as one on the medium, or in itself where it is no stretch of that."""
        return offset + (self.at or 0)
