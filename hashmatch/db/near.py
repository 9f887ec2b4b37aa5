"""The near index: every record whose perceptual hash lies within a radius, none left out.

Perceptual hashes keep distances and can be turned back into something like the picture, so the
file is sealed and opened into memory only, never mapped from the disk.

Equal hashes are kept once. Inside the sealed file: header (hashes, entries), the hashes (for
distances in bits in columns of 64 bits), start of each hash's entries, record number and quality
of each entry.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from hashmatch.db.radii import GREATEST
from hashmatch.db.sealed import SealedFile, SealedWriter
from hashmatch.errors import HashSetError, UsageError
from hashmatch.model.hashes import Method

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

CHUNK_BYTES = 1 << 20
UNKNOWN_QUALITY = 255
_HEADER = struct.Struct("<QQ")
_STEP = 1 << 15  # hashes compared at a time: two columns of a step stay in the inner cache
_SQUARES_STEP = 1 << 12  # the same for PhotoDNA, whose values are 18 times as long
_QUERIES = 64  # of so many queries at a time the distances to a step are held in memory


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


class _Bits:
    """Distances in bits. Exact for any radius; simplest, and fast to 10^6."""

    def __init__(self, data: memoryview, hashes: int) -> None:
        self._columns = np.frombuffer(data, "<u8").reshape(-1, hashes)

    def within(
        self, queries: NDArray[np.uint8], radius: int
    ) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.uint32]]:
        """Give number of the query, row and distance of all pairs within the radius."""
        words = np.ascontiguousarray(queries).view("<u8")
        query, row = self._candidates(words, radius)
        distance = np.zeros(len(row), np.uint32)
        for column, word in zip(self._columns, words.T, strict=True):
            distance += np.bitwise_count(column[row] ^ word[query])
        near = distance <= radius
        return query[near], row[near], distance[near]

    def _candidates(
        self, words: NDArray[np.uint64], radius: int
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Pair each query with the hashes whose first words alone are not too far away."""
        first, *more = self._columns[:2]  # at most 128 bits: a byte holds the distance
        pairs: list[tuple[int, NDArray[np.intp]]] = []
        for start in range(0, len(first), _STEP):
            step = slice(start, start + _STEP)
            for i, word in enumerate(words):
                bits = np.bitwise_count(first[step] ^ word[0])
                for column in more:
                    bits += np.bitwise_count(column[step] ^ word[1])
                if bits.min() <= radius:
                    pairs.append((i, start + np.flatnonzero(bits <= radius)))
        if not pairs:
            return np.empty(0, np.intp), np.empty(0, np.intp)
        query = np.repeat([i for i, _ in pairs], [len(rows) for _, rows in pairs])
        return query, np.concatenate([rows for _, rows in pairs])


class _Squares:
    """Sums of squared differences of bytes.

    Worked out with single-precision products: every sum that occurs is a whole number below
    2^24, so that none is rounded, in whatever order they are added.
    """

    def __init__(self, data: memoryview, hashes: int) -> None:
        size = Method.PHOTODNA.size
        self._values = np.frombuffer(data, np.uint8).reshape(hashes, size)

    def within(
        self, queries: NDArray[np.uint8], radius: int
    ) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.uint32]]:
        """Give number of the query, row and distance of all pairs within the radius."""
        found = [(np.empty(0, np.intp), np.empty(0, np.intp), np.empty(0, np.uint32))]
        for at in range(0, len(queries), _QUERIES):
            asked = queries[at : at + _QUERIES].astype(np.float32)
            lengths = (asked * asked).sum(axis=1).astype(np.int64)
            for start in range(0, len(self._values), _SQUARES_STEP):
                rows = self._values[start : start + _SQUARES_STEP].astype(np.float32)
                own = (rows * rows).sum(axis=1).astype(np.int64)
                distance = lengths[:, None] + own - 2 * (asked @ rows.T).astype(np.int64)
                query, row = np.nonzero(distance <= radius)
                near = distance[query, row].astype(np.uint32)
                found.append((query + at, row + start, near))
        query, row, near = (np.concatenate(column) for column in zip(*found, strict=True))
        return query, row, near


