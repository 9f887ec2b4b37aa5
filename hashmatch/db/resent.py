"""Entries that a list sends again: of several records with one entry the latest counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashmatch.model.records import HashRecord


class Resent:
    """The latest record of each entry that states when it was updated."""

    def __init__(self) -> None:
        self._latest: dict[str, tuple[float, int]] = {}
        self.superseded: set[int] = set()
        """Numbers of the records that a later one replaces."""

    def __len__(self) -> int:
        return len(self._latest)

    def note(self, record: HashRecord, number: int) -> None:
        """Look at a record of the list, in order."""
        if record.entry is None or record.updated is None:
            return
        new = (record.updated, number)
        known = self._latest.get(record.entry)
        if known is None:
            self._latest[record.entry] = new
            return
        self.superseded.add(min(known, new)[1])
        self._latest[record.entry] = max(known, new)

    def replaces(self, entry: str | None) -> bool:
        """Tell whether the list has a record that stands for this entry from now on."""
        return entry is not None and entry in self._latest

    def meet(self, entry: str | None, updated: float | None) -> None:
        """Compare with an earlier version's record: where that is the later one, it stays."""
        if entry is None or updated is None or entry not in self._latest:
            return
        latest, number = self._latest[entry]
        if updated > latest:
            self.superseded.add(number)
            del self._latest[entry]
