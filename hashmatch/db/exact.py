"""The exact index: which records carry a digest, asked by fingerprint, without loading the file.

Layout: header (magic, number of rows), then three columns: leading halves of the fingerprints
in rising order (uint64), the other halves (uint64), record numbers (uint32); little-endian. Rows
with equal leading halves are in no promised order: a look-up compares all of them.
"""

from __future__ import annotations

import mmap
import os
import struct
from typing import TYPE_CHECKING

import numpy as np

from hashmatch.db import files
from hashmatch.db.fingerprints import FINGERPRINT_BYTES
from hashmatch.errors import HashSetError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

MAGIC = b"HMEXACT\x01"
HEADER = struct.Struct("<8sQ16x")
ROW_BYTES = FINGERPRINT_BYTES + 4


class ExactIndex:
    """A finished exact index, mapped into memory; workers share its pages."""

    def __init__(self, path: Path) -> None:
        """Open in well under a millisecond, whatever the size.

        Raises:
            HashSetError: missing, not an exact index, or not of the length it states.
        """
        with files.reading(f"the library's file {path.name}"):
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                rows = _rows(path.name, descriptor)
                self._map = mmap.mmap(descriptor, 0, prot=mmap.PROT_READ)
            finally:
                os.close(descriptor)
        start = HEADER.size
        self._lead = np.frombuffer(self._map, "<u8", rows, start)
        self._rest = np.frombuffer(self._map, "<u8", rows, start + 8 * rows)
        self._record = np.frombuffer(self._map, "<u4", rows, start + 16 * rows)

    @property
    def rows(self) -> int:
        """Number of fingerprints, each as often as records carry it."""
        return len(self._lead)

    @property
    def ordered(self) -> bool:
        """Whether the rows are in the order that look-ups rely on. Reads the whole column."""
        step = 1 << 20
        blocks = (self._lead[i : i + step + 1] for i in range(0, self.rows, step))
        return all(bool((block[1:] >= block[:-1]).all()) for block in blocks)

    def find(self, fingerprints: Sequence[bytes]) -> list[list[int]]:
        """Give for each fingerprint the numbers of all its records, rising; many at once is fast.

        Shape:
            fingerprints: any number of 16 bytes; the answer has one list for each.
        """
        found: list[list[int]] = [[] for _ in fingerprints]
        if not fingerprints or not self.rows:
            return found
        keys = np.frombuffer(b"".join(fingerprints), "<u8").reshape(-1, 2)
        asked, row = self._candidates(keys[:, 0])
        same = self._rest[row] == keys[asked, 1]
        records = self._record[row[same]].tolist()
        for i, number in zip(asked[same].tolist(), records, strict=True):
            found[i].append(number)
        return [sorted(set(one)) if len(one) > 1 else one for one in found]

    def _candidates(self, lead: NDArray[np.uint64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Pair each question with every row that has the same leading half."""
        asked = np.argsort(lead)  # rising questions walk through the file once
        lead = lead[asked]
        first = np.searchsorted(self._lead, lead)
        hit = self._lead[np.minimum(first, self.rows - 1)] == lead
        asked, lead, first = asked[hit], lead[hit], first[hit]
        length = np.searchsorted(self._lead, lead, side="right") - first
        before = np.cumsum(length) - length
        row = np.arange(length.sum()) + np.repeat(first - before, length)
        return np.repeat(asked, length), row

    def close(self) -> None:
        """Let go of the file."""
        empty = np.empty(0, np.uint64)
        self._lead, self._rest, self._record = empty, empty, np.empty(0, np.uint32)
        self._map.close()


def _rows(name: str, descriptor: int) -> int:
    header = files.read_at(descriptor, HEADER.size, 0)
    if len(header) == HEADER.size:
        magic, rows = HEADER.unpack(header)
        size = os.fstat(descriptor).st_size
        if magic == MAGIC and size == HEADER.size + ROW_BYTES * rows:
            return int(rows)
    msg = f"the library's file {name} is damaged or cut short; restore it or import the list again"
    raise HashSetError(msg)
