"""The near index: every record whose perceptual hash lies within a radius, none left out.

Perceptual hashes keep distances and can be turned back into something like the picture, so the
file is sealed and opened into memory only, never mapped from the disk.

Equal hashes are kept once. Inside the sealed file: header (hashes, entries), four columns of
64 bits of the hashes, start of each hash's entries, record number and quality of each entry.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from hashmatch.db.sealed import SealedFile, SealedWriter
from hashmatch.errors import HashSetError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

KIND = b"near-pdq"
HASH_BYTES = 32
CHUNK_BYTES = 1 << 20
UNKNOWN_QUALITY = 255
_HEADER = struct.Struct("<QQ")
_STEP = 1 << 15  # hashes compared at a time: two columns of a step stay in the inner cache


class NearHits(NamedTuple):
    """Agreements as four columns, sorted by query, then record, then distance.

    ``distance`` is in bits; ``quality`` is that of the record's hash, -1 where the list does
    not state it. A record that carries several hashes may appear once for each.
    """

    query: NDArray[np.intp]
    record: NDArray[np.uint32]
    distance: NDArray[np.uint16]
    quality: NDArray[np.int16]

    @classmethod
    def none(cls) -> NearHits:
        """No agreement at all."""
        return cls(
            np.empty(0, np.intp),
            np.empty(0, np.uint32),
            np.empty(0, np.uint16),
            np.empty(0, np.int16),
        )


class NearIndex(Protocol):
    """Anything that finds all neighbours of perceptual hashes."""

    @property
    def exact_to(self) -> int:
        """The radius up to which no neighbour is left out."""

    @property
    def entries(self) -> int:
        """Number of hashes, each as often as records carry it."""

    def search(self, queries: NDArray[np.uint8], radius: int) -> NearHits:
        """Find every entry within the radius, inclusive.

        Shape:
            queries (Q, 32) uint8.

        Raises:
            UsageError: the radius is beyond ``exact_to`` or below 0.
        """


class ScanIndex:
    """Compares each query with each hash. Exact for any radius; simplest, and fast to 10^6."""

    exact_to = 8 * HASH_BYTES

    def __init__(self, data: bytes | bytearray) -> None:
        """Take the unsealed content of an index file.

        Raises:
            HashSetError: the content is not of the length that it states.
        """
        hashes, entries = _HEADER.unpack_from(data) if len(data) >= _HEADER.size else (0, -1)
        if len(data) != _HEADER.size + hashes * HASH_BYTES + 4 * (hashes + 1) + 5 * entries:
            msg = "a near index of the library is not of the length it states; import again"
            raise HashSetError(msg)
        offset = _HEADER.size
        columns = np.frombuffer(data, "<u8", 4 * hashes, offset).reshape(4, hashes)
        offset += columns.nbytes
        self._columns = columns
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
            msg = f"the threshold must be from 0 to {self.exact_to} bits; this index cannot do more"
            raise UsageError(msg)
        words = np.ascontiguousarray(queries, np.uint8).reshape(-1, HASH_BYTES).view("<u8")
        query, row = self._within(words, radius)
        distance = self._distance(words[query], row)
        near = distance <= radius
        return self._spread(query[near], row[near], distance[near])

    def _within(
        self, words: NDArray[np.uint64], radius: int
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Pair each query with the hashes whose first half alone is not too far away."""
        first, second = self._columns[0], self._columns[1]
        pairs: list[tuple[int, NDArray[np.intp]]] = []
        for start in range(0, len(first), _STEP):
            a, b = first[start : start + _STEP], second[start : start + _STEP]
            for i, word in enumerate(words):
                bits = np.bitwise_count(a ^ word[0])
                bits += np.bitwise_count(b ^ word[1])  # at most 128: a byte holds it
                if bits.min() <= radius:
                    pairs.append((i, start + np.flatnonzero(bits <= radius)))
        if not pairs:
            return np.empty(0, np.intp), np.empty(0, np.intp)
        query = np.repeat([i for i, _ in pairs], [len(rows) for _, rows in pairs])
        return query, np.concatenate([rows for _, rows in pairs])

    def _distance(self, words: NDArray[np.uint64], row: NDArray[np.intp]) -> NDArray[np.uint16]:
        distance = np.zeros(len(row), np.uint16)
        for column, word in zip(self._columns, words.T, strict=True):
            distance += np.bitwise_count(column[row] ^ word)
        return distance

    def _spread(
        self, query: NDArray[np.intp], row: NDArray[np.intp], distance: NDArray[np.uint16]
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


def write(path: Path, key: bytes, plain: bytes | bytearray) -> None:
    """Seal the content of a near index into a new file."""
    sealed = SealedWriter(path, key, KIND)
    try:
        for start in range(0, len(plain), CHUNK_BYTES):
            sealed.add(plain[start : start + CHUNK_BYTES])
        sealed.finish()
    finally:
        sealed.close()


def read(path: Path, key: bytes) -> ScanIndex:
    """Unseal a near index into memory; every byte of the file is checked.

    Raises:
        HashSetError: the file was altered or is under another key.
    """
    sealed = SealedFile(path, key, KIND)
    opened = bytearray()
    try:
        for number in range(len(sealed)):
            opened += sealed.chunk(number)
    finally:
        sealed.close()
    return ScanIndex(opened)


def content(
    hashes: NDArray[np.uint8], record: NDArray[np.uint32], quality: NDArray[np.uint8]
) -> bytearray:
    """Lay out an index for sealing.

    Shape:
        hashes (E, 32) uint8, record (E,) uint32, quality (E,) uint8, one row for each entry.
    """
    words = np.ascontiguousarray(hashes, np.uint8).reshape(-1, HASH_BYTES).view("<u8")
    order = np.lexsort((record, *words.T))
    words = words[order]
    new = np.ones(len(words), bool)
    new[1:] = (words[1:] != words[:-1]).any(axis=1)
    starts = np.append(np.flatnonzero(new), len(words)).astype("<u4")
    laid_out = bytearray(_HEADER.pack(len(starts) - 1, len(words)))
    for word in words.T:
        laid_out += word[new].data
    for part in (starts, record[order].astype("<u4"), quality[order].astype("u1")):
        laid_out += part.data
    return laid_out
