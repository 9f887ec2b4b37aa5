"""The near index: every record whose perceptual hash lies within a radius, none left out.

Perceptual hashes keep distances and can be turned back into something like the picture, so the
file is sealed and opened into memory only, never mapped from the disk. Equal hashes are kept once.
See :mod:`hashmatch.db.near_layout` for what is inside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from hashmatch.db.anonymous import memory
from hashmatch.db.near_flat import Flat
from hashmatch.db.near_layout import layout
from hashmatch.db.near_pairs import spread
from hashmatch.db.near_scan import Columns
from hashmatch.db.near_slots import Arrays, Slots
from hashmatch.db.near_squares import Squares
from hashmatch.db.radii import GREATEST
from hashmatch.db.sealed import SealedFile, SealedWriter
from hashmatch.errors import HashSetError, UsageError
from hashmatch.model.hashes import Method

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from hashmatch.db.near_lay_out import LaidOut
    from hashmatch.db.near_pairs import Pairs, Searcher

CHUNK_BYTES = 1 << 20
UNKNOWN_QUALITY = 255
_IN_A_ROW = 0.3
"""What comparing one hash in a row costs, in the measure of :meth:`Slots.cost`. Measured."""


class NearHits(NamedTuple):
    """Agreements as four columns, sorted by query, then record, then distance.

    ``distance`` is in bits, for PhotoDNA the sum of squared differences; ``quality`` is that of
    the record's hash, -1 where the list does not state it. A record that carries several hashes
    may appear once for each.
    """

    query: NDArray[np.intp]
    record: NDArray[np.uint32]
    distance: NDArray[np.uint32]
    quality: NDArray[np.int16]

    @classmethod
    def none(cls) -> NearHits:
        """No agreement at all."""
        return cls(
            np.empty(0, np.intp),
            np.empty(0, np.uint32),
            np.empty(0, np.uint32),
            np.empty(0, np.int16),
        )


class NearIndex(Protocol):
    """Anything that finds all neighbours of perceptual hashes of one method."""

    @property
    def exact_to(self) -> int:
        """The radius up to which no neighbour is left out."""

    @property
    def entries(self) -> int:
        """Number of hashes, each as often as records carry it."""

    def search(self, queries: NDArray[np.uint8], radius: int) -> NearHits:
        """Find every entry within the radius, inclusive.

        Shape:
            queries (Q, size of the method) uint8.

        Raises:
            UsageError: the radius is beyond ``exact_to`` or below 0.
        """


class Index:
    """An unsealed index: it looks bits up in slots where that is faster, else compares in full.

    Both find the same; no radius is too large.
    """

    in_a_row = _IN_A_ROW

    def __init__(self, method: Method, data: bytes | bytearray | memoryview) -> None:
        """Take the unsealed content of an index file.

        Raises:
            HashSetError: the content is of another layout or not of the length that it states.
        """
        self._layout = layout(method, data)
        if len(data) != self._layout.size:
            raise _wrong_length()
        self.exact_to = GREATEST[method]
        self._data = memoryview(data)
        self._slots: Slots | None = None
        self._scan = self._searcher() if self._layout.hashes else None
        self._starts = np.frombuffer(self._section("entries"), "<u4")
        self._record = np.frombuffer(self._section("record"), "<u4")
        self._quality = np.frombuffer(self._section("quality"), "u1")

    def _section(self, name: str) -> memoryview:
        offset, length = self._layout.places[name]
        return self._data[offset : offset + length]

    def _searcher(self) -> Searcher:
        held = self._layout
        if held.method is Method.PHOTODNA:
            values = np.frombuffer(self._section("values"), "u1")
            return Squares(values.reshape(held.hashes, -1))
        words = np.frombuffer(self._section("values"), "<u8")
        if not held.slots:
            return Columns(words.reshape(-1, held.hashes))
        arrays = Arrays(
            words.reshape(held.hashes, -1),
            np.frombuffer(self._section("marks"), "<u8"),
            np.frombuffer(self._section("before"), "<u4"),
            np.frombuffer(self._section("pool"), "<u4"),
        )
        flat = Flat(arrays.values)
        self._slots = Slots(held.slots, arrays, flat)
        return flat

    @property
    def entries(self) -> int:
        """Number of hashes, each as often as records carry it."""
        return self._layout.entries

    def search(self, queries: NDArray[np.uint8], radius: int) -> NearHits:
        """Find every entry within the radius; see :class:`NearIndex`."""
        if not 0 <= radius <= self.exact_to:
            msg = f"the threshold must be from 0 to {self.exact_to}; no greater distance exists"
            raise UsageError(msg)
        asked = np.ascontiguousarray(queries, np.uint8).reshape(-1, self._layout.method.size)
        searcher: Searcher | None = self._scan
        if searcher is None or not len(asked):
            return NearHits.none()
        if self._slots and self._slots.cost(radius) <= self.in_a_row * self._layout.hashes:
            searcher = self._slots
        return self._spread(searcher.within(asked, radius))

    def _spread(self, pairs: Pairs) -> NearHits:
        """Give every entry of the hashes that were found."""
        first = self._starts[pairs.row].astype(np.int64)
        length = self._starts[pairs.row + 1] - first
        entry = spread(first, length)
        query, distance = np.repeat(pairs.query, length), np.repeat(pairs.distance, length)
        record, quality = self._record[entry], self._quality[entry].astype(np.int16)
        quality[quality == UNKNOWN_QUALITY] = -1
        order = np.lexsort((distance, record, query))
        return NearHits(query[order], record[order], distance[order], quality[order])


def write(path: Path, key: bytes, method: Method, laid_out: LaidOut) -> None:
    """Seal the content of a near index into a new file."""
    sealed = SealedWriter(path, key, method.encode()[:8])
    try:
        waiting = bytearray()
        for part in laid_out.parts():
            for at in range(0, len(part), CHUNK_BYTES):
                waiting += part[at : at + CHUNK_BYTES]
                if len(waiting) >= CHUNK_BYTES:
                    sealed.add(waiting[:CHUNK_BYTES])
                    del waiting[:CHUNK_BYTES]
        sealed.add(waiting)
        sealed.finish()
    finally:
        sealed.close()


def read(path: Path, key: bytes, method: Method) -> NearIndex:
    """Unseal a near index into memory that is written to no disk.

    Raises:
        HashSetError: missing, altered, cut short, of another layout or under another key.
    """
    sealed = SealedFile(path, key, method.encode()[:8])
    try:
        chunk = sealed.chunk(0)
        size, filled = layout(method, chunk).size, 0
        opened = memory(size)
        for number in range(len(sealed)):
            chunk = sealed.chunk(number) if number else chunk
            if filled + len(chunk) > size:
                raise _wrong_length()
            opened[filled : filled + len(chunk)] = chunk
            filled += len(chunk)
    finally:
        sealed.close()
    return Index(method, opened[:filled])


def _wrong_length() -> HashSetError:
    return HashSetError(
        "a near index of the library is not of the length it states; import the list again"
    )
