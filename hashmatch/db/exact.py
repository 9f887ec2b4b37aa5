"""The exact index: which records may carry a digest, asked by fingerprint, straight from disk.

Layout, little-endian: header; a table of where each bucket begins (uint32), a bucket being the
rows with equal leading bits; the rows, rising inside a bucket by their next 32 bits: those bits
and the record number in one uint64; the page sums. Rows with equal bits are in no promised
order.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import struct
from bisect import bisect_left
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from hashmatch.db import files
from hashmatch.db.pages import SUM_BYTES, Pages, count
from hashmatch.errors import HashSetError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

MAGIC = b"HMEXACT\x02"
HEADER = struct.Struct("<8sQQ40x")
ROW_BYTES = 8
BUCKET_ROWS = 32
"""Rows in a bucket on the average: the table takes an eighth byte for each row."""

MOST_ROWS = (1 << 32) - 1
_LOW = (1 << 32) - 1
_MOST_BITS = 32


class Layout(NamedTuple):
    """Where the parts of an index lie, by its number of rows and leading bits."""

    rows: int
    bits: int

    @property
    def rows_at(self) -> int:
        """First byte of the rows."""
        return HEADER.size + (4 * ((1 << self.bits) + 1) + 7) // 8 * 8

    @property
    def sums_at(self) -> int:
        """First byte of the page sums."""
        return self.rows_at + ROW_BYTES * self.rows

    @property
    def size(self) -> int:
        """Length of the file."""
        return self.sums_at + SUM_BYTES * count(self.sums_at)


def bits_for(rows: int) -> int:
    """Choose the number of leading bits for a number of rows."""
    return min(_MOST_BITS - 4, max(0, (rows // BUCKET_ROWS).bit_length()))


class ExactIndex:
    """A finished exact index, mapped into memory; workers share its pages.

    Every page is proved before it is believed.
    """

    def __init__(self, path: Path, pinned: str | None) -> None:
        """Open in well under a millisecond, whatever the size.

        Args:
            path: the file.
            pinned: SHA-256 (hex) of header and page sums, as the manifest has it.

        Raises:
            HashSetError: missing, not an exact index, damaged, or not of the length it states.
        """
        self._name = path.name
        with files.reading(f"the library's file {path.name}"):
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                self._layout = self._read_layout(descriptor)
                self._map = mmap.mmap(descriptor, 0, prot=mmap.PROT_READ)
            finally:
                os.close(descriptor)
        shape = self._layout
        self._whole = memoryview(self._map)
        table = HEADER.size + 4 * ((1 << shape.bits) + 1)
        self._table = self._whole[HEADER.size : table].cast("I")
        self._rows = self._whole[shape.rows_at : shape.sums_at].cast("Q")
        self._body = self._whole[: shape.sums_at]
        sums = bytes(self._whole[shape.sums_at :])
        if pin(bytes(self._whole[: HEADER.size]), sums) != pinned:
            self.close()
            raise self._damaged()
        self._pages = Pages(self._body, sums, self._damaged)

    def _read_layout(self, descriptor: int) -> Layout:
        header = files.read_at(descriptor, HEADER.size, 0)
        if len(header) == HEADER.size:
            magic, rows, bits = HEADER.unpack(header)
            sound = magic == MAGIC and bits < _MOST_BITS and rows <= MOST_ROWS
            if sound and os.fstat(descriptor).st_size == Layout(rows, bits).size:
                return Layout(rows, bits)
        raise self._damaged()

    def _damaged(self) -> HashSetError:
        return HashSetError(
            f"the library's file {self._name} is damaged or cut short; restore it from a copy, "
            "or import the list again"
        )

    @property
    def rows(self) -> int:
        """Number of fingerprints, each as often as records carry it."""
        return self._layout.rows

    def find_one(self, fingerprint: int) -> list[int]:
        """Give the numbers of all records that may carry a digest, rising; for few questions."""
        shape = self._layout
        bucket, bits = fingerprint >> (64 - shape.bits), fingerprint >> (32 - shape.bits) & _LOW
        at = HEADER.size + 4 * bucket
        self._pages.prove(at, at + 8)
        start, end = self._table[bucket], self._table[bucket + 1]
        if not start <= end <= shape.rows:
            raise self._damaged()
        if start == end:
            return []
        self._pages.prove(shape.rows_at + ROW_BYTES * start, shape.rows_at + ROW_BYTES * end)
        found = set()
        for row in range(bisect_left(self._rows, bits << 32, start, end), end):
            if self._rows[row] >> 32 != bits:
                break
            found.add(self._rows[row] & _LOW)
        return sorted(found)

    def find(self, keys: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Pair each question with each record that may carry its digest; for many questions.

        Shape:
            keys (n,) fingerprints; the answer: number of the question (m,) and record number
            (m,), sorted by both, no pair twice.
        """
        import numpy as np  # noqa: PLC0415  # a single look-up does without

        table, rows = self._columns()
        shape = self._layout
        bucket = _shifted(keys, 64 - shape.bits).astype(np.int64)
        at = HEADER.size + 4 * bucket
        self._pages.prove_many(at, at + 8)
        start, end = table[bucket].astype(np.int64), table[bucket + 1].astype(np.int64)
        if (start > end).any() or (end > shape.rows).any():
            raise self._damaged()
        self._pages.prove_many(shape.rows_at + 8 * start, shape.rows_at + 8 * end)
        bits = _shifted(keys, 32 - shape.bits) & np.uint64(_LOW)
        first = _search(rows, bits << np.uint64(32), start, end)
        some = np.flatnonzero(first < end)
        some = some[rows[first[some]] >> np.uint64(32) == bits[some]]
        past = _search(rows, (bits[some] + np.uint64(1)) << np.uint64(32), first[some], end[some])
        # The bits' highest value has no successor in 64 bits: its rows end with the bucket.
        past = np.where(bits[some] == _LOW, end[some], past)
        length = past - first[some]
        row = np.arange(length.sum()) + np.repeat(first[some] - np.cumsum(length) + length, length)
        return _pairs(np.repeat(some, length), (rows[row] & np.uint64(_LOW)).astype(np.int64))

    def _columns(self) -> tuple[NDArray[np.uint32], NDArray[np.uint64]]:
        import numpy as np  # noqa: PLC0415  # a single look-up does without

        return np.frombuffer(self._table, "<u4"), np.frombuffer(self._rows, "<u8")

    def ordered(self) -> bool:
        """Tell whether the rows are in the order that look-ups rely on; reads the whole file."""
        import numpy as np  # noqa: PLC0415  # a single look-up does without

        table, rows = self._columns()
        if table[0] != 0 or table[-1] != self.rows or (table[1:] < table[:-1]).any():
            return False
        step = 1 << 20
        for at in range(0, self.rows - 1, step):
            bits = rows[at : at + step + 1] >> np.uint64(32)
            falls = np.flatnonzero(bits[1:] < bits[:-1]) + at + 1
            where = np.minimum(np.searchsorted(table, falls), len(table) - 1)
            if (table[where] != falls).any():  # only where a bucket begins may the bits fall
                return False
        return True

    def close(self) -> None:
        """Let go of the file."""
        # Columns of a look-up that found damage live as long as the error that tells of it. What
        # they look at is given back with them; to insist here would put another error in its place.
        with suppress(BufferError):
            for view in (self._table, self._rows, self._body, self._whole):
                view.release()
            self._map.close()


