"""Which clusters of a QCOW2 image its tables name more than once, so that none of them is believed.

Compressed clusters share clusters of the file on purpose and are passed over. What snapshots
share with the content is not met: their tables are not read.
"""

from __future__ import annotations

import sys
from array import array
from typing import TYPE_CHECKING

from hashmatch.evidence.media.interface import MediumError
from hashmatch.evidence.media.qcow2_header import COMPRESSED, PLACE, ZERO

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.media.qcow2_header import Header
    from hashmatch.evidence.media.stored import Stored

MOST_ENTRIES = 4 << 20
"""So many entries of tables are compared: those of 256 GiB in clusters of 64 KiB."""
_MOST_CLUSTERS = 64 << 20


class Uses:
    """How often each cluster is named: nothing more than one byte is kept of each."""

    def __init__(self, file: Stored, header: Header) -> None:
        """Read the tables of the image, where there are not too many."""
        self._bits = header.cluster_bits
        clusters = -(-file.size >> self._bits)
        self._named = bytearray()
        places = [word & PLACE for word in _words(header.table)]
        self._tables = _twice(place for place in places if 0 < place < file.size)
        if not are_compared(header) or clusters > _MOST_CLUSTERS:
            return
        self._named = bytearray(clusters)
        for place in dict.fromkeys(places):
            if 0 < place < file.size:
                self._count(file, header, place)

    def is_shared(self, place: int) -> bool:
        """Tell whether more than one cluster of content lies in a place."""
        number = place >> self._bits
        return number < len(self._named) and self._named[number] > 1

    def is_shared_table(self, place: int) -> bool:
        """Tell whether a table of clusters is named more than once."""
        return place in self._tables

    def _count(self, file: Stored, header: Header, place: int) -> None:
        try:
            words = _words(file.header(place, 1 << self._bits))
        except MediumError:
            return  # reading the content meets it and tells
        named, bits, size = self._named, self._bits, len(self._named)
        passed = COMPRESSED | ((1 << bits) - 1 & PLACE)  # what lies askew is told anyway
        if header.version > 2 and not header.extended:
            passed |= ZERO
        for word in words[::2] if header.extended else words:
            number = (word & PLACE) >> bits
            if 0 < number < size and not word & passed and named[number] < 2:
                named[number] += 1


def are_compared(header: Header) -> bool:
    """Tell whether the tables of an image are few enough to be compared."""
    tables = sum(1 for word in _words(header.table) if word & PLACE)
    return tables << header.cluster_bits <= MOST_ENTRIES * 8


def _words(raw: bytes) -> array[int]:
    words = array("Q", raw[: len(raw) // 8 * 8])
    if sys.byteorder == "little":
        words.byteswap()
    return words


def _twice(places: Iterator[int]) -> frozenset[int]:
    seen: set[int] = set()
    twice: set[int] = set()
    for place in places:
        (twice if place in seen else seen).add(place)
    return frozenset(twice)
