"""What a volume is: a stretch of a medium, or something made from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashmatch.evidence.media.interface import Medium
    from hashmatch.model.locators import Layer
    from hashmatch.model.outcomes import Reason


_LOCKED = frozenset(("bde", "luks"))


@dataclass(frozen=True, slots=True)
class Volume:
    """One volume, as it was found.

    ``layers`` name it in locators; empty for a file system that fills the whole medium. ``prefix``
    is what paths in it begin with, such as ``p2/``; empty again. ``offset`` and ``size`` in bytes
    are those on the medium, for a volume that is no stretch of the medium those of what it lies
    in. ``trouble`` says why it cannot be looked into, ``advice`` what would help, in English words
    for people. ``gap`` is a stretch that no partition covers: it is carved if that is asked for,
    and otherwise no entry.
    """

    number: int
    layers: tuple[Layer, ...]
    prefix: bytes
    offset: int
    size: int
    trouble: Reason | None = None
    advice: str = ""
    gap: bool = False

    def lock(self, where: tuple[Layer, ...]) -> Reason | None:
        """Say why a place inside is out of reach, which is named as it is where this one opens."""
        depth = len(self.layers)
        below = where[:depth] == self.layers and depth < len(where)
        return self.trouble if below and where[depth].kind in _LOCKED else None


@dataclass(frozen=True, slots=True)
class Opened:
    """A volume with its content.

    ``content`` has the volume's first byte at 0. ``at`` is where that byte lies on the medium; None
    where the volume is no stretch of the medium, and places in it are named by themselves.
    """

    volume: Volume
    content: Medium
    at: int | None
