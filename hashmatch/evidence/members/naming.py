"""How members are named in locators: as they are stored, unless no file could have such a name."""

from __future__ import annotations

import hashlib

from hashmatch.model.locators import Layer

LONGEST_NAME = 32 << 10
"""Bytes of a name; systems allow 4096 for a whole path, containers sometimes many millions."""
_CUT = "cut"


def bounded(layer: Layer) -> Layer:
    """Give a layer as locators have it.

    Of what is longer than :data:`LONGEST_NAME` the beginning stays, and a key ``cut`` follows, with
    the SHA-256 of the whole, so that two that begin alike differ, and each is found again.
    """
    values = (layer.path, *(value for _, value in layer.keys))
    if all(one is None or len(one) <= LONGEST_NAME for one in values):
        return layer
    digest = hashlib.sha256(str(layer).encode("utf-8", "surrogateescape")).hexdigest()
    keys = tuple((key, _begin(value)) for key, value in layer.keys)
    return Layer(layer.kind, _begin(layer.path), (*keys, (_CUT, digest.encode())))


def _begin(value: bytes | None) -> bytes | None:
    return None if value is None else value[:LONGEST_NAME]
