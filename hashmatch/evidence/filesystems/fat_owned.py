"""Which clusters of a FAT or exFAT volume belong to files that folders name.

Where a folder is overwritten the table still has the clusters of its files in use, and no file has
them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hashmatch.evidence.filesystems.allocation import Bits
    from hashmatch.evidence.filesystems.fat_layout import Layout
    from hashmatch.evidence.media.interface import Medium

MOST_CLUSTERS = 1 << 25
"""Clusters of a volume for which a table is kept whole: 4 bytes and some more for each."""


def owned(content: Medium, layout: Layout, starts: Iterable[tuple[int, int, bool]]) -> Bits | None:
    """Tell for each cluster, counted from the first that there is, whether a file has it.

    No cluster is gone through twice. None where there are too many clusters.

    Args:
        content: the volume.
        layout: where things lie.
        starts: of each file the first cluster, the size in bytes, and whether all follow it
            without being noted in the table.
    """
    if layout.count > MOST_CLUSTERS:
        return None
    found = np.zeros(layout.count, np.bool_)
    table = layout.following(content, 2, layout.count)
    place = np.arange(len(table), dtype=np.int64)
    ends = np.flatnonzero(table != place + 3)  # what follows such a cluster is not the next one
    for first, size, follow in starts:
        if follow and layout.is_cluster(first):
            found[first - 2 : first - 2 - (-size // layout.cluster)] = True
            continue
        at = first
        while layout.is_cluster(at) and at - 2 < len(table) and not found[at - 2]:
            number = int(np.searchsorted(ends, at - 2))
            end = int(ends[number]) if number < len(ends) else len(table) - 1
            found[at - 2 : end + 1] = True
            at = int(table[end])
    return found
