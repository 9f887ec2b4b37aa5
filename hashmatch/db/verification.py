"""Proves that an installed set answers for every record it holds: nothing is missed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from hashmatch.db import blocks, never
from hashmatch.errors import HashSetError
from hashmatch.model.hashes import Algorithm, Method
from hashmatch.model.records import Quarantine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from hashmatch.db.installed import InstalledSet
    from hashmatch.model.records import HashRecord

_SHARED = "shared"
_NUMBER = 32  # bits of a record's number
_AT_ONCE = 1 << 12
"""Records that are asked together: one value that all of them carry is looked up once."""


class _Column(NamedTuple):
    """Values of one kind, each once; and for each record's value its place there and the record.

    ``usable`` tells of each record's perceptual hash whether it may match.
    """

    values: dict[bytes, int]
    places: list[int]
    numbers: list[int]
    usable: list[bool]

    @classmethod
    def empty(cls) -> _Column:
        return cls({}, [], [], [])

    def add(self, value: bytes, number: int, *, usable: bool) -> None:
        self.places.append(self.values.setdefault(value, len(self.values)))
        self.numbers.append(number)
        self.usable.append(usable)

    def answered(
        self, asked: NDArray[np.integer[Any]], records: NDArray[np.integer[Any]]
    ) -> NDArray[np.bool_]:
        """Tell for each record's value whether the record itself is among the answers."""
        given = np.sort((asked.astype(np.int64) << _NUMBER) | records.astype(np.int64))
        wanted = (np.array(self.places, np.int64) << _NUMBER) | np.array(self.numbers, np.int64)
        at = np.searchsorted(given, wanted)
        found = at < len(given)
        found[found] = given[at[found]] == wanted[found]
        return found


def verify(installed: InstalledSet) -> None:
    """Check every file, read every record, then look up every value and count the answers.

    Values that must never match and those of records that no longer count are asked as well: an
    answer for one is a fault too. Takes about as long as the import did.

    Raises:
        HashSetError: a file is not the one that was installed, or a record cannot be read or is
            not found.
    """
    installed.check()
    counted: Counter[str] = Counter()
    for columns in _columns(installed):
        for kind, column in columns.items():
            if kind in blocks.ALGORITHMS:
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


def _columns(installed: InstalledSet) -> Iterator[dict[str, _Column]]:
    """Read all records, and give their values by kind, those of many records at a time."""
    columns: dict[str, _Column] = {}
    read = 0
    for first, block in installed.blocks():
        for number, record in enumerate(block.records(), first):
            usable = _usable(record)
            for kind, value in block.values(number - first):
                column = columns.setdefault(kind, _Column.empty())
                column.add(value, number, usable=(kind, value) in usable)
        read += len(block)
        if read >= _AT_ONCE:
            yield columns
            columns, read = {}, 0
    yield columns


def _usable(record: HashRecord) -> set[tuple[str, bytes]]:
    """Give the perceptual hashes of a record that may match."""
    return {
        (one.method, one.value) for one in record.perceptual if never.perceptual_reason(one) is None
    }


def _ask_exact(
    installed: InstalledSet, algorithm: Algorithm, column: _Column, counted: Counter[str]
) -> None:
    """Ask for each digest, and expect its own record among the answers exactly where it counts."""
    answered = column.answered(*installed.candidates(algorithm, b"".join(column.values)))
    never_ones = never.suspects(algorithm)
    matchable = np.array([value not in never_ones for value in column.values], bool)
    expected = matchable[column.places] & installed.live(np.array(column.numbers, np.int64))
    wrong = np.flatnonzero(answered != expected)
    if len(wrong):
        raise _missed(installed, column.numbers[wrong[0]])
    counted[algorithm] += int(expected.sum())


def _ask_near(
    installed: InstalledSet, method: Method, column: _Column, counted: Counter[str]
) -> None:
    hits = installed.near_hits(method, list(column.values), 0)
    answered = column.answered(hits.query, hits.record)
    expected = np.array(column.usable, bool) & installed.live(np.array(column.numbers, np.int64))
    wrong = np.flatnonzero(answered & ~expected)
    if len(wrong):
        raise _missed(installed, column.numbers[wrong[0]])
    counted[method] += int((expected & answered).sum())
    counted[_SHARED] += int((expected & ~answered).sum())


def _missed(installed: InstalledSet, number: int) -> HashSetError:
    return HashSetError(
        f"the set {installed.manifest.name} does not answer as it should for its record {number}; "
        "import the list again, and report this as a defect of hashmatch"
    )
