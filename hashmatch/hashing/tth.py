"""The Tiger tree hash: a binary tree of Tiger over blocks of 1024 bytes.

Leaves and branches are told apart by a byte in front; what has no neighbour goes up as it is.

Source: Chapweske and Mohr, "Tree Hash EXchange format (THEX)", 2003.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from hashmatch.hashing.tiger import SIZE, tiger
from hashmatch.model.hashes import Algorithm, Digest

if TYPE_CHECKING:
    from hashmatch.hashing.tiger import Bytes

BLOCK = 1024
"""Bytes of a block."""

_AT_ONCE = 2048
"""Blocks digested together, a power of two: few calls, yet little enough for the cache."""


class Tth:
    """Computes the root from a stream; keeps ``_AT_ONCE`` blocks, and a hash for each level."""

    __slots__ = ("_held", "_stack")

    def __init__(self) -> None:
        self._held = bytearray()
        # Roots of whole subtrees, largest first, each with how often ``_AT_ONCE`` was doubled.
        self._stack: list[tuple[int, Bytes]] = []

    def update(self, part: memoryview) -> None:
        """Take the next bytes of the stream."""
        self._held += part
        whole = _AT_ONCE * BLOCK
        while len(self._held) >= whole:
            self._push(_root(_leaves(self._held[:whole])))
            del self._held[:whole]

    def digests(self) -> tuple[Digest, ...]:
        """Give the root; that of an empty file is the hash of an empty block."""
        roots = [root for _, root in self._stack]
        if self._held or not roots:
            roots.append(_root(_leaves(self._held)))
        root = roots.pop()
        while roots:
            root = _branches(np.concatenate((roots.pop(), root)))
        return (Digest(Algorithm.TTH, root.tobytes()),)

    def _push(self, root: Bytes) -> None:
        level = 0
        while self._stack and self._stack[-1][0] == level:
            root = _branches(np.concatenate((self._stack.pop()[1], root)))
            level += 1
        self._stack.append((level, root))


def _leaves(content: bytearray) -> Bytes:
    """Give the hashes, (n, 24), of the blocks of ``content``; at least one."""
    whole = len(content) // BLOCK
    blocks = np.frombuffer(bytes(content), np.uint8)
    found = [_marked(0, blocks[: whole * BLOCK].reshape(whole, BLOCK))] if whole else []
    if len(content) % BLOCK or not content:
        found.append(_marked(0, blocks[whole * BLOCK :][None, :]))
    return np.concatenate(found)


def _branches(hashes: Bytes) -> Bytes:
    """Join neighbours, (2n, 24), into the hashes of their branches, (n, 24)."""
    return _marked(1, hashes.reshape(-1, 2 * SIZE))


def _root(hashes: Bytes) -> Bytes:
    while len(hashes) > 1:
        paired = len(hashes) // 2 * 2
        hashes = np.concatenate((_branches(hashes[:paired]), hashes[paired:]))
    return hashes


def _marked(mark: int, rows: Bytes) -> Bytes:
    first = np.full((len(rows), 1), mark, np.uint8)
    return tiger(cast("Bytes", np.concatenate((first, rows), axis=1)))
