"""HM401, HM403: what changed since an earlier version of the list."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hashmatch.linting import columns
from hashmatch.linting.check import Check, Family, Subject, Terms
from hashmatch.linting.finding import Sighting
from hashmatch.linting.groups import alike
from hashmatch.linting.rule import Level, Rule, Words
from hashmatch.linting.spool import Spool
from hashmatch.model.hashes import Algorithm

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from hashmatch.linting.reference import Reference
    from hashmatch.linting.stretch import Stretch

CHANGED = Rule(
    "HM401",
    Level.ERROR,
    Words("more changed than expected", "เปลี่ยนแปลงมากกว่าที่คาด"),
    "A version that loses many records, gives many another category, or takes back what was"
    " withdrawn, is often a failed export.",
    Words("ask the issuer, or raise the limits", "สอบถามผู้จัดทำรายการ หรือปรับเกณฑ์"),
    needs="--previous",
)
REUSED = Rule(
    "HM403",
    Level.ERROR,
    Words("id of a record stands for another file", "รหัสระเบียนถูกใช้กับไฟล์อื่น"),
    "Old reports name the record by its id; it now means something else.",
    Words("give new records new ids", "ใช้รหัสใหม่กับระเบียนใหม่"),
    needs="--previous",
    about=("entry",),
)

_OLD, _NEW = 0, 1


class Changes(Check):
    """Compares each list with the earlier version."""

    def __init__(self, terms: Terms) -> None:
        super().__init__(terms)
        self._spool: Spool | None = None

    def begin(self, subject: Subject) -> None:
        """Begin with the records of the earlier version."""
        del subject
        if self.terms.previous is not None:
            self._spool = _copy(self.terms.previous, Spool(self.terms.scratch))

    def see(self, subject: Subject, stretch: Stretch) -> Iterator[Sighting]:
        """Keep the numbers of some records."""
        del subject
        if self._spool is not None:
            self._spool.add(len(stretch), columns.of(stretch, _NEW))
        return iter(())

    def end(self, subject: Subject) -> Iterator[Sighting]:
        """Compare."""
        del subject
        previous, spool = self.terms.previous, self._spool
        if previous is None or spool is None:
            return
        digests = [one.value for one in Algorithm if one.value in spool.names]
        kept, changed = np.zeros(previous.records, bool), np.zeros(previous.records, bool)
        for name in digests:
            _compare(spool, name, kept, changed)
        yield from self._shares(previous, kept, changed)
        yield from _withdrawn_again(previous, spool)
        yield from _reused(spool, digests)
        spool.close()
        self._spool = None

    def _shares(
        self, previous: Reference, kept: NDArray[np.bool_], changed: NDArray[np.bool_]
    ) -> Iterator[Sighting]:
        total = max(1, previous.records)
        removed = int((~kept).sum())
        moved = int(changed.sum())
        if removed / total > self.terms.most_removed:
            note = f"{removed:,} of {total:,} earlier records are gone"
            yield Sighting(CHANGED, note=note, count=removed)
        if moved / total > self.terms.most_changed:
            note = f"{moved:,} of {total:,} earlier records have another category"
            yield Sighting(CHANGED, note=note, count=moved)


def _copy(previous: Reference, spool: Spool) -> Spool:
    names = previous.spool.names
    step = 1 << 20
    for start in range(0, previous.records, step):
        end = min(previous.records, start + step)
        spool.add(end - start, {name: previous.spool.read(name, start, end) for name in names})
    return spool


def _compare(spool: Spool, name: str, kept: NDArray[np.bool_], changed: NDArray[np.bool_]) -> None:
    """Mark the earlier records that are still there, and those with another category.

    Rows of the earlier version come first; pairs of neighbours are followed from the new rows
    back to the old ones.
    """
    old = len(kept)
    for some in alike(spool, name):
        kept[some.before[(some.before < old) & (some.rows >= old)]] = True
        again = (some.rows < old) & (some.before < old)
        # An earlier version may have repeated a record itself.
        for row, before in zip(some.rows[again][::-1], some.before[again][::-1], strict=True):
            kept[before] |= kept[row]
        crossing = (some.before < old) & (some.rows >= old)
        if columns.CATEGORY in spool.names and crossing.any():
            rows, before = some.rows[crossing], some.before[crossing]
            order = np.argsort(before)
            ours = spool.take(columns.CATEGORY, rows)[order]
            theirs = spool.take(columns.CATEGORY, before[order])
            changed[before[order][ours != theirs]] = True


def _withdrawn_again(previous: Reference, spool: Spool) -> Iterator[Sighting]:
    """Tell new records with a value that the earlier version had withdrawn."""
    taken_back: list[tuple[str, Sequence[int]]] = [
        (name, sorted(values)) for name, values in previous.withdrawn.digests.items()
    ]
    taken_back.append((columns.ENTRY, sorted(previous.withdrawn.entries)))
    for name, values in taken_back:
        if not values or name not in spool.names:
            continue
        wanted = np.array(values, np.uint64)
        for start, block in spool.blocks(name):
            end = start + len(block)
            new = spool.read(columns.LIST, start, end) == _NEW
            found = np.flatnonzero(new & np.isin(block, wanted))
            if len(found):
                places = spool.read(columns.PLACE, start, end)[found]
                digest = name != columns.ENTRY
                yield Sighting(
                    CHANGED,
                    places,
                    block[found] if digest else (),
                    name if digest else None,
                    "withdrawn before and there again",
                )


def _reused(spool: Spool, digests: Sequence[str]) -> Iterator[Sighting]:
    if columns.ENTRY not in spool.names:
        return
    for some in alike(spool, columns.ENTRY):
        rows, before = some.rows, some.before
        order = np.argsort(before)
        lists = spool.take(columns.LIST, rows)[order] > spool.take(columns.LIST, before[order])
        different, same = np.zeros(len(rows), bool), np.zeros(len(rows), bool)
        for name in digests:
            ours, theirs = spool.take(name, rows)[order], spool.take(name, before[order])
            both = (ours != 0) & (theirs != 0)
            different |= both & (ours != theirs)
            same |= both & (ours == theirs)
        found = np.sort(rows[order][lists & different & ~same])
        if len(found):
            places, marks = spool.take(columns.PLACE, found), spool.take(columns.WHOLE, found)
            yield Sighting(REUSED, places, marks=marks)


FAMILY = Family((CHANGED, REUSED), Changes)
