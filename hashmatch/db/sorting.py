"""Sorts any number of fingerprints into an exact index with a fixed amount of memory.

Rows gather in memory up to a limit, are sorted and written out as a run beside the index; at the
end all runs are read in step, a block of each at a time, and the lowest rows written. Memory
depends on the limit only, not on the number of rows, nor on how often one value repeats.
"""

from __future__ import annotations

import os
from array import array
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hashmatch.db import files
from hashmatch.db.exact import HEADER, MAGIC, ROW_BYTES
from hashmatch.errors import HashSetError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

RUN_ROWS = 1 << 20
"""Rows held in memory before they are written out: about 20 MB, and 50 MB while sorting."""


class Rows(NamedTuple):
    """Some rows as three columns of equal length: leading half, other half, record number."""

    lead: NDArray[np.uint64]
    rest: NDArray[np.uint64]
    record: NDArray[np.uint32]

    def cut(self, start: int, end: int) -> Rows:
        """Give a stretch of the rows."""
        return Rows(self.lead[start:end], self.rest[start:end], self.record[start:end])


def _sorted(parts: list[Rows]) -> Rows:
    lead, rest, record = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(lead, kind="stable")
    return Rows(lead[order], rest[order], record[order])


def _write(descriptor: int, rows: Rows, at: int, total: int, start: int) -> None:
    """Put rows at their place in a file of three columns of ``total`` rows each."""
    files.write_at(descriptor, rows.lead.data, start + 8 * at)
    files.write_at(descriptor, rows.rest.data, start + 8 * total + 8 * at)
    files.write_at(descriptor, rows.record.data, start + 16 * total + 4 * at)


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
            np.fromfile(self.path, "<u8", count, offset=8 * (n + at)),
            np.fromfile(self.path, "<u4", count, offset=16 * n + 4 * at),
        )
        if len(block.record) != count:
            msg = f"the run {self.path.name} became shorter while it was read; import again"
            raise HashSetError(msg)
        self._next += count
        return block

    def load(self, most: int) -> bool:
        """Have at least one row ready; False when the run is at its end."""
        if not len(self._block.lead):
            self._block = self._read(min(most, self.rows - self._next))
        return bool(len(self._block.lead))

    @property
    def last(self) -> np.uint64:
        """The highest leading half that is ready."""
        return np.uint64(self._block.lead[-1])

    def take(self, limit: np.uint64) -> Rows:
        """Hand over all ready rows up to the limit, inclusive."""
        end = int(np.searchsorted(self._block.lead, limit, side="right"))
        taken, self._block = self._block.cut(0, end), self._block.cut(end, len(self._block.lead))
        return taken


class ExactBuilder:
    """Collects fingerprints and writes the exact index at the end."""

    def __init__(self, path: Path, run_rows: int = RUN_ROWS) -> None:
        self._path, self._limit = path, run_rows
        self._keys, self._records = bytearray(), array("I")
        self._runs: list[_Run] = []

    def add(self, fingerprint: bytes, record: int) -> None:
        """Note that a record carries the digest with this fingerprint (16 bytes)."""
        self._keys += fingerprint
        self._records.append(record)
        if len(self._records) >= self._limit:
            self._spill()

    def _spill(self) -> None:
        keys = np.frombuffer(bytes(self._keys), "<u8").reshape(-1, 2)
        rows = _sorted([Rows(keys[:, 0], keys[:, 1], np.array(self._records, "<u4"))])
        total = len(rows.lead)
        path = self._path.with_name(f"{self._path.name}.run{len(self._runs)}")
        with _new(path) as descriptor:
            _write(descriptor, rows, 0, total, 0)
        self._runs.append(_Run(path, total))
        self._keys, self._records = bytearray(), array("I")

    def finish(self) -> int:
        """Write the index, wait until it is on the disk, and remove the runs.

        Returns:
            Number of rows.
        """
        if len(self._records):
            self._spill()
        total = sum(run.rows for run in self._runs)
        with _new(self._path) as descriptor:
            self._merge(descriptor, total)
            files.write_at(descriptor, HEADER.pack(MAGIC, total), 0)
            os.fsync(descriptor)
        for run in self._runs:
            run.path.unlink()
        return total

    def _merge(self, descriptor: int, total: int) -> None:
        os.truncate(descriptor, HEADER.size + ROW_BYTES * total)
        most = max(1, self._limit // max(1, len(self._runs)))
        done = 0
        while live := [run for run in self._runs if run.load(most)]:
            limit = min(run.last for run in live)
            rows = _sorted([run.take(limit) for run in live])
            _write(descriptor, rows, done, total, HEADER.size)
            done += len(rows.lead)
