"""Columns of numbers about all records of a run, kept outside memory until everything is read.

They lie in files without a name, which vanish with the program, or in memory that can be
swapped where the folder allows no such file. Prints are disguised by a number drawn for the run,
so that the bytes on the disk say nothing about a list.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hashmatch.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import Any

    from numpy.typing import NDArray

    Column = NDArray[Any]

BLOCK = 1 << 20
"""Rows that are looked at together."""


@dataclass(frozen=True, slots=True)
class Folder:
    """Where columns may be kept, and the run's number that disguises prints."""

    path: Path
    mask: int

    def file(self) -> int:
        """Open a new file without a name."""
        try:
            return os.open(self.path, os.O_TMPFILE | os.O_RDWR, 0o600)
        except OSError:
            return os.memfd_create("hashmatch-lint")


class Spool:
    """Columns of equal length. A value that was never written is 0."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._mask = np.uint64(folder.mask)
        self._files: dict[str, tuple[int, np.dtype[Any]]] = {}
        self.rows = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that were written, in the order of their first values."""
        return tuple(self._files)

    def add(self, count: int, columns: Mapping[str, Column]) -> None:
        """Append rows.

        Raises:
            OutputError: there is no room.
        """
        for name, values in columns.items():
            if name not in self._files:
                self._files[name] = (self._folder.file(), values.dtype)
            descriptor, kind = self._files[name]
            stored: Any = values ^ self._mask if kind == np.uint64 else values
            _write(descriptor, memoryview(stored).cast("B"), self.rows * kind.itemsize)
        self.rows += count

    def read(self, name: str, start: int, end: int) -> Column:
        """Give a stretch of a column."""
        descriptor, kind = self._files[name]
        data = bytearray((end - start) * kind.itemsize)
        os.preadv(descriptor, [data], start * kind.itemsize)
        found = np.frombuffer(data, kind)
        if kind == np.uint64:
            # What was never written reads as 0 from the file too.
            return np.where(found == 0, found, found ^ self._mask)
        return found

    def blocks(self, name: str) -> Iterator[tuple[int, Column]]:
        """Yield a whole column piece by piece, each with the number of its first row."""
        for start in range(0, self.rows, BLOCK):
            yield start, self.read(name, start, min(self.rows, start + BLOCK))

    def take(self, name: str, rows: NDArray[np.int64]) -> Column:
        """Give the values of some rows, which rise."""
        _, kind = self._files[name]
        found = np.zeros(len(rows), kind)
        if not len(rows):
            return found
        for start in range(int(rows[0]) // BLOCK * BLOCK, int(rows[-1]) + 1, BLOCK):
            low, high = np.searchsorted(rows, [start, start + BLOCK])
            if high > low:
                block = self.read(name, start, min(self.rows, start + BLOCK))
                found[low:high] = block[rows[low:high] - start]
        return found

    def close(self) -> None:
        """Give the files back."""
        for descriptor, _ in self._files.values():
            os.close(descriptor)
        self._files.clear()


def _write(descriptor: int, data: memoryview, at: int) -> None:
    try:
        while data:
            written = os.pwrite(descriptor, data, at)
            data, at = data[written:], at + written
    except OSError as error:
        msg = f"no room to compare the records ({error.strerror}); name a folder with --scratch"
        raise OutputError(msg) from None
