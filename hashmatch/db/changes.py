"""A list of changes meets the version it changes: what is replaced, added to, carried over."""

from __future__ import annotations

from array import array
from dataclasses import replace
from typing import TYPE_CHECKING

from hashmatch.db.withdrawals import agree
from hashmatch.errors import HashSetError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hashmatch.db.installed import InstalledSet
    from hashmatch.db.liveness import Liveness
    from hashmatch.db.records import StoredRecord
    from hashmatch.db.resent import Resent
    from hashmatch.db.withdrawals import Withdrawals
    from hashmatch.model.hashes import Algorithm, Digest
    from hashmatch.model.records import HashRecord, RecordBatch

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
        self._waiting: list[tuple[int, HashRecord]] = []
        self._old, self._new = array("Q"), array("Q")
        self._adding: dict[int, list[tuple[int, tuple[str, ...]]]] = {}
        self.replaced = 0
        self.withdrawn = 0
        self.merged: set[int] = set()
        """Numbers of new records whose parts were added to those of an old one."""

    @property
    def version(self) -> str:
        """The version that is changed."""
        return self._installed.manifest.version

    def meet(self, number: int, record: HashRecord) -> None:
        """Remember a new record, to find the old ones it replaces or adds its parts to."""
        self._waiting.append((number, record))
        if len(self._waiting) >= _AT_ONCE:
            self._compare()

    def meet_batch(self, batch: RecordBatch, first: int) -> None:
        """As :meth:`meet`, for a batch whose first record has the number ``first``."""
        for number, record in enumerate(batch.records(), first):
            self.meet(number, record)

    def _compare(self) -> None:
        """Pair new records with the old ones that share a digest and agree in all others."""
        columns: dict[Algorithm, tuple[list[bytes], list[int]]] = {}
        for row, (_, record) in enumerate(self._waiting):
            for digest in record.digests:
                values, rows = columns.setdefault(digest.algorithm, ([], []))
                values.append(digest.value)
                rows.append(row)
        pairs: set[tuple[int, int]] = set()
        for algorithm, (values, rows) in columns.items():
            asked, records = self._installed.candidates(algorithm, b"".join(values))
            new = (rows[at] for at in asked.tolist())
            pairs.update(zip(records.tolist(), new, strict=True))
        for old, row in sorted(pairs):
            number, record = self._waiting[row]
            known = self._installed.digests(old)
            if agree(record.digests, known):
                self._pair(old, number, record, known)
        self._waiting = []

    def _pair(self, old: int, number: int, record: HashRecord, known: tuple[Digest, ...]) -> None:
        """Note what a new record does to an old one: replace it, or state further parts of it."""
        if not record.parts or record.updated is not None or not self._installed.record(old).parts:
            self._old.append(old)
            self._new.append(number)
        elif set(record.digests) <= set(known):
            self._adding.setdefault(old, []).append((number, record.parts))

    def carried(
        self, resent: Resent, withdrawals: Withdrawals, gone: Liveness
    ) -> Iterator[StoredRecord]:
        """Read the old records that stay, without parts taken back, with parts that are new.

        Parts of a new record with further hashes are not added: both records stay.

        Args:
            resent: entries that the list sends again; met with all old records already.
            withdrawals: what the list takes back.
            gone: what of the new records does not count, and so replaces and adds nothing.
        """
        self._compare()
        pairs = zip(self._old, self._new, strict=True)
        dead = gone.dead
        replaced = {old for old, new in pairs if new not in dead}
        for record in self._live():
            whole, taken = withdrawals.of(record)
            if record.number in replaced or resent.replaces(record.entry):
                self.replaced += 1
            elif whole:
                self.withdrawn += 1
            else:
                left = [part for part in record.parts if part not in taken]
                parts = tuple(dict.fromkeys([*left, *self._added(record.number, gone)]))
                yield record if parts == record.parts else replace(record, parts=parts)

    def _added(self, old: int, gone: Liveness) -> Iterator[str]:
        """Give the parts that new records add to an old one; each adds to one old record only."""
        for number, parts in self._adding.get(old, ()):
            counts, left = gone.of(number, parts)
            if counts and number not in self.merged:
                self.merged.add(number)
                yield from left

    def meet_entries(self, resent: Resent) -> None:
        """Find old records that are later than what the list sends for the same entry."""
        if len(resent):
            for record in self._live():
                resent.meet(record.entry, record.updated)

    def _live(self) -> Iterable[StoredRecord]:
        return (record for record in self._installed.records() if record.live)
