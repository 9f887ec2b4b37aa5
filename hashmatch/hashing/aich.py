"""eMule's AICH: the root of a tree of SHA-1s over blocks, whose shape follows the file's parts.

Each branch is cut in two; of an odd number of blocks the greater half goes to the left below a
left branch and to the right below a right one. Down to single parts the tree counts in parts,
below that in blocks. A part's own root so depends on the side on which the part ends up, which is
known only at the end of the file: both are kept until then.

Source: the eMule protocol specification, 2005; Merkle, 1987.
"""

from __future__ import annotations

import hashlib
from functools import partial
from itertools import cycle
from typing import TYPE_CHECKING

from hashmatch.hashing.blocks import Blocks
from hashmatch.hashing.ed2k import PART
from hashmatch.model.hashes import Algorithm, Digest

if TYPE_CHECKING:
    from collections.abc import Callable

BLOCK = 184_320
"""Bytes of a block; the last of a part is shorter."""

_SIZE = Algorithm.AICH.size
_sha1 = partial(hashlib.sha1, usedforsecurity=False)


class Aich:
    """Computes the root from a stream; keeps 40 bytes for each part."""

    __slots__ = ("_blocks", "_hashes", "_roots")

    def __init__(self) -> None:
        whole, rest = divmod(PART, BLOCK)
        self._hashes = bytearray()  # of the blocks of the part that is being read
        self._roots: tuple[bytearray, bytearray] = (bytearray(), bytearray())  # right, left
        self._blocks = Blocks(_sha1, cycle([BLOCK] * whole + [rest]), self._take)

    def update(self, part: memoryview) -> None:
        """Take the next bytes of the stream."""
        self._blocks.update(part)

    def digests(self) -> tuple[Digest, ...]:
        """Give the root; for an empty file the SHA-1 of nothing."""
        if not self._blocks.empty or not (self._hashes or self._roots[0]):
            self._blocks.close()
        if self._hashes:
            self._end_part()
        count = len(self._roots[0]) // _SIZE
        return (Digest(Algorithm.AICH, _root(self._of_part, 0, count, left=True)),)

    def _take(self, digest: bytes) -> None:
        self._hashes += digest
        if len(self._hashes) == _SIZE * -(-PART // BLOCK):
            self._end_part()

    def _end_part(self) -> None:
        count = len(self._hashes) // _SIZE
        for left in (False, True):
            self._roots[left].extend(_root(self._of_block, 0, count, left=left))
        self._hashes.clear()

    def _of_block(self, number: int, *, left: bool) -> bytes:  # noqa: ARG002  # same on each side
        return bytes(self._hashes[number * _SIZE : (number + 1) * _SIZE])

    def _of_part(self, number: int, *, left: bool) -> bytes:
        return bytes(self._roots[left][number * _SIZE : (number + 1) * _SIZE])


def _root(leaf: Callable[..., bytes], first: int, count: int, *, left: bool) -> bytes:
    """Give the root over ``count`` leaves from ``first``, on the left or right of its parent."""
    if count == 1:
        return leaf(first, left=left)
    half = (count + left) // 2
    return _sha1(
        _root(leaf, first, half, left=True) + _root(leaf, first + half, count - half, left=False)
    ).digest()
