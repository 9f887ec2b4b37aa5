"""A list of changes meets the version it changes: what is replaced, added to, carried over."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from hashmatch.db.replacing import Newer
from hashmatch.errors import HashSetError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from hashmatch.db.installed import InstalledSet
    from hashmatch.db.liveness import Liveness
    from hashmatch.db.records import StoredRecord
    from hashmatch.db.resent import Resent
    from hashmatch.db.withdrawals import Withdrawals
    from hashmatch.model.hashes import Algorithm

_AT_ONCE = 1 << 13


class Base:
    """An installed version and which of its records the new ones replace.

    A record of a format that sends its entries again replaces by its entry alone. Any other one
    replaces the records that it says everything of, as :mod:`hashmatch.db.replacing` tells.
    """

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
        self._replaced: set[int] = set()
        self._adding: dict[int, list[str]] = {}
        self.replaced = 0
        self.withdrawn = 0
        self.merged: set[int] = set()
        """Numbers of new records whose parts were added to those of an old one."""

    @property
    def version(self) -> str:
        """The version that is changed."""
        return self._installed.manifest.version

    @property
    def lost(self) -> Mapping[str, int]:
        """What was lost of the lists that made it, by reason."""
        manifest = self._installed.manifest
        return manifest.counts.losses + manifest.changes.lost

    @property
    def taken_back(self) -> Mapping[str, float]:
        """Entries that were taken back by the lists that made it, and when."""
        return self._installed.taken_back

    def meet_entries(self, resent: Resent) -> None:
        """Find old records that are later than what the list sends for the same entry."""
        if len(resent):
            for record in self._live():
                resent.meet(record.entry, record.updated)

    def meet(
        self,
        new: Iterable[StoredRecord],
        resent: Resent,
        withdrawals: Withdrawals,
        gone: Liveness,
    ) -> None:
        """Find the old records that new ones replace or add their parts to.

        Args:
            new: all records of the list.
            resent: entries that the list sends again; met with all old records already.
            withdrawals: what the list takes back.
            gone: what of the new records does not count, and so replaces and adds nothing.
        """
        counting = _counting(new, gone)
        while some := list(islice(counting, _AT_ONCE)):
            newer = Newer(some)
            for old in self._candidates(some):
                if newer.replace(old):
                    self._replaced.add(old.number)
                elif not (resent.replaces(old.entry) or withdrawals.of(old)[0]):
                    for number, parts in newer.added_to(old):
                        self.merged.add(number)
                        self._adding.setdefault(old.number, []).extend(parts)

    def _candidates(self, some: Sequence[StoredRecord]) -> Iterator[StoredRecord]:
        """Read the old records that share a digest with one of some new ones, each once."""
        columns: dict[Algorithm, set[bytes]] = {}
        for record in some:
            for digest in record.digests:
                columns.setdefault(digest.algorithm, set()).add(digest.value)
        found = [
            np.unique(self._installed.candidates(algorithm, b"".join(sorted(values)))[1])
            for algorithm, values in columns.items()
        ]
        for number in np.unique(np.concatenate(found)).tolist() if found else ():
            if number not in self._replaced:
                yield self._installed.record(number)

    def carried(self, resent: Resent, withdrawals: Withdrawals) -> Iterator[StoredRecord]:
        """Read the old records that stay, without parts taken back, with parts that are new.

        Parts of a new record with further hashes are not added: both records stay.
        """
        for record in self._live():
            whole, taken = withdrawals.of(record)
            if record.number in self._replaced or resent.replaces(record.entry):
                self.replaced += 1
            elif whole:
                self.withdrawn += 1
            else:
                left = [part for part in record.parts if part not in taken]
                parts = tuple(dict.fromkeys([*left, *self._adding.get(record.number, ())]))
                yield record if parts == record.parts else replace(record, parts=parts)

    def _live(self) -> Iterable[StoredRecord]:
        return (record for record in self._installed.records() if record.live)


def _counting(new: Iterable[StoredRecord], gone: Liveness) -> Iterator[StoredRecord]:
    """Leave out what does not count or replaces by its entry, and parts taken back."""
    for record in new:
        live, parts = gone.of(record.number, record.parts)
        if live and (record.entry is None or record.updated is None):
            yield record if parts == record.parts else replace(record, parts=parts)
