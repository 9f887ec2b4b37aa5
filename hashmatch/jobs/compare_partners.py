"""Finds for each new record of a set the old one that it takes the place of."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from hashmatch.db.replacing import hashes
from hashmatch.db.withdrawals import agree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from hashmatch.db.installed import InstalledSet
    from hashmatch.db.records import StoredRecord
    from hashmatch.db.replacing import Hash
    from hashmatch.model.hashes import Digest, PerceptualHash

_Key: TypeAlias = "tuple[Hash, str | None]"
"""A hash and an entry that records have; without entry, a hash that they have."""

_AT_ONCE = 1 << 12


class Partners:
    """Old records, each of which is the partner of one new record at the most.

    An entry that is sent again when it changes decides alone. Otherwise a partner shares a digest
    and contradicts none, or a perceptual hash where there is no digest; one with the same entry
    comes first, then the one that stands first.
    """

    def __init__(self, old: InstalledSet, unpaired: NDArray[np.bool_]) -> None:
        """Take the old version and which of its records have no partner yet, which is changed."""
        self._old, self._open = old, unpaired
        self._resent: dict[str, int] = {}
        for number in np.flatnonzero(unpaired).tolist():
            record = old.record(number)
            if record.entry is not None and record.updated is not None:
                self._resent[record.entry] = number
        self._known: dict[int, tuple[Digest, ...]] = {}
        self._lists: dict[_Key, deque[int]] = {}

    def pairs(self, new: Iterable[StoredRecord]) -> Iterator[tuple[StoredRecord, int | None]]:
        """Give each new record with the number of its partner, if it has one."""
        records = iter(new)
        while some := list(islice(records, _AT_ONCE)):
            self._read(some)
            for record in some:
                number = self._partner(record)
                if number is not None:
                    self._open[number] = False
                yield record, number

    def _read(self, some: Sequence[StoredRecord]) -> None:
        """Read the old records that share a hash with some new ones, each once."""
        self._known, self._lists = {}, {}
        for number in self._alike(some):
            record = self._old.record(number)
            self._known[number] = record.digests
            for one in hashes(record):
                for entry in {None, record.entry}:
                    self._lists.setdefault((one, entry), deque()).append(number)

    def _alike(self, some: Sequence[StoredRecord]) -> list[int]:
        digests: dict[str, set[Digest]] = {}
        pictures: dict[str, set[PerceptualHash]] = {}
        for record in some:
            for digest in record.digests:
                digests.setdefault(digest.algorithm, set()).add(digest)
            for hashed in () if record.digests else record.perceptual:
                pictures.setdefault(hashed.method, set()).add(hashed)
        found = [np.empty(0, np.int64)]
        for exact in digests.values():
            values = b"".join(one.value for one in exact)
            found.append(self._old.candidates(next(iter(exact)).algorithm, values)[1])
        for near in pictures.values():
            distinct = sorted({one.value for one in near})
            hits = self._old.near_hits(next(iter(near)).method, distinct, 0)
            found.append(hits.record.astype(np.int64))
        numbers = np.unique(np.concatenate(found))
        return [number for number in numbers.tolist() if self._open[number]]

    def _partner(self, record: StoredRecord) -> int | None:
        if record.entry is not None and record.updated is not None:
            number = self._resent.get(record.entry)
            if number is not None and self._open[number]:
                return number
        own = [(one.algorithm.value, one.value) for one in record.digests]
        own = own or [(one.method.value, one.value) for one in record.perceptual]
        named = self._first([(one, record.entry) for one in own], record)
        return self._first([(one, None) for one in own], record) if named is None else named

    def _first(self, keys: Iterable[_Key], record: StoredRecord) -> int | None:
        """Give the first record of some lists that may be the same."""
        found = []
        for key in keys:
            numbers = self._lists.get(key)
            while numbers and not self._open[numbers[0]]:
                numbers.popleft()
            fitting = (n for n in numbers or () if self._open[n] and self._fits(n, record))
            found += list(islice(fitting, 1))
        return min(found, default=None)

    def _fits(self, number: int, record: StoredRecord) -> bool:
        return not record.digests or agree(record.digests, self._known[number])
