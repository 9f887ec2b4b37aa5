"""What the records of a list do to each other, and to the version that the list changes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from hashmatch.db.changes import Base
from hashmatch.db.liveness import Liveness
from hashmatch.db.manifest import Changes
from hashmatch.db.resent import Resent
from hashmatch.db.withdrawals import Withdrawals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.db.installed import InstalledSet
    from hashmatch.db.records import RecordWriter, StoredRecord
    from hashmatch.model.records import HashRecord, Withdrawn


class Effect:
    """Told of every record and withdrawal, it says in the end which records count."""

    def __init__(self, installed: InstalledSet | None) -> None:
        """Take the opened version that the list changes; None for a whole list.

        Raises:
            HashSetError: the version cannot be changed.
        """
        self._base = None if installed is None else Base(installed)
        self._resent = Resent()
        self._withdrawals = Withdrawals(self._base.taken_back if self._base else None)
        self._outdated: set[int] = set()
        self.lost = Counter(self._base.lost if self._base else ())
        """What was lost, by reason, before this list."""

    def note(self, record: HashRecord, number: int) -> None:
        """Look at a record of the list, in order."""
        if self._withdrawals.outdated(record):
            self._outdated.add(number)
        else:
            self._resent.note(record, number)

    def withdraw(self, said: Withdrawn, before: int) -> None:
        """Remember a withdrawal that stands after so many records of the list."""
        self._withdrawals.add(said, before)

    def settle(self, records: RecordWriter) -> Liveness:
        """Decide which of the list's records count, once all of them are written."""
        withdrawn, parts = self._taken_back(records)
        self._resent.settle()
        base, superseded = self._base, self._resent.superseded
        if base is not None:
            base.meet_entries(self._resent)
        gone = Liveness(
            frozenset(superseded),
            frozenset(withdrawn - superseded),
            parts,
            self._withdrawals.entries,
        )
        if base is None:
            return gone
        base.meet(records.written(), self._resent, self._withdrawals, gone)
        return replace(gone, superseded=gone.superseded | base.merged)

    def _taken_back(self, records: RecordWriter) -> tuple[set[int], dict[int, frozenset[str]]]:
        """Find the records of the list that it takes back, and parts of others."""
        withdrawn, parts = self._outdated, dict[int, frozenset[str]]()
        for record in records.written() if len(self._withdrawals) else ():
            whole, gone = self._withdrawals.of(record, record.number)
            if whole:
                withdrawn.add(record.number)
            elif gone:
                parts[record.number] = gone
        return withdrawn, parts

    def carried(self) -> Iterator[StoredRecord]:
        """Read the records of the version before that stay; after :meth:`settle`."""
        base = self._base
        return iter(()) if base is None else base.carried(self._resent, self._withdrawals)

    def changes(self) -> Changes:
        """Count what was changed; after all of :meth:`carried` was read."""
        base, idle = self._base, self._withdrawals.idle
        if base is None:
            return Changes(idle=idle, lost=self.lost)
        return Changes(base.version, base.replaced, base.withdrawn, idle, self.lost)