def pin(header: bytes, sums: bytes) -> str:
    """Give the SHA-256 (hex) of header and page sums, which a manifest keeps."""
    return hashlib.sha256(header + sums).hexdigest()


def _shifted(keys: NDArray[np.uint64], by: int) -> NDArray[np.uint64]:
    """Shift to the right; by all 64 bits nothing is left, which NumPy does not promise."""
    import numpy as np  # noqa: PLC0415  # a single look-up does without

    return np.zeros_like(keys) if by >= 64 else keys >> np.uint64(by)


def _search(
    rows: NDArray[np.uint64],
    wanted: NDArray[np.uint64],
    low: NDArray[np.int64],
    high: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Find for each question the first row not below it, inside a stretch of its own."""
    low, high = low.copy(), high.copy()
    while (open_ones := (low < high)).any():
        middle = (low + high) // 2
        below = open_ones.copy()
        below[open_ones] = rows[middle[open_ones]] < wanted[open_ones]
        low[below] = middle[below] + 1
        above = open_ones & ~below
        high[above] = middle[above]
    return low


def _pairs(
    asked: NDArray[np.int64], record: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Sort the pairs and leave out what a record carries twice."""
    import numpy as np  # noqa: PLC0415  # a single look-up does without

    order = np.lexsort((record, asked))
    asked, record = asked[order], record[order]
    new = np.ones(len(asked), bool)
    new[1:] = (asked[1:] != asked[:-1]) | (record[1:] != record[:-1])
    return asked[new], record[new]