class ScanIndex:
    """Compares each query with each hash, so that nothing can be left out."""

    def __init__(self, method: Method, data: bytes | bytearray) -> None:
        """Take the unsealed content of an index file.

        Raises:
            HashSetError: the content is not of the length that it states.
        """
        hashes, entries = _HEADER.unpack_from(data) if len(data) >= _HEADER.size else (0, -1)
        if len(data) != _HEADER.size + hashes * method.size + 4 * (hashes + 1) + 5 * entries:
            msg = "a near index of the library is not of the length it states; import again"
            raise HashSetError(msg)
        self.exact_to = GREATEST[method]
        self._size = method.size
        offset = _HEADER.size + hashes * method.size
        values = memoryview(data)[_HEADER.size : offset]
        squares = method is Method.PHOTODNA
        self._scan = (_Squares if squares else _Bits)(values, hashes) if hashes else None
        self._starts = np.frombuffer(data, "<u4", hashes + 1, offset)
        offset += self._starts.nbytes
        self._record = np.frombuffer(data, "<u4", entries, offset)
        self._quality = np.frombuffer(data, "u1", entries, offset + self._record.nbytes)

    @property
    def entries(self) -> int:
        """Number of hashes, each as often as records carry it."""
        return len(self._record)

    def search(self, queries: NDArray[np.uint8], radius: int) -> NearHits:
        """Find every entry within the radius; see :class:`NearIndex`."""
        if not 0 <= radius <= self.exact_to:
            msg = f"the threshold must be from 0 to {self.exact_to}; no greater distance exists"
            raise UsageError(msg)
        asked = np.ascontiguousarray(queries, np.uint8).reshape(-1, self._size)
        if self._scan is None or not len(asked):
            return NearHits.none()
        return self._spread(*self._scan.within(asked, radius))

    def _spread(
        self, query: NDArray[np.intp], row: NDArray[np.intp], distance: NDArray[np.uint32]
    ) -> NearHits:
        """Give every entry of the hashes that were found."""
        first = self._starts[row].astype(np.intp)
        length = self._starts[row + 1] - first
        before = np.cumsum(length) - length
        entry = np.arange(length.sum()) + np.repeat(first - before, length)
        query, distance = np.repeat(query, length), np.repeat(distance, length)
        record, quality = self._record[entry], self._quality[entry].astype(np.int16)
        quality[quality == UNKNOWN_QUALITY] = -1
        order = np.lexsort((distance, record, query))
        return NearHits(query[order], record[order], distance[order], quality[order])


def write(path: Path, key: bytes, method: Method, plain: bytes | bytearray) -> None:
    """Seal the content of a near index into a new file."""
    sealed = SealedWriter(path, key, method.encode())
    try:
        for start in range(0, len(plain), CHUNK_BYTES):
            sealed.add(plain[start : start + CHUNK_BYTES])
        sealed.finish()
    finally:
        sealed.close()


def read(path: Path, key: bytes, method: Method) -> ScanIndex:
    """Unseal a near index into memory; every byte of the file is checked.

    Raises:
        HashSetError: the file was altered or is under another key.
    """
    sealed = SealedFile(path, key, method.encode())
    opened = bytearray()
    try:
        for number in range(len(sealed)):
            opened += sealed.chunk(number)
    finally:
        sealed.close()
    return ScanIndex(method, opened)


class Entries(NamedTuple):
    """Hashes that records carry: (E, size) uint8, and record number and quality of each."""

    hashes: NDArray[np.uint8]
    record: NDArray[np.uint32]
    quality: NDArray[np.uint8]


def content(method: Method, entries: Entries) -> bytearray:
    """Lay out an index for sealing."""
    hashes, record, quality = entries
    order, new = grouped(hashes)
    starts = np.append(np.flatnonzero(new), len(order)).astype("<u4")
    distinct = hashes[order[new]]
    if method is not Method.PHOTODNA:
        distinct = np.ascontiguousarray(distinct.view("<u8").T)
    laid_out = bytearray(_HEADER.pack(len(starts) - 1, len(order)))
    for part in (distinct, starts, record[order].astype("<u4"), quality[order].astype("u1")):
        laid_out += part.reshape(-1).view(np.uint8).data
    return laid_out


def hashes_in(laid_out: bytes | bytearray) -> int:
    """Tell how many distinct hashes a content holds."""
    return int(_HEADER.unpack_from(laid_out)[0])


def grouped(hashes: NDArray[np.uint8]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Bring equal hashes together.

    Returns:
        An order in which equal hashes are neighbours, themselves in their old order, and for
        each place in it whether another hash begins there.
    """
    words = np.ascontiguousarray(hashes).view("<u8")
    folded = np.zeros(len(words), np.uint64)
    for word in words.T:  # one number for each hash: sorting by all words takes far more memory
        folded = (folded ^ word) * np.uint64(0x9E3779B97F4A7C15)
        folded ^= folded >> np.uint64(29)
    order = np.argsort(folded, kind="stable")
    new = _begins(words, order)
    if new.sum() != _changes(folded[order]):  # two different hashes with one number
        order = np.lexsort((*words.T,))
        new = _begins(words, order)
    return order, new


def _begins(words: NDArray[np.uint64], order: NDArray[np.intp]) -> NDArray[np.bool_]:
    new = np.zeros(len(order), bool)
    new[:1] = True
    for word in words.T:
        column = word[order]
        new[1:] |= column[1:] != column[:-1]
    return new


def _changes(numbers: NDArray[np.uint64]) -> int:
    return int((numbers[1:] != numbers[:-1]).sum()) + bool(len(numbers))
