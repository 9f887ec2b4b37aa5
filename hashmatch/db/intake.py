"""Takes the values of records into the indexes of a new set version, and counts all of it."""

from __future__ import annotations

from array import array
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from hashmatch.db import never
from hashmatch.db.near_build import NearBuilder
from hashmatch.model.records import Quarantine

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from hashmatch.db.counts import Counts
    from hashmatch.db.description import SetDescription
    from hashmatch.db.fingerprints import Fingerprints
    from hashmatch.db.near_build import NearContent
    from hashmatch.db.records import StoredRecord
    from hashmatch.db.sorting import ExactBuilder
    from hashmatch.model.hashes import Algorithm, Digest, Method, PerceptualHash
    from hashmatch.model.records import HashRecord, RecordBatch

_GATHERED = 1 << 13  # digests of single records that are taken over at a time


class Intake:
    """What may match goes into the indexes; what must never match is counted by its reason."""

    def __init__(
        self,
        description: SetDescription,
        fingerprints: Fingerprints,
        exact: ExactBuilder,
        counts: Counts,
    ) -> None:
        self._description, self._fingerprints = description, fingerprints
        self._exact, self._counts = exact, counts
        self._near: dict[Method, NearBuilder] = {}
        self._digests: dict[Algorithm, tuple[list[bytes], array[int]]] = {}
        self._gathered = 0
        self._categories: Counter[str | None] = Counter()
        self._sole = array("I")  # records that carry perceptual hashes and no digest that matches

    def add(self, record: HashRecord, number: int) -> None:
        """Take one record."""
        counts = self._counts
        self._categories[record.category] += 1
        for kind in record.other:
            counts.not_evaluated[kind] += 1
        file, reason = self._add_digests(record.digests, number)
        usable = bool(file)
        if record.perceptual:
            near, last = self._add_perceptual(record.perceptual, number, file)
            if not file:
                self._sole.append(number)
            usable, reason = usable or near, last or reason
        _end(counts, reason, 1, usable=usable)

    def _add_digests(self, digests: Iterable[Digest], number: int) -> tuple[int, Quarantine | None]:
        """Take digests; give a number that tells the file apart (0 for none), and why not."""
        file, last = 0, None
        for digest in digests:
            value = digest.value
            if reason := never.digest_reason(digest):
                self._counts.quarantined_values[reason] += 1
                last = reason
                continue
            file = file or int.from_bytes(value[:8]) | 1
            algorithm = digest.algorithm
            if algorithm not in self._digests:
                self._digests[algorithm] = [], array("I")
            values, records = self._digests[algorithm]
            values.append(value)
            records.append(number)
            self._gathered += 1
        if self._gathered >= _GATHERED:
            self._take_gathered()
        return file, last

    def _take_gathered(self) -> None:
        for algorithm, (values, records) in self._digests.items():
            keys = self._fingerprints.of_many(algorithm, b"".join(values))
            self._exact.add(keys, np.array(records, np.uint32))
            self._counts.values[algorithm] += len(values)
        self._digests, self._gathered = {}, 0

    def _add_perceptual(
        self, hashes: Iterable[PerceptualHash], number: int, file: int
    ) -> tuple[bool, Quarantine | None]:
        usable, last = False, None
        for hashed in hashes:
            if reason := never.perceptual_reason(hashed):
                self._counts.quarantined_values[reason] += 1
                last = reason
                continue
            if hashed.method not in self._near:
                self._near[hashed.method] = NearBuilder(hashed.method)
            self._near[hashed.method].add(hashed.value, number, hashed.quality, file)
            usable = True
        return usable, last

    def add_batch(self, batch: RecordBatch, first: int) -> None:
        """Take a batch whose first record has the number ``first``."""
        count = len(batch)
        numbers = np.arange(first, first + count, dtype=np.uint32)
        usable, reasons = np.zeros(count, bool), dict[int, Quarantine]()
        for algorithm, values in batch.digests.items():
            keys, keep = self._fingerprints.of_many(algorithm, values), np.ones(count, bool)
            for row, reason in _never(algorithm, values):
                keep[row] = False
                reasons[row] = reason
                self._counts.quarantined_values[reason] += 1
            usable |= keep
            self._exact.add(keys[keep], numbers[keep])
            self._counts.values[algorithm] += int(keep.sum())
        idle = np.flatnonzero(~usable).tolist()
        _end(self._counts, None, count - len(idle), usable=True)
        for row in idle:
            _end(self._counts, reasons[row], 1, usable=False)
        if batch.categories is None:
            self._categories[None] += count
        else:
            self._categories.update(batch.categories)

    def take_back(self, record: StoredRecord) -> None:
        """Undo what counting a record did; the indexes leave it out when they are finished."""
        self.flush()
        counts, usable, reason = self._counts, False, None
        self._count_category(record.category, -1)
        counts.not_evaluated.subtract(record.other)
        for digest in record.digests:
            if why := never.digest_reason(digest):
                counts.quarantined_values[why] -= 1
                reason = why
            else:
                counts.values[digest.algorithm] -= 1
                usable = True
        for hashed in record.perceptual:
            if why := never.perceptual_reason(hashed):
                counts.quarantined_values[why] -= 1
                reason = why
            else:
                usable = True
        _end(counts, reason, -1, usable=usable)

    def flush(self) -> None:
        """Take over what was gathered, so that the counts are true."""
        self._take_gathered()
        for category, number in self._categories.items():
            self._count_category(category, number)
        self._categories.clear()

    def _count_category(self, category: str | None, number: int) -> None:
        """Count what the code of so many records means, and whether it means anything."""
        counts, profile = self._counts, self._description.profile
        counts.dispositions[self._description.disposition(category)] += number
        if category is not None:
            counts.coded += number
            counts.unknown_codes += number * (profile is not None and not profile.knows(category))

    def finish_near(self, dead: NDArray[np.bool_] | None) -> dict[Method, NearContent]:
        """Lay out the near indexes, and count what was left out of them."""
        done = {method: builder.finish(dead) for method, builder in self._near.items()}
        self._near.clear()
        counts = self._counts
        emptied = set(self._sole) if any(one.repeated for one in done.values()) else set()
        emptied &= {n for one in done.values() for n in one.left_out.tolist()}
        if emptied:
            emptied -= {n for one in done.values() for n in one.kept.tolist()}
        counts.kept -= len(emptied)
        counts.quarantined += len(emptied)
        counts.quarantined_by[Quarantine.REPEATED] += len(emptied)
        for method, one in done.items():
            counts.quarantined_values[Quarantine.REPEATED] += one.repeated
            counts.values[method] = one.entries
            counts.distinct[method] = one.distinct
        return {method: one for method, one in done.items() if one.entries}


def _end(counts: Counts, reason: Quarantine | None, number: int, *, usable: bool) -> None:
    """Count how records ended that were stored."""
    if usable or reason is None:
        counts.kept += number
        counts.unmatchable += number * (not usable)
    else:
        counts.quarantined += number
        counts.quarantined_by[reason] += number


def _never(algorithm: Algorithm, values: bytes) -> list[tuple[int, Quarantine]]:
    """Find the rows of a column whose digest must never match, with the reason."""
    size = algorithm.size
    rows = np.frombuffer(values, np.uint8).reshape(-1, size)
    begins = np.ascontiguousarray(rows[:, :8]).view(np.uint64)[:, 0]
    suspects = {value[:8] for value in never.suspects(algorithm)}
    doubtful = np.zeros(len(rows), bool)
    for begin in suspects:
        doubtful |= begins == np.frombuffer(begin, np.uint64)[0]
    rows_of = np.flatnonzero(doubtful).tolist()
    reasons = ((row, never.value_reason(values[row * size : (row + 1) * size])) for row in rows_of)
    return [(row, reason) for row, reason in reasons if reason]
