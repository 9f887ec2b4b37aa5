"""What an issuer takes back: which records a list's withdrawals concern."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hashmatch.db.records import StoredRecord
    from hashmatch.model.hashes import Digest
    from hashmatch.model.records import HashRecord, Withdrawn

EARLIER = -1
"""The number of a record that was there before the list."""


@dataclass(slots=True)
class _Withdrawal:
    """Every time that a list takes back the same entry, or the same digests.

    ``undated`` and ``dated`` tell after how many records of the list the last of them stood,
    ``dated`` by when the issuer said it.
    """

    digests: Mapping[str, set[bytes]] | None
    part: str | None
    times: int = 0
    undated: int = EARLIER
    dated: dict[float, int] = field(default_factory=dict)
    latest: float | None = None
    last: int = EARLIER
    found: bool = False

    def add(self, updated: float | None, before: int) -> None:
        self.times += 1
        self.last = max(self.last, before)
        if updated is None:
            self.undated = max(self.undated, before)
        else:
            self.dated[updated] = max(self.dated.get(updated, EARLIER), before)
            self.latest = updated if self.latest is None else max(self.latest, updated)

    def concerns(self, record: StoredRecord, own: Mapping[str, set[bytes]], number: int) -> bool:
        """Whether the record is the one, and not a later one."""
        if self.digests is not None and not _agree(self.digests, own):
            return False
        if record.updated is None:
            return self.last > number
        if self.latest is not None and self.latest > record.updated:
            return True
        return max(self.undated, self.dated.get(record.updated, EARLIER)) > number


class Withdrawals:
    """All withdrawals of a list, found again by entry or digest.

    They are held in memory, about 0.5 kB each, those that say the same once.
    """

    def __init__(self, earlier: Mapping[str, float] | None = None) -> None:
        """Begin with the entries that earlier lists took back, and when."""
        self._all: dict[object, _Withdrawal] = {}
        self._by_entry: dict[str, list[_Withdrawal]] = {}
        self._by_digest: dict[Digest, list[_Withdrawal]] = {}
        self._earlier = dict(earlier or {})
        self.entries = dict(self._earlier)
        """Entries that were ever taken back as a whole, and when at the latest."""

    def __len__(self) -> int:
        return len(self._all)

    def add(self, said: Withdrawn, before: int) -> None:
        """Remember a withdrawal that stands after so many records of the list."""
        key = (said.entry, frozenset(said.digests) if said.entry is None else None, said.part)
        one = self._all.get(key)
        if one is None:
            by_digests = _by_algorithm(said.digests) if said.entry is None else None
            one = self._all[key] = _Withdrawal(by_digests, said.part)
            if said.entry is not None:
                self._by_entry.setdefault(said.entry, []).append(one)
            for digest in set(said.digests if said.entry is None else ()):
                self._by_digest.setdefault(digest, []).append(one)
        one.add(said.updated, before)
        if said.entry is not None and said.updated is not None and said.part is None:
            known = self.entries.get(said.entry, said.updated)
            self.entries[said.entry] = max(known, said.updated)

    def outdated(self, record: HashRecord) -> bool:
        """Tell whether an earlier list took back the entry at a later time than the record's."""
        if record.entry is None or record.updated is None:
            return False
        taken_back = self._earlier.get(record.entry)
        return taken_back is not None and taken_back > record.updated

    def of(self, record: StoredRecord, number: int = EARLIER) -> tuple[bool, frozenset[str]]:
        """Say whether a record is taken back, and which of its parts are."""
        concerned = list(self._by_entry.get(record.entry, ())) if record.entry is not None else []
        for digest in record.digests if self._by_digest else ():
            concerned += self._by_digest.get(digest, ())
        if not concerned:
            return False, frozenset()
        own = _by_algorithm(record.digests)
        whole, gone = False, set[str]()
        for one in concerned:
            if not one.concerns(record, own, number):
                continue
            if one.part is None:
                whole = one.found = True
            elif one.part in record.parts:
                one.found = True
                gone.add(one.part)
        return whole or (bool(gone) and gone.issuperset(record.parts)), frozenset(gone)

    @property
    def idle(self) -> int:
        """Withdrawals that concerned no record so far."""
        return sum(one.times for one in self._all.values() if not one.found)


def agree(some: Iterable[Digest], others: Iterable[Digest]) -> bool:
    """Tell whether two records share a digest and contradict each other in none.

    A record may carry several values of one algorithm; one that both have is enough.
    """
    return _agree(_by_algorithm(some), _by_algorithm(others))


def _agree(mine: Mapping[str, set[bytes]], theirs: Mapping[str, set[bytes]]) -> bool:
    both = mine.keys() & theirs.keys()
    return bool(both) and not any(mine[one].isdisjoint(theirs[one]) for one in both)


def _by_algorithm(digests: Iterable[Digest]) -> dict[str, set[bytes]]:
    values: dict[str, set[bytes]] = {}
    for digest in digests:
        values.setdefault(digest.algorithm, set()).add(digest.value)
    return values
