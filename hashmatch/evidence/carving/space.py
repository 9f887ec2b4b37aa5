"""Space that no file has, joined into one: a file that was there may go on after one that stayed.

Offsets in the joined space count over the runs alone, in the order given.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from typing import TYPE_CHECKING

from hashmatch.evidence.filesystems.interface import Run

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hashmatch.evidence.carving.window import Read


class Space:
    """Runs of a volume, read as one.

    Runs that follow each other without a gap count as one; empty ones, and what lies before the
    end of the run before, count as none. Memory is 16 bytes for each run.

    Args:
        read: gives the bytes at an offset in the volume, that many or fewer at its end.
        runs: the stretches of the volume, in order.
    """

    def __init__(self, read: Read, runs: Iterable[Run]) -> None:
        self._read = read
        self._places = array("q")  # where each run begins in the volume
        self._starts = array("q")  # and in the joined space
        self._size = 0
        end = 0
        for run in runs:
            offset = max(run.offset, end) if self._starts else max(run.offset, 0)
            length = run.offset + run.length - offset
            if length <= 0:
                continue
            if not self._starts or offset != end:
                self._places.append(offset)
                self._starts.append(self._size)
            self._size += length
            end = offset + length

    @property
    def size(self) -> int:
        """Bytes of all runs."""
        return self._size

    def read(self, offset: int, length: int) -> bytes:
        """Give the bytes at an offset in the joined space; fewer at its end.

        What the volume does not have to its end comes as zeros.
        """
        parts = [
            self._read(run.offset, run.length).ljust(run.length, b"\0")
            for run in self._parts(offset, length)
        ]
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def runs(self, offset: int, length: int) -> tuple[Run, ...]:
        """Give where bytes of the joined space are in the volume."""
        return tuple(self._parts(offset, length))

    def end_of_runs(self, offset: int, most: int) -> int:
        """Give the offset after the last of so many runs, the first of which holds an offset."""
        after = bisect_right(self._starts, offset) - 1 + most
        return self._starts[after] if after < len(self._starts) else self._size

    def stretches(self, align: int) -> Iterator[tuple[int, int]]:
        """Yield where to look for beginnings: from one offset to before another.

        In each, places that are multiples of ``align`` in the volume are its beginning and what
        follows by multiples of that.
        """
        at, count = 0, len(self._starts)
        while at < count:
            shift = (self._places[at] - self._starts[at]) % align
            begin = self._starts[at]
            at += 1
            while at < count and (self._places[at] - self._starts[at]) % align == shift:
                at += 1
            end = self._starts[at] if at < count else self._size
            yield begin + (-begin - shift) % align, end

    def _parts(self, offset: int, length: int) -> Iterator[Run]:
        stop = min(offset + length, self._size)
        at = bisect_right(self._starts, offset) - 1
        while 0 <= offset < stop:
            end = self._starts[at + 1] if at + 1 < len(self._starts) else self._size
            many = min(stop, end) - offset
            yield Run(self._places[at] + offset - self._starts[at], many)
            offset += many
            at += 1
