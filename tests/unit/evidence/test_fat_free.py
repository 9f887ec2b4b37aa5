"""Content of deleted files on FAT: free clusters from the first on, whatever size is claimed."""

import random
import time
from types import SimpleNamespace

import numpy as np

from hashmatch.evidence.filesystems.fat_layout import Layout
from hashmatch.evidence.filesystems.tsk_fat import Fat

CLUSTER = 512


def taken(used, first, size):
    """Where a deleted file is taken to lie: offset and length of each stretch."""
    used = np.asarray(used, np.bool_)
    layout = Layout("fat32", 512, CLUSTER, 0, 0, 0, len(used), 2)
    volume = SimpleNamespace(used=lambda at, count: used[at : at + count])
    return [(run.offset, run.length) for run in Fat._free(volume, layout, first, size)]


def one_by_one(used, first, size):
    if used[first - 2]:
        return []
    found = []
    for place in range(first - 2, len(used)):
        if size > 0 and not used[place]:
            there = min(size, CLUSTER)
            if found and sum(found[-1]) == place * CLUSTER:
                found[-1] = found[-1][0], found[-1][1] + there
            else:
                found.append((place * CLUSTER, there))
            size -= there
    return found


def test_clusters_are_those_that_are_free():
    chance = random.Random(3)
    for _ in range(500):
        used = [chance.random() < 0.3 for _ in range(chance.randrange(1, 60))]
        first, size = chance.randrange(2, len(used) + 2), chance.randrange(1, 30 * CLUSTER)
        assert taken(used, first, size) == one_by_one(used, first, size)


def test_a_size_of_4_gib_is_no_work_for_minutes():
    began = time.process_time()
    assert taken(np.zeros(1 << 23, np.bool_), 2, (1 << 32) - 1) == [(0, (1 << 32) - 1)]
    apart = np.arange(1 << 21) % 2 == 1
    assert taken(apart, 2, 1000 * CLUSTER)[999] == (1998 * CLUSTER, CLUSTER)
    assert taken(apart, 2, 1 << 31) == []  # in more pieces than a file has
    assert time.process_time() - began < 5
