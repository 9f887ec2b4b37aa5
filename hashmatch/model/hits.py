"""An item agrees with a record of a hash set: how strongly, and what that means."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hashmatch.model.hashes import Algorithm, Method


class Claim(StrEnum):
    """The only words for the strength of a hit."""

    EXACT_2 = "exact-2"
    """A strong digest such as SHA-256 agrees, or two independent digests of one record agree."""
    EXACT_1 = "exact-1"
    """Only one weaker digest such as MD5 agrees; colliding files can be made on purpose."""
    NEAR = "near"
    """A perceptual hash is within the threshold: similar pixels, not the same file."""


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
class Near:
    """How near a near hit is. Distances in bits; ``threshold`` is the inclusive limit used.

    ``quality`` is that of the picture in the evidence, ``list_quality`` that of the record where
    the list states one. ``variant`` and ``rendering`` say which query agreed.
    """

    method: Method
    distance: int
    threshold: int
    quality: int
    list_quality: int | None
    variant: str
    rendering: str


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
