"""A hash tree over lines: one root stands for all of them, in this order.

A leaf is hashed with a 0x00 byte in front and a node with 0x01, so that neither can be taken for
the other; a tree of n leaves splits at the largest power of two below n.

Source: RFC 6962, section 2.1 (the same tree as RFC 9162, section 2.1).
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

EMPTY = hashlib.sha256().digest()
"""The root of a tree without leaves."""


def leaf_hash(leaf: bytes) -> bytes:
    """Hash one leaf."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees into their common node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A tree that grows at its right edge and keeps only that edge: memory does not grow.

    The edge holds the roots of the complete subtrees from the largest to the smallest, one for
    each bit of the size that is set.
    """

    def __init__(self) -> None:
        self.size = 0
        self._edge: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        """Add one leaf at the end."""
        node, size = leaf_hash(leaf), self.size
        while size & 1:
            node = node_hash(self._edge.pop(), node)
            size >>= 1
        self._edge.append(node)
        self.size += 1

    def root(self) -> bytes:
        """Give the root over the leaves so far, 32 bytes."""
        if not self._edge:
            return EMPTY
        node = self._edge[-1]
        for left in reversed(self._edge[:-1]):
            node = node_hash(left, node)
        return node


def root(leaves: Iterable[bytes]) -> bytes:
    """Give the root over all leaves, 32 bytes."""
    tree = Tree()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root()


def extends(leaves: Iterable[bytes], size: int, older: bytes) -> bool:
    """Tell whether the first ``size`` leaves have the root ``older``.

    True means that a list of which only that older size and root are known was continued and
    not rewritten. False as well when there are fewer leaves than that.
    """
    tree = Tree()
    remaining = iter(leaves)
    while tree.size < size:
        leaf = next(remaining, None)
        if leaf is None:
            return False
        tree.append(leaf)
    return tree.root() == older
