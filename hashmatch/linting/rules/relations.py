"""HM107, HM201-HM204, HM207, HM404, HM405: records that repeat or contradict each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hashmatch.linting import columns
from hashmatch.linting.check import Check, Family, Subject, Terms
from hashmatch.linting.conflicts import told
from hashmatch.linting.finding import Sighting
from hashmatch.linting.groups import alike, alike_in, gather
from hashmatch.linting.reference import Withdrawals
from hashmatch.linting.rule import Level, Rule, Words
from hashmatch.linting.spool import Spool
from hashmatch.model.hashes import Algorithm, Method

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from hashmatch.db.profiles import Profile
    from hashmatch.linting.groups import Alike
    from hashmatch.linting.stretch import Stretch

    Choice = NDArray[np.bool_]

SIBLINGS = Rule(
    "HM107",
    Level.ERROR,
    Words("digests of one record contradict those of another", "ค่าแฮชขัดแย้งกับระเบียนอื่น"),
    "Two records agree in one digest and differ in another, or one record or id has two values of"
    " one algorithm: a collision, a swapped column or a damaged row.",
    Words("compute the digests again from the file", "คำนวณค่าแฮชใหม่จากไฟล์"),
    about=("digest",),
)
REPEATED = Rule(
    "HM201",
    Level.WARNING,
    Words("record stands in the list twice", "ระเบียนซ้ำในรายการเดียวกัน"),
    "Counts are wrong, and a correction of one copy leaves the other.",
    Words("keep one of them", "คงไว้ระเบียนเดียว"),
)
ACROSS = Rule(
    "HM202",
    Level.INFO,
    Words("record stands in another list too", "ระเบียนอยู่ในรายการอื่นด้วย"),
    "Both lists claim the file.",
    Words("nothing, or remove it from one list", "ไม่ต้องทำสิ่งใด หรือลบจากรายการหนึ่ง"),
    across=True,
)
CONFLICT = Rule(
    "HM203",
    Level.ERROR,
    Words("one file in two categories", "ไฟล์เดียวอยู่ในสองหมวดหมู่"),
    "Which of the two a hit means is left to chance.",
    Words("decide on one category", "เลือกหมวดหมู่เดียว"),
    about=("category",),
)
CONFLICT_ACROSS = Rule(
    "HM204",
    Level.WARNING,
    Words("one file in another category of another list", "ไฟล์เดียวอยู่คนละหมวดหมู่ในรายการอื่น"),
    "A hit shows both; lists of two countries may mean different things by one code.",
    Words("look which list is right", "ตรวจว่ารายการใดถูกต้อง"),
    about=("category",),
    across=True,
)
WITHDRAWN = Rule(
    "HM207",
    Level.WARNING,
    Words("withdrawn value is still active", "ค่าที่ถูกถอนแล้วยังใช้งานอยู่"),
    "The issuer took the value back, and another record of the list still claims it.",
    Words("ask the issuer", "สอบถามผู้จัดทำรายการ"),
)
NO_SIZE = Rule(
    "HM404",
    Level.WARNING,
    Words("size is missing, zero or wrong", "ไม่มีขนาด ขนาดเป็นศูนย์ หรือขนาดผิด"),
    "The size tells a damaged value from a true one, no file that matters is empty, and a size that"
    " is not that of the known file with the digest means a mixed-up row.",
    Words("fill in the size", "ระบุขนาด"),
    about=("size",),
)
SIZES = Rule(
    "HM405",
    Level.WARNING,
    Words("one digest with two sizes", "ค่าแฮชเดียวมีสองขนาด"),
    "Either a size is wrong, or two files share the digest on purpose.",
    Words("look at both files", "ตรวจทั้งสองไฟล์"),
    about=("size",),
)


class Relations(Check):
    """Keeps numbers of all records of a run and compares them at its end."""

    def __init__(self, terms: Terms) -> None:
        super().__init__(terms)
        self._spool = Spool(terms.scratch)
        self._withdrawn = Withdrawals()
        self._sizes = self._without = self._first = 0
        self._kinds: set[str] = set()
        self._comparable = False

    def begin(self, subject: Subject) -> None:
        """Forget the withdrawals of the list before."""
        del subject
        self._kinds, self._comparable = set(), False
        self._withdrawn = Withdrawals()
        self._sizes = self._without = self._first = 0

    def see(self, subject: Subject, stretch: Stretch) -> Iterator[Sighting]:
        """Keep the numbers; tell what one record says about itself."""
        self._spool.add(len(stretch), columns.of(stretch, subject.number))
        self._withdrawn.take(stretch)
        self._note(stretch)
        for kind, hashes in stretch.digests().items():
            twice = np.flatnonzero(hashes.rows[1:] == hashes.rows[:-1]) + 1
            if len(twice):
                places, values = stretch.at(hashes, twice), hashes.prints[twice]
                yield Sighting(SIBLINGS, places, values, kind.value, "two values in one record")
        if stretch.sizes is not None:
            missing = stretch.sizes <= 0
            self._sizes += int((~missing).sum())
            if missing.any() and not self._without:
                self._first = int(stretch.places[int(missing.argmax())])
            self._without += int(missing.sum())

    def _note(self, stretch: Stretch) -> None:
        """Note whether there is anything that digests of a record could contradict."""
        self._kinds.update(kind.value for kind in stretch.digests())
        several = any(len(one.rows) > len(stretch) for one in stretch.digests().values())
        entries = stretch.entries is not None and bool(stretch.entries.any())
        self._comparable = self._comparable or several or entries or len(self._kinds) > 1

    def end(self, subject: Subject) -> Iterator[Sighting]:
        """Tell what concerns one list alone."""
        if not self._comparable:
            self.idle[SIBLINGS.id] = "each record has one hash and no id"
        if not (self._withdrawn.entries or self._withdrawn.digests):
            self.idle[WITHDRAWN.id] = "the list takes nothing back"
        if self._sizes and self._without:
            yield Sighting(NO_SIZE, [self._first], count=self._without, of_list=True)
        for name, values in self._withdrawn.digests.items():
            yield from self._active(subject.number, name, values)
        yield from self._active(subject.number, columns.ENTRY, self._withdrawn.entries)

    def _active(self, number: int, name: str, values: set[int]) -> Iterator[Sighting]:
        """Look which records of the list have one of these values."""
        if not values or name not in self._spool.names:
            return
        wanted = np.array(sorted(values), np.uint64)
        for start, block in self._spool.blocks(name):
            end = start + len(block)
            mine = self._spool.read(columns.LIST, start, end) == number
            found = np.flatnonzero(mine & np.isin(block, wanted))
            if len(found):
                places = self._spool.read(columns.PLACE, start, end)[found]
                digest = name != columns.ENTRY
                yield Sighting(
                    WITHDRAWN, places, block[found] if digest else (), name if digest else None
                )

    def finish(self) -> Iterator[Sighting]:
        """Compare all records that share a value."""
        digests: list[str] = [one.value for one in Algorithm if one.value in self._spool.names]
        compared = _Compared(self._spool, digests, self.terms.profile)
        for name, some in alike_in(self._spool, digests):
            earlier = digests[: digests.index(name)]
            yield from _Pairs(compared, some, name).sightings(earlier)
        if columns.ENTRY in self._spool.names:
            for some in alike(self._spool, columns.ENTRY):
                yield from _Pairs(compared, some, columns.ENTRY).one_entry()
        yield from self._repeated_pictures(compared)
        self._spool.close()

    def _repeated_pictures(self, compared: _Compared) -> Iterator[Sighting]:
        """Compare the records that carry nothing but perceptual hashes."""
        if compared.digests and not any(method.value in self._spool.names for method in Method):
            return
        for some in alike(self._spool, columns.WHOLE):
            yield from _Pairs(compared, some, columns.WHOLE).without_digests()


@dataclass(frozen=True, slots=True)
class _Compared:
    """All records of a run, the algorithms that they carry, and what their codes mean."""

    spool: Spool
    digests: list[str]
    profile: Profile | None


class _Pairs:
    """Rows of a spool, each with an earlier one that has a value in common with it."""

    def __init__(self, compared: _Compared, some: Alike, name: str) -> None:
        self._spool, self._digests = compared.spool, compared.digests
        self._profile = compared.profile
        self._some, self._name = some, name
        lists = self._both(columns.LIST)
        self._same_list: Choice = lists[0] == lists[1]

    def _both(self, name: str) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        some = self._some
        if name not in self._spool.names:
            nothing = np.zeros(len(some.rows), np.uint64)
            return nothing, nothing
        return self._spool.take(name, some.rows), gather(self._spool, name, some.before)

    def _differ(self, name: str) -> Choice:
        """Both state it, and differently."""
        ours, theirs = self._both(name)
        different: Choice = (ours != theirs) & (ours != 0) & (theirs != 0)
        return different

    def _unlike(self, name: str) -> Choice:
        """They state different things; one may state nothing."""
        ours, theirs = self._both(name)
        different: Choice = ours != theirs
        return different

    def sightings(self, before: list[str]) -> Iterator[Sighting]:
        """Tell all relations, but those that another digest has told already."""
        new = np.ones(len(self._some.rows), bool)
        for name in before:
            ours, theirs = self._both(name)
            new &= (ours != theirs) | (ours == 0)
        contradicting = np.zeros(len(new), bool)
        for name in self._digests:
            contradicting |= self._differ(name)
        yield from self._tell(SIBLINGS, new & contradicting, "other digests than")
        yield from self._compare(new & ~contradicting)

    def _compare(self, new: Choice) -> Iterator[Sighting]:
        same, category = self._same_list, self._differ(columns.CATEGORY)
        codes = self._both(columns.CATEGORY) if category.any() else (new, new)
        for rule, chosen in ((CONFLICT, new & same), (CONFLICT_ACROSS, new & ~same)):
            for some, words in told(self._profile, chosen & category, *codes):
                yield from self._tell(rule, some, words)
        sizes = self._differ(columns.SIZE)
        yield from self._tell(SIZES, new & sizes, "other size than")
        whole = ~self._unlike(columns.WHOLE) & ~self._unlike(columns.CATEGORY) & ~sizes
        again = new & same & whole & ~self._unlike(columns.NAMED)  # files may have one content
        yield from self._tell(REPEATED, again, "the same as")
        yield from self._tell(ACROSS, new & ~same & ~category & ~sizes, "the same digest as")

    def one_entry(self) -> Iterator[Sighting]:
        """Tell records of one list and one id that are different files."""
        different = np.zeros(len(self._same_list), bool)
        for name in self._digests:
            different |= self._differ(name)
        yield from self._tell(SIBLINGS, self._same_list & different, "the id of")

    def without_digests(self) -> Iterator[Sighting]:
        """Tell relations of records that no digest could have told."""
        bare = np.ones(len(self._same_list), bool)
        for name in self._digests:
            bare &= self._both(name)[0] == 0
        yield from self._compare(bare)

    def _tell(self, rule: Rule, chosen: Choice, note: str) -> Iterator[Sighting]:
        found = np.flatnonzero(chosen)
        if not len(found):
            return
        some, digest = self._some, self._name in self._digests
        rows, before = some.rows[found], some.before[found]
        lists = self._spool.take(columns.LIST, rows)
        places = self._spool.take(columns.PLACE, rows)
        others = gather(self._spool, columns.PLACE, before)
        other_lists = gather(self._spool, columns.LIST, before)
        marks = self._spool.take(columns.WHOLE, rows)
        for number in np.unique(lists).tolist():
            here = lists == number
            yield Sighting(
                rule,
                places[here],
                some.values[found][here] if digest else (),
                self._name if digest else None,
                note,
                list_number=number,
                other=others[here],
                other_lists=other_lists[here],
                marks=() if digest else marks[here],
            )


FAMILY = Family(
    (SIBLINGS, REPEATED, ACROSS, CONFLICT, CONFLICT_ACROSS, WITHDRAWN, NO_SIZE, SIZES), Relations
)
