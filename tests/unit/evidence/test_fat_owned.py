"""The clusters that files have are those that following the table one by one gives, and soon."""

import random
import time
from types import SimpleNamespace

import numpy as np

from hashmatch.evidence.filesystems import fat_owned

CLUSTER = 4096


def layout(table, count):
    return SimpleNamespace(
        cluster=CLUSTER,
        count=count,
        is_cluster=lambda number: 2 <= number < count + 2,
        following=lambda content, first, many: np.array(table, np.uint32),
    )


def owned(table, count, starts):
    return set(np.flatnonzero(fat_owned.owned(None, layout(table, count), starts)).tolist())


def one_by_one(table, count, starts):
    found = set()
    for first, size, follow in starts:
        if follow and 2 <= first < count + 2:
            found |= set(range(first - 2, min(count, first - 2 - (-size // CLUSTER))))
            continue
        at, seen = first - 2, set()
        while 0 <= at < len(table) and at < count and at not in seen:
            seen.add(at)
            at = table[at] - 2
        found |= seen
    return found


def test_what_files_have_is_what_following_the_table_gives():
    chance = random.Random(7)
    for _ in range(1500):
        count = chance.randrange(30)
        length = chance.choice((count, chance.randrange(count + 1)))
        others = (0, 1, 0x0FFFFFFF, chance.randrange(count + 6))
        table = [n + 3 if chance.random() < 0.6 else chance.choice(others) for n in range(length)]
        starts = [
            (chance.randrange(count + 5), chance.randrange(50_000), chance.random() < 0.2)
            for _ in range(chance.randrange(5))
        ]
        assert owned(table, count, starts) == one_by_one(table, count, starts), (table, starts)


def test_many_files_that_share_one_run_are_no_work_for_hours():
    count = 1 << 20
    table = np.arange(3, count + 3, dtype=np.uint32)
    starts = [(count - number * 10, count * CLUSTER, bool(number % 2)) for number in range(100_000)]
    began = time.process_time()
    assert len(owned(table, count, starts)) == count - starts[-1][0] + 2
    assert time.process_time() - began < 5  # marked file by file it takes far longer
