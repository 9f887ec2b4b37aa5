"""Sorts any number of fingerprints into an exact index with a fixed amount of memory.

Rows gather in memory up to a limit, are sorted and written out as a run beside the index; at the
end all runs are read in step, a block of each at a time, and the lowest rows written. Memory
depends on the limit only, not on the number of rows, nor on how often one value repeats.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hashmatch.db import exact, files
from hashmatch.db.exact import HEADER, MAGIC, MOST_ROWS, ROW_BYTES, Layout, bits_for
from hashmatch.db.pages import PAGE, page_sum
from hashmatch.errors import HashSetError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

RUN_ROWS = 1 << 20
"""Rows held in memory before they are written out: about 12 MB, and 40 MB while sorting."""


class Rows(NamedTuple):
    """Some rows as two columns of equal length: fingerprint, record number."""

    key: NDArray[np.uint64]
    record: NDArray[np.uint32]

    def cut(self, start: int, end: int) -> Rows:
        """Give a stretch of the rows."""
        return Rows(self.key[start:end], self.record[start:end])


def _joined(parts: list[Rows]) -> Rows:
    key, record = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(key)
    return Rows(key[order], record[order])


@contextmanager
def _new(path: Path) -> Iterator[int]:
    with files.writing(f"the library's file {path.name}"):
        descriptor = files.new_file(path)
        try:
            yield descriptor
        finally:
            os.close(descriptor)


class _Run:
    """One sorted run on disk, read a block at a time."""

    def __init__(self, path: Path, rows: int) -> None:
        self.path, self.rows = path, rows
        self._next = 0
        self._block = self._read(0)

    def _read(self, count: int) -> Rows:
        n, at = self.rows, self._next
        block = Rows(
            np.fromfile(self.path, "<u8", count, offset=8 * at),
            np.fromfile(self.path, "<u4", count, offset=8 * n + 4 * at),
        )
        if len(block.record) != count:
            msg = f"the run {self.path.name} became shorter while it was read; import again"
            raise HashSetError(msg)
        self._next += count
        return block

    def load(self, most: int) -> bool:
        """Have at least one row ready; False when the run is at its end."""
        if not len(self._block.key):
            self._block = self._read(min(most, self.rows - self._next))
        return bool(len(self._block.key))

    @property
    def last(self) -> np.uint64:
        """The highest fingerprint that is ready."""
        return np.uint64(self._block.key[-1])

    def take(self, limit: np.uint64) -> Rows:
        """Hand over all ready rows up to the limit, inclusive."""
        end = int(np.searchsorted(self._block.key, limit, side="right"))
        taken, self._block = self._block.cut(0, end), self._block.cut(end, len(self._block.key))
        return taken


class ExactBuilder:
    """Collects fingerprints and writes the exact index at the end."""

    def __init__(self, path: Path, run_rows: int = RUN_ROWS) -> None:
        self._path, self._limit = path, run_rows
        self._parts: list[Rows] = []
        self._held = 0
        self._runs: list[_Run] = []

    def add(self, keys: NDArray[np.uint64], records: NDArray[np.uint32]) -> None:
        """Note which records carry the digests with these fingerprints; columns of one length."""
        if len(keys):
            self._parts.append(Rows(keys, records))
            self._held += len(keys)
        if self._held >= self._limit:
            self._spill()

    def _spill(self) -> None:
        rows = _joined(self._parts)
        path = self._path.with_name(f"{self._path.name}.run{len(self._runs)}")
        with _new(path) as descriptor:
            files.write_at(descriptor, rows.key.data, 0)
            files.write_at(descriptor, rows.record.data, 8 * self._held)
        self._runs.append(_Run(path, self._held))
        self._parts, self._held = [], 0

    def finish(self, dead: NDArray[np.bool_] | None = None) -> str:
        """Write the index, wait until it is on the disk, and remove the runs.

        Args:
            dead: whether each record is to be left out; None for none.

        Returns:
            What the manifest pins of it.

        Raises:
            HashSetError: more rows than can be numbered.
        """
        if self._held:
            self._spill()
        total = sum(run.rows for run in self._runs)
        if total > MOST_ROWS:
            msg = "the list holds more digests than one set can; import it as several sets"
            raise HashSetError(msg)
        with _new(self._path) as descriptor:
            shape = self._merge(descriptor, bits_for(total), dead)
            pinned = _seal(descriptor, shape)
            os.fsync(descriptor)
        for run in self._runs:
            run.path.unlink()
        return pinned

    def _merge(self, descriptor: int, bits: int, dead: NDArray[np.bool_] | None) -> Layout:
        """Write table and rows."""
        most = max(1, self._limit // max(1, len(self._runs)))
        sizes, done = np.zeros(1 << bits, np.int64), 0
        at = Layout(0, bits).rows_at
        while live := [run for run in self._runs if run.load(most)]:
            limit = min(run.last for run in live)
            rows = _joined([run.take(limit) for run in live])
            if dead is not None:
                alive = ~dead[rows.record]
                rows = Rows(rows.key[alive], rows.record[alive])
            files.write_at(descriptor, _packed(rows, bits).data, at + ROW_BYTES * done)
            done += len(rows.key)
            _count(sizes, rows.key, bits)
        table = np.append(0, np.cumsum(sizes)).astype("<u4")
        files.write_at(descriptor, table.data, HEADER.size)
        shape = Layout(done, bits)
        os.truncate(descriptor, shape.sums_at)
        return shape


def _packed(rows: Rows, bits: int) -> NDArray[np.uint64]:
    following = rows.key >> np.uint64(32 - bits) & np.uint64((1 << 32) - 1)
    return (following << np.uint64(32) | rows.record).astype("<u8")


def _count(sizes: NDArray[np.int64], keys: NDArray[np.uint64], bits: int) -> None:
    """Add the rows, which are sorted, to the sizes of their buckets."""
    if not bits:
        sizes[0] += len(keys)
    elif len(keys):
        bucket = (keys >> np.uint64(64 - bits)).astype(np.int64)
        first = int(bucket[0])
        found = np.bincount(bucket - first)
        sizes[first : first + len(found)] += found


def _seal(descriptor: int, shape: Layout) -> str:
    """Write header and page sums; give what the manifest pins."""
    header = HEADER.pack(MAGIC, shape.rows, shape.bits)
    files.write_at(descriptor, header, 0)
    pages = range(0, shape.sums_at, PAGE)
    lengths = (min(PAGE, shape.sums_at - at) for at in pages)
    read = (files.read_at(descriptor, n, at) for at, n in zip(pages, lengths, strict=True))
    sums = b"".join(map(page_sum, read))
    files.write_at(descriptor, sums, shape.sums_at)
    return exact.pin(header, sums)
