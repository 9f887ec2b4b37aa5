"""Whether the catalog of an HFS+ volume is whole: its records in order, and as many as it says.

The library looks names up in the catalog as in any tree; where a key is wrong it leaves out what
lies behind it, without a word.

Source: Apple, Technical Note TN1150, B-trees and Catalog File.
"""

from __future__ import annotations

import struct
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_HEADER = struct.Struct(">14xHIIIIH")
"""Of the first node: depth, number of the root, records, first and last leaf, bytes of a node."""
_NODE = struct.Struct(">IIbBH")
"""The next node and the one before, kind, height, number of records."""
_LEAF, _SMALLEST, _LARGEST = -1, 512, 1 << 15
_KEY = struct.Struct(">HIH")
"""Bytes of the key that follow, the folder, and the length of the name."""
_MOST_NAME = 255


class BrokenError(Exception):
    """The tree cannot be followed, or is not in order."""


def is_whole(read: Callable[[int, int], bytes], size: int) -> bool:
    """Follow all leaves of the catalog.

    Args:
        read: reads bytes at an offset of the catalog; fewer where it ends.
        size: of the catalog.
    """
    head = read(0, _HEADER.size)
    if len(head) < _HEADER.size:
        return False
    _, _, records, first, last, node = _HEADER.unpack(head)
    if not _SMALLEST <= node <= _LARGEST or node & (node - 1):
        return False
    try:
        found = sum(_leaves(read, (first, last), node, size // node))
    except BrokenError:
        return False
    return found == int(records)


def _leaves(
    read: Callable[[int, int], bytes], ends: tuple[int, int], size: int, nodes: int
) -> Iterator[int]:
    """Yield how many records each leaf has, from the first to the last."""
    number, before, folder, left = ends[0], 0, 0, nodes
    while number:
        left -= 1
        raw = read(number * size, size)
        if left < 0 or len(raw) < size:
            raise BrokenError
        following, back, kind, _, count = _NODE.unpack_from(raw)
        if kind != _LEAF or back != before:
            raise BrokenError
        folder = _ordered(raw, count, folder)
        yield count
        number, before = following, number
    if before != ends[1]:
        raise BrokenError


def _ordered(raw: bytes, count: int, folder: int) -> int:
    """Go through the keys of a leaf, the first of which does not come before a folder."""
    table = len(raw) - 2 * (count + 1)
    if table < _NODE.size:
        raise BrokenError
    places = struct.unpack_from(f">{count + 1}H", raw, table)[::-1]
    for place, end in pairwise(places):
        if not _NODE.size <= place < end <= table or end - place < _KEY.size:
            raise BrokenError
        length, parent, letters = _KEY.unpack_from(raw, place)
        if letters > _MOST_NAME or length != 6 + 2 * letters or place + 2 + length > end:
            raise BrokenError
        if parent < folder:
            raise BrokenError
        folder = parent
    return folder
