"""How far apart a near hit lies, in bands whose meaning was measured; reports say each in words.

Only distances of PDQ were measured well enough for bands: on pictures saved again, resized, cut
and drawn upon, and on pairs of unrelated ones. A distance by another method has no band.
"""

from __future__ import annotations

from enum import StrEnum

from hashmatch.model.hashes import Method

LEAD_QUALITY = 80
"""Least quality, on both sides where it is known, at which a lead says anything."""

BANDED = frozenset({Method.PDQ, Method.VPDQ})


class Band(StrEnum):
    """What the distance of a near hit stands for. Never a probability."""

    P1 = "P1"
    """0 to 10 bits: pictures saved again or resized."""
    P2 = "P2"
    """11 to 20 bits: pictures edited lightly."""
    P3 = "P3"
    """21 to 31 bits: small cuts, borders and overlays."""
    LEAD = "lead"
    """More than 31 bits: possibly derived. Texts of one layout, charts and logos lie here too."""


_LAST = ((10, Band.P1), (20, Band.P2), (31, Band.P3))


def band(method: Method, distance: int) -> Band | None:
    """Say in which band a distance in bits lies; None for a method without measured bands."""
    if method not in BANDED:
        return None
    return next((found for last, found in _LAST if distance <= last), Band.LEAD)


def holds(found: Band | None, quality: int, list_quality: int | None) -> bool:
    """Tell whether pictures of these qualities can carry an agreement in this band.

    A lead asks for more than the quality gate does. ``list_quality`` is None where it is unknown.
    """
    if found is not Band.LEAD:
        return True
    return quality >= LEAD_QUALITY and (list_quality is None or list_quality >= LEAD_QUALITY)
