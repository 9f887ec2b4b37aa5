"""How near counts as near, by perceptual hash method: the usual radius and the greatest."""

from __future__ import annotations

from hashmatch.model.hashes import Method

DEFAULT = {
    Method.PDQ: 31,
    Method.VPDQ: 31,
    Method.PHASH: 8,
    Method.DHASH: 8,
    Method.AHASH: 8,
    Method.WHASH: 8,
    Method.BLOCKMEAN: 31,
    Method.PHOTODNA: 40_000,
}
"""Radii that are usual, inclusive. Bits; for PhotoDNA the sum of squared differences."""

GREATEST = {one: one.size * 255**2 if one is Method.PHOTODNA else 8 * one.size for one in Method}
"""The greatest distance that two values can have."""
