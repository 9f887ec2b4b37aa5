"""Which clusters of a FAT or exFAT volume belong to files that folders name.

Where a folder is overwritten the table still has the clusters of its files in use, and no file has
them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from hashmatch.evidence.filesystems.allocation import Bits
    from hashmatch.evidence.filesystems.fat_layout import Layout
    from hashmatch.evidence.media.interface import Medium

MOST_CLUSTERS = 1 << 25
"""Clusters of a volume for which a table is kept whole: 16 to 48 bytes of memory for each."""


def owned(content: Medium, layout: Layout, starts: Iterable[tuple[int, int, bool]]) -> Bits | None:
    """Tell for each cluster, counted from the first that there is, whether a file has it.

    What is in order is taken as one run, and each run is looked at a few times at most, however
    the files lead through them. None where there are too many clusters.

    Args:
        content: the volume.
        layout: where things lie.
        starts: of each file the first cluster, the size in bytes, and whether all follow it
            without being noted in the table.
    """
    if layout.count > MOST_CLUSTERS:
        return None
    edges = np.zeros(layout.count + 1, np.int32)  # where stretches that files have begin and end
    noted: list[int] = []
    for first, size, follow in starts:
        if follow and layout.is_cluster(first):
            edges[first - 2] += 1
            edges[min(layout.count, first - 2 - (-size // layout.cluster))] -= 1
        elif layout.is_cluster(first):
            noted.append(first - 2)
    runs = _Runs(layout.following(content, 2, layout.count))
    for place, sign in zip(runs.reached(np.array(noted, np.int64)), (1, -1), strict=True):
        np.add.at(edges, place, sign)
    return np.cumsum(edges[:-1], dtype=np.int32) > 0


class _Runs:
    """The table as runs of clusters that follow each other, and the runs these lead to.

    Args:
        table: what follows each cluster, by number; clusters themselves are counted from 0.
    """

    def __init__(self, table: NDArray[np.uint32]) -> None:
        count = len(table)
        last = table != np.arange(3, count + 3, dtype=np.uint32)
        last[-1:] = True
        self._ends = np.flatnonzero(last).astype(np.int32)
        self._into = table[self._ends].astype(np.int64) - 2
        self._leads = (self._into >= 0) & (self._into < count)
        self._run_of = np.cumsum(last, dtype=np.int32) - last

    def reached(self, starts: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Give where the stretches begin, and end, that lead on from some clusters."""
        nowhere, beyond = len(self._ends), len(self._run_of)
        starts = starts[starts < beyond]
        begins = np.full(nowhere + 1, beyond, np.int32)
        np.minimum.at(begins, self._run_of[starts], starts)
        steps = np.full(nowhere + 1, nowhere, np.int32)
        steps[:-1][self._leads] = self._run_of[self._into[self._leads]]
        following, seen = steps, begins < beyond
        for _ in range(nowhere.bit_length()):  # steps of one run, of two, of four, ...
            seen[steps[seen]] = True
            steps = steps[steps]
        led = np.flatnonzero(seen[:-1] & self._leads)
        np.minimum.at(begins, following[led], self._into[led])
        found = np.flatnonzero(begins[:-1] < beyond)
        return begins[found], self._ends[found] + 1
