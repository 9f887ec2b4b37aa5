"""eDonkey's hash: the MD4 of the MD4s of parts, in the two ways in which programs end it.

A file whose length is a multiple of the part's has two values: some programs (eMule) take an
empty part as its last, others do not. A list may hold either, so both are given.

Source: RFC 1320 (MD4); the eMule protocol specification, 2005.
"""

from __future__ import annotations

import importlib
from itertools import repeat
from typing import TYPE_CHECKING, cast

from hashmatch.hashing.blocks import Blocks
from hashmatch.model.hashes import Algorithm, Digest

if TYPE_CHECKING:
    from collections.abc import Callable

    from hashmatch.hashing.blocks import Running

PART = 9_728_000
"""Bytes of a part."""


class Ed2k:
    """Computes the hash from a stream; keeps 16 bytes for each part."""

    __slots__ = ("_blocks", "_new", "_parts")

    def __init__(self) -> None:
        # Loaded only where a list asks for it: the standard library has no MD4 to rely on.
        self._new = cast("Callable[[], Running]", importlib.import_module("Crypto.Hash.MD4").new)
        self._parts = bytearray()
        self._blocks = Blocks(self._new, repeat(PART), self._parts.extend)

    def update(self, part: memoryview) -> None:
        """Take the next bytes of the stream."""
        self._blocks.update(part)

    def digests(self) -> tuple[Digest, ...]:
        """Give the value, or for a whole number of parts first eMule's and then the other."""
        blue = self._of_parts() if self._blocks.empty and self._parts else None
        self._blocks.close()
        red = self._of_parts()
        found = (red,) if blue is None else (red, blue)
        return tuple(Digest(Algorithm.ED2K, value) for value in found)

    def _of_parts(self) -> bytes:
        """One part stands for itself."""
        if len(self._parts) == Algorithm.ED2K.size:
            return bytes(self._parts)
        whole = self._new()
        whole.update(memoryview(self._parts))
        return whole.digest()
