"""What a run computes of every item, beside reading it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hashmatch.model.hashes import ALWAYS, Algorithm, Method


class Effort(StrEnum):
    """How many perceptual hashes are made of a picture; more of them find more changed copies."""

    FAST = "fast"
    """The picture as it is, and nothing else."""
    STANDARD = "standard"
    """Also rotated and flipped, inverted, seen at other sizes, and without its border."""
    THOROUGH = "thorough"
    """All of these together, from pixels decoded in full."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Digests, perceptual methods and effort. Equal values give equal results.

    ``methods`` are those computed of pictures; PDQ is always among them, unless nothing is decoded
    at all. ``videos`` says whether videos are decoded too.
    """

    algorithms: tuple[Algorithm, ...] = ALWAYS
    methods: tuple[Method, ...] = (Method.PDQ,)
    effort: Effort = Effort.STANDARD
    videos: bool = True

    @property
    def decoded(self) -> bool:
        """Whether anything is decoded; else items are digested only."""
        return bool(self.methods) or self.videos

    @property
    def in_full(self) -> bool:
        """Whether PDQ too is computed of every pixel, and no picture decoded at a fraction."""
        return self.effort is Effort.THOROUGH

    @property
    def further(self) -> tuple[Method, ...]:
        """Methods of pictures beside PDQ; those see pictures decoded in full."""
        return tuple(one for one in self.methods if one not in {Method.PDQ, Method.VPDQ})
