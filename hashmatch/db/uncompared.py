"""How many records of an installed set carry nothing that a scan compares.

A set may hold hashes that are only looked up, such as PhotoDNA, beside those that a scan computes.
What only such records describe is not found by a scan, which has to say so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hashmatch.db.never import value_reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.db.blocks import Block
    from hashmatch.db.installed import InstalledSet


def records(installed: InstalledSet, computed: frozenset[str]) -> int:
    """Count the records in use none of whose hashes can be compared.

    Records that must never match are not among them. The store is read only where the counts of
    the manifest do not tell.

    Args:
        installed: the set.
        computed: algorithms and methods whose values the scan computes.

    Raises:
        HashSetError: the store was altered.
    """
    counts = installed.manifest.counts
    held = {kind for kind, number in counts.values.items() if number}
    if held <= computed:
        return counts.unmatchable
    if held.isdisjoint(computed):
        return counts.kept
    doubtful = bool(counts.quarantined_values)
    numbers = [
        number
        for first, block in installed.blocks()
        if any(_in_doubt(set(shape), computed, doubtful=doubtful) for shape in block.shapes)
        for number in _idle(block, first, computed)
    ]
    return min(counts.kept, int(installed.live(np.array(numbers, np.int64)).sum()))


def _in_doubt(kinds: set[str], computed: frozenset[str], *, doubtful: bool) -> bool:
    """Tell whether records of some kinds may have nothing to compare.

    ``doubtful`` says that values which must never match may be among those that are computed.
    """
    return kinds.isdisjoint(computed) or (doubtful and not kinds <= computed)


def _idle(block: Block, first: int, computed: frozenset[str]) -> Iterator[int]:
    for row in range(len(block)):
        values = block.values(row)
        usable = [kind for kind, value in values if not value_reason(value)]
        if computed.isdisjoint(usable) and (usable or not values):
            yield first + row
