"""HM102, HM104, HM105, HM404: digests of files that everybody may have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hashmatch.linting.check import Check, Family, Subject, Terms
from hashmatch.linting.finding import Sighting
from hashmatch.linting.harmless import empty_prints, harmless_prints, sized_prints
from hashmatch.linting.rule import Level, Rule, Words
from hashmatch.linting.rules.relations import NO_SIZE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from hashmatch.linting.harmless import Sized
    from hashmatch.linting.prints import Prints
    from hashmatch.linting.stretch import Stretch
    from hashmatch.model.hashes import Algorithm

EMPTY = Rule(
    "HM102",
    Level.ERROR,
    Words("digest of the empty file", "ค่าแฮชของไฟล์ว่าง"),
    "Empty files lie on every medium; each would be a hit.",
    Words("remove the record", "ลบระเบียนนี้"),
    about=("digest",),
)
HARMLESS = Rule(
    "HM104",
    Level.ERROR,
    Words("digest of a file that everybody has", "ค่าแฮชของไฟล์ที่มีอยู่ทั่วไป"),
    "Runs of zero bytes, single characters and pictures of one pixel lie on nearly every medium.",
    Words("remove the record", "ลบระเบียนนี้"),
    about=("digest",),
)
OVERLAP = Rule(
    "HM105",
    Level.WARNING,
    Words("digest stands in a benign list too", "ค่าแฮชอยู่ในรายการไฟล์ปกติด้วย"),
    "Either the list or the benign one is wrong about this file.",
    Words("find out which list is wrong", "ตรวจว่ารายการใดผิด"),
    needs="--benign",
    about=("digest",),
)

_OTHER_SIZE = "the known file with this digest has another size"
_TOP = np.uint64(44)  # leaves the first 20 bits of a print


@dataclass(frozen=True, slots=True)
class _Table:
    """Sorted prints; their first bits rule most values out at once."""

    prints: Prints
    begins: NDArray[np.bool_]

    @classmethod
    def of(cls, known: Prints) -> _Table:
        begins = np.zeros(1 << 20, bool)
        begins[known >> _TOP] = True
        return cls(known, begins)

    def find(self, values: Prints) -> NDArray[np.int64]:
        """Say which values are in the table."""
        near = np.flatnonzero(self.begins[values >> _TOP])
        if not len(near):
            return near
        at = np.searchsorted(self.prints, values[near])
        at[at == len(self.prints)] = 0
        found: NDArray[np.int64] = near[self.prints[at] == values[near]]
        return found


@dataclass(frozen=True, slots=True)
class _Tables:
    """All tables of one algorithm, and one of everything in them: most values are in none."""

    all: _Table
    each: tuple[tuple[Rule, _Table], ...]
    sizes: tuple[Sized, ...]


class Known(Check):
    """Compares every digest with tables of harmless ones."""

    def __init__(self, terms: Terms) -> None:
        super().__init__(terms)
        self._tables: dict[Algorithm, _Tables] = {}
        self._benign = terms.kind == "benign"
        # In a list of harmless files they are in their place.
        self._level = Level.INFO if self._benign else None

    def see(self, subject: Subject, stretch: Stretch) -> Iterator[Sighting]:
        """Look every digest up."""
        del subject
        empty = np.zeros(len(stretch), bool)
        for kind, hashes in stretch.digests().items():
            tables = self._of(kind)
            near = tables.all.find(hashes.prints)
            for rule, table in tables.each if len(near) else ():
                found = near[table.find(hashes.prints[near])]
                if rule is EMPTY:  # told once for each record
                    found = found[~empty[hashes.rows[found]]]
                    empty[hashes.rows[found]] = True
                if len(found):
                    places = stretch.at(hashes, found)
                    values = hashes.prints[found]
                    yield Sighting(rule, places, values, kind.value, level=self._level)
            if stretch.sizes is not None and len(near):
                stated = stretch.sizes[hashes.rows[near]]
                wrong = near[_other_sizes(hashes.prints[near], stated, tables.sizes)]
                if len(wrong):
                    places, values = stretch.at(hashes, wrong), hashes.prints[wrong]
                    yield Sighting(NO_SIZE, places, values, kind.value, _OTHER_SIZE)

    def _of(self, kind: Algorithm) -> _Tables:
        if kind not in self._tables:
            known = [(EMPTY, empty_prints(kind)), (HARMLESS, harmless_prints(kind))]
            if self.terms.benign is not None and not self._benign:
                known.append((OVERLAP, self.terms.benign.prints(kind)))
            every = np.unique(np.concatenate([one for _, one in known]))
            each = tuple((rule, _Table.of(one)) for rule, one in known if len(one))
            sizes = [sized_prints(kind)]
            if self.terms.benign is not None and not self._benign:
                sizes.append(self.terms.benign.sized_prints(kind))
            self._tables[kind] = _Tables(_Table.of(every), each, tuple(sizes))
        return self._tables[kind]


def _other_sizes(
    values: Prints, stated: NDArray[np.int64], known: Iterable[Sized]
) -> NDArray[np.bool_]:
    """Say which values stand beside another size than a known file with their digest has."""
    wrong = np.zeros(len(values), bool)
    for ours, sizes in known:
        if len(ours):
            at = np.searchsorted(ours, values) % len(ours)
            wrong |= (ours[at] == values) & (stated >= 0) & (sizes[at] != stated)
    return wrong


FAMILY = Family((EMPTY, HARMLESS, OVERLAP, NO_SIZE), Known)
