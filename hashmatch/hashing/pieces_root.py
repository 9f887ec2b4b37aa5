"""BitTorrent 2's root of a file: a tree of SHA-256 over blocks, filled up with zeros.

A file of one block has that block's SHA-256 as its root; an empty one has none.

Source: BEP 52.
"""

from __future__ import annotations

import hashlib
from itertools import repeat

from hashmatch.hashing.blocks import Blocks
from hashmatch.model.hashes import Algorithm, Digest

BLOCK = 16_384
"""Bytes of a block."""


class PiecesRoot:
    """Computes the root from a stream; keeps one hash for each level of the tree."""

    __slots__ = ("_blocks", "_stack")

    def __init__(self) -> None:
        self._stack: list[tuple[int, bytes]] = []  # whole subtrees: level and root, largest first
        self._blocks = Blocks(hashlib.sha256, repeat(BLOCK), self._take)

    def update(self, part: memoryview) -> None:
        """Take the next bytes of the stream."""
        self._blocks.update(part)

    def digests(self) -> tuple[Digest, ...]:
        """Give the root, or nothing for an empty file."""
        if not self._blocks.empty:
            self._blocks.close()
        if not self._stack:
            return ()
        level, root = self._stack.pop()
        filler = bytes(Algorithm.PIECES_ROOT.size)
        for _ in range(level):
            filler = _join(filler, filler)
        while self._stack:
            if self._stack[-1][0] == level:
                root = _join(self._stack.pop()[1], root)
            else:
                root = _join(root, filler)
            filler = _join(filler, filler)
            level += 1
        return (Digest(Algorithm.PIECES_ROOT, root),)

    def _take(self, digest: bytes) -> None:
        level = 0
        while self._stack and self._stack[-1][0] == level:
            digest = _join(self._stack.pop()[1], digest)
            level += 1
        self._stack.append((level, digest))


def _join(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(left + right).digest()
