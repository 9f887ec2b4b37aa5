"""A list of changes meets the version it changes: what is replaced, what is carried over."""

from __future__ import annotations

from array import array
from dataclasses import replace
from typing import TYPE_CHECKING

from hashmatch.db.withdrawals import agree
from hashmatch.errors import HashSetError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Set

    from hashmatch.db.installed import InstalledSet
    from hashmatch.db.records import StoredRecord
    from hashmatch.db.resent import Resent
    from hashmatch.db.withdrawals import Withdrawals
    from hashmatch.model.hashes import Algorithm, Digest
    from hashmatch.model.records import RecordBatch

_AT_ONCE = 1 << 13


class Base:
    """An installed version and which of its records the new ones replace."""

    def __init__(self, installed: InstalledSet) -> None:
        """Take the opened version.

        Raises:
            HashSetError: it holds a filter, which nothing can be taken out of.
        """
        if installed.manifest.filters:
            msg = f"the set {installed.manifest.name} holds a filter, which cannot be updated; "
            msg += "import the whole list again"
            raise HashSetError(msg)
        self._installed = installed
        self._waiting: list[tuple[int, tuple[Digest, ...]]] = []
        self._old, self._new = array("Q"), array("Q")
        self.replaced = 0
        self.withdrawn = 0

    @property
    def version(self) -> str:
        """The version that is changed."""
        return self._installed.manifest.version

    def meet(self, number: int, digests: tuple[Digest, ...]) -> None:
        """Remember a new record, to find the old ones it replaces."""
        self._waiting.append((number, digests))
        if len(self._waiting) >= _AT_ONCE:
            self._compare()

    def meet_batch(self, batch: RecordBatch, first: int) -> None:
        """As :meth:`meet`, for a batch whose first record has the number ``first``."""
        for number, record in enumerate(batch.records(), first):
            self.meet(number, record.digests)

    def _compare(self) -> None:
        """Pair new records with the old ones that share a digest and agree in all others."""
        columns: dict[Algorithm, tuple[list[bytes], list[int]]] = {}
        for row, (_, digests) in enumerate(self._waiting):
            for digest in digests:
                values, rows = columns.setdefault(digest.algorithm, ([], []))
                values.append(digest.value)
                rows.append(row)
        pairs: set[tuple[int, int]] = set()
        for algorithm, (values, rows) in columns.items():
            asked, records = self._installed.candidates(algorithm, b"".join(values))
            new = (rows[at] for at in asked.tolist())
            pairs.update(zip(records.tolist(), new, strict=True))
        for old, row in sorted(pairs):
            number, digests = self._waiting[row]
            if agree(digests, self._installed.digests(old)):
                self._old.append(old)
                self._new.append(number)
        self._waiting = []

    def carried(
        self, resent: Resent, withdrawals: Withdrawals, dead: Set[int]
    ) -> Iterator[StoredRecord]:
        """Read the old records that stay, without parts that were taken back.

        Args:
            resent: entries that the list sends again; met with all old records already.
            withdrawals: what the list takes back.
            dead: new records that do not count, and so replace nothing by their digests.
        """
        self._compare()
        pairs = zip(self._old, self._new, strict=True)
        replaced = {old for old, new in pairs if new not in dead}
        for record in self._live():
            whole, gone = withdrawals.of(record)
            if record.number in replaced or resent.replaces(record.entry):
                self.replaced += 1
            elif whole:
                self.withdrawn += 1
            else:
                left = tuple(part for part in record.parts if part not in gone)
                yield replace(record, parts=left) if gone else record

    def meet_entries(self, resent: Resent) -> None:
        """Find old records that are later than what the list sends for the same entry."""
        if len(resent):
            for record in self._live():
                resent.meet(record.entry, record.updated)

    def _live(self) -> Iterable[StoredRecord]:
        return (record for record in self._installed.records() if record.live)
