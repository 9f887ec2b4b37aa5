"""What an issuer takes back: which records a list's withdrawals concern."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hashmatch.db.records import StoredRecord
    from hashmatch.model.hashes import Digest
    from hashmatch.model.records import Withdrawn

EARLIER = -1
"""The number of a record that was there before the list."""


@dataclass(slots=True)
class _Withdrawal:
    """One withdrawal; ``before`` is how many records of the list stood before it."""

    said: Withdrawn
    before: int
    found: bool = False

    def concerns(self, record: StoredRecord, number: int) -> bool:
        """Whether the record is the one, and not a later one."""
        theirs, own = self.said.updated, record.updated
        if theirs is not None and own is not None and theirs != own:
            later = theirs > own
        else:
            later = self.before > number
        return later and (self.said.entry is not None or agree(self.said.digests, record.digests))


class Withdrawals:
    """All withdrawals of a list, found again by entry or digest."""

    def __init__(self) -> None:
        self._all: list[_Withdrawal] = []
        self._by_entry: dict[str, list[_Withdrawal]] = {}
        self._by_digest: dict[Digest, list[_Withdrawal]] = {}

    def __len__(self) -> int:
        return len(self._all)

    def add(self, said: Withdrawn, before: int) -> None:
        """Remember a withdrawal that stands after so many records of the list."""
        one = _Withdrawal(said, before)
        self._all.append(one)
        if said.entry is not None:
            self._by_entry.setdefault(said.entry, []).append(one)
            return
        for digest in said.digests:
            self._by_digest.setdefault(digest, []).append(one)

    def of(self, record: StoredRecord, number: int = EARLIER) -> tuple[bool, frozenset[str]]:
        """Say whether a record is taken back, and which of its parts are."""
        found = self._by_entry.get(record.entry, ()) if record.entry is not None else ()
        concerned = list(found)
        for digest in record.digests:
            concerned += self._by_digest.get(digest, ())
        whole, gone = False, set[str]()
        for one in concerned:
            if not one.concerns(record, number):
                continue
            if one.said.part is None:
                whole = one.found = True
            elif one.said.part in record.parts:
                one.found = True
                gone.add(one.said.part)
        return whole or (bool(gone) and gone.issuperset(record.parts)), frozenset(gone)

    @property
    def idle(self) -> int:
        """Withdrawals that concerned no record so far."""
        return sum(not one.found for one in self._all)


def agree(some: Iterable[Digest], others: Iterable[Digest]) -> bool:
    """Tell whether two records share a digest and contradict each other in none.

    A record may carry several values of one algorithm; one that both have is enough.
    """
    mine, theirs = _by_algorithm(some), _by_algorithm(others)
    both = mine.keys() & theirs.keys()
    return bool(both) and all(mine[one] & theirs[one] for one in both)


def _by_algorithm(digests: Iterable[Digest]) -> dict[str, set[bytes]]:
    values: dict[str, set[bytes]] = {}
    for digest in digests:
        values.setdefault(digest.algorithm, set()).add(digest.value)
    return values
