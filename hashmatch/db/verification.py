"""Proves that an installed set answers for every record it holds: nothing is missed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hashmatch.db import never
from hashmatch.errors import HashSetError
from hashmatch.model.hashes import Algorithm, Method
from hashmatch.model.records import Quarantine

if TYPE_CHECKING:
    from hashmatch.db.blocks import Block
    from hashmatch.db.installed import InstalledSet

_SHARED = "shared"


class _Column(NamedTuple):
    """The values of one kind in a block, one after the other, and whose they are."""

    values: list[bytes]
    numbers: list[int]


def verify(installed: InstalledSet) -> None:
    """Check every file, then look up every value of every record and count the answers.

    Values that must never match and those of records that no longer count are asked as well: an
    answer for one is a fault too. Takes about as long as the import did.

    Raises:
        HashSetError: a file is not the one that was installed, or a record is not found.
    """
    installed.check()
    counted: Counter[str] = Counter()
    for first, block in installed.blocks():
        for kind, column in _columns(block, first).items():
            if kind in set(Algorithm):
                _ask_exact(installed, Algorithm(kind), column, counted)
            else:
                _ask_near(installed, Method(kind), column, counted)
    counts = installed.manifest.counts
    shared = Counter({_SHARED: counts.quarantined_values[Quarantine.REPEATED]})
    if +counted != counts.values + shared:
        msg = (
            f"the set {installed.manifest.name} holds other numbers of values than its manifest "
            "states; import the list again"
        )
        raise HashSetError(msg)


def _columns(block: Block, first: int) -> dict[str, _Column]:
    columns: dict[str, _Column] = {}
    for row in range(len(block)):
        for kind, value in block.values(row):
            column = columns.setdefault(kind, _Column([], []))
            column.values.append(value)
            column.numbers.append(first + row)
    return columns


def _ask_exact(
    installed: InstalledSet, algorithm: Algorithm, column: _Column, counted: Counter[str]
) -> None:
    """Ask for each digest, and expect its own record among the answers exactly where it counts."""
    values, numbers = column
    asked, records = installed.candidates(algorithm, b"".join(values))
    own = np.array(numbers, np.int64)
    answered = np.zeros(len(values), bool)
    answered[asked[records == own[asked]]] = True
    never_ones = never.suspects(algorithm)
    expected = np.array([value not in never_ones for value in values], bool)
    expected &= installed.live(own)
    wrong = np.flatnonzero(answered != expected)
    if len(wrong):
        raise _missed(installed, numbers[wrong[0]])
    counted[algorithm] += int(expected.sum())


def _ask_near(
    installed: InstalledSet, method: Method, column: _Column, counted: Counter[str]
) -> None:
    values, numbers = column
    hits = installed.near_hits(method, values, 0)
    answered = np.zeros(len(values), bool)
    answered[hits.query[hits.record == np.array(numbers, np.int64)[hits.query]]] = True
    for at, number in enumerate(numbers):
        record = installed.record(number)
        hashed = [one for one in record.perceptual if one.value == values[at]]
        matchable = record.live and any(never.perceptual_reason(one) is None for one in hashed)
        if answered[at] and not matchable:
            raise _missed(installed, number)
        if matchable:
            counted[method if answered[at] else _SHARED] += 1


def _missed(installed: InstalledSet, number: int) -> HashSetError:
    return HashSetError(
        f"the set {installed.manifest.name} does not answer as it should for its record {number}; "
        "import the list again, and report this as a defect of hashmatch"
    )
