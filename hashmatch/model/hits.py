"""An item agrees with a record of a hash set: how strongly, and what that means."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from hashmatch.model.bands import Band, band
from hashmatch.model.hashes import NATIVE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hashmatch.model.hashes import Algorithm, Method
    from hashmatch.model.records import Json


class Claim(StrEnum):
    """The only words for the strength of a hit."""

    EXACT_2 = "exact-2"
    """A strong digest such as SHA-256 agrees, or two independent digests of one record agree."""
    EXACT_1 = "exact-1"
    """Only one weaker digest such as MD5 agrees; colliding files can be made on purpose."""
    NEAR = "near"
    """A perceptual hash is within the threshold: similar pixels, not the same file."""
    LEAD = "lead"
    """It is within a threshold wider than the usual one: possibly derived, not a match."""


class Disposition(StrEnum):
    """What an agreement with a record means."""

    ILLEGAL = "illegal"
    BASELINE = "baseline"
    SUSPECTED = "suspected"
    EXPLOITATIVE = "exploitative"
    CGI = "cgi"
    COMPARISON = "comparison"
    REPORTED = "reported"
    NCII = "ncii"
    OTHER_NOTABLE = "other-notable"
    BENIGN = "benign"
    UNCATEGORIZED = "uncategorized"
    RETRACTED = "retracted"


@dataclass(frozen=True, slots=True)
class Frames:
    """How much of a record's video, or of a video in the evidence, agrees frame by frame.

    ``matched`` of the ``of`` frames that the record lists were found; ``agreeing`` of the
    ``asked`` frames in the evidence are near one of them. ``longest`` is the longest run of
    frames that agree in order, and ``ranges`` are the stretches that agree: first and last
    moment. Both pass over a few seconds that do not. Times in milliseconds of the video in the
    evidence.
    """

    matched: int
    of: int
    agreeing: int
    asked: int
    longest: int
    ranges: tuple[tuple[int, int], ...] = ()

    def to_json(self) -> dict[str, Json]:
        """Give it as result files hold it."""
        return {
            "matched": self.matched,
            "of": self.of,
            "agreeing": self.agreeing,
            "asked": self.asked,
            "longest_ms": self.longest,
            "ranges_ms": [list(one) for one in self.ranges],
        }


@dataclass(frozen=True, slots=True)
class Near:
    """How near a near hit is. Distances in bits; ``threshold`` is the inclusive limit used.

    For PhotoDNA both are sums of squared differences. ``quality`` is that of the picture in the
    evidence, ``list_quality`` that of the record where the list states one. ``variant``,
    ``rendering`` and ``phase`` say which query agreed. ``frames`` is there where the item is a
    video; the distance is then that of its nearest frame. ``also`` are further methods whose
    values of the same picture agree with the same record, each within its own limit.
    """

    method: Method
    distance: int
    threshold: int
    quality: int
    list_quality: int | None
    variant: str
    rendering: str
    phase: str = NATIVE
    frames: Frames | None = None
    also: tuple[Method, ...] = ()

    @property
    def band(self) -> Band | None:
        """What the distance stands for; None for a method without measured bands."""
        return band(self.method, self.distance)

    def to_json(self) -> dict[str, Json]:
        """Give it as result files hold it."""
        also: dict[str, Json] = {"also": [*map(str, self.also)]} if self.also else {}
        return also | {
            "method": str(self.method),
            "distance": self.distance,
            "band": self.band and str(self.band),
            "threshold": self.threshold,
            "quality": self.quality,
            "list_quality": self.list_quality,
            "variant": self.variant,
            "rendering": self.rendering,
            "phase": self.phase,
            "frames": self.frames.to_json() if self.frames else None,
        }


@dataclass(frozen=True, slots=True)
class Hit:
    """One item agrees with one record of one set version.

    ``record`` numbers the record inside the set version, from 0. ``agreeing`` are the digests
    that agree; ``disagreeing`` those which the record carries with another value: a collision
    or a damaged list, always shown. ``category`` is the record's code, verbatim, ``flags`` are its
    statements of yes or no.
    """

    set_name: str
    set_version: str
    record: int
    entry: str | None
    claim: Claim
    disposition: Disposition
    scheme: str | None
    category: str | None
    agreeing: tuple[Algorithm, ...] = ()
    disagreeing: tuple[Algorithm, ...] = ()
    near: Near | None = None
    flags: Mapping[str, bool] = field(default_factory=dict, hash=False)
