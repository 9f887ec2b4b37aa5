"""HM205, HM206, HM402: category codes against the scheme and the kind that are stated."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from hashmatch.linting.check import Check, Family, Subject, Terms
from hashmatch.linting.finding import Sighting
from hashmatch.linting.rule import Level, Rule, Words
from hashmatch.model.hits import Disposition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.linting.stretch import Stretch

UNKNOWN = Rule(
    "HM205",
    Level.ERROR,
    Words("category is not in the stated scheme", "หมวดหมู่ไม่อยู่ในชุดรหัสที่ระบุ"),
    "An unknown code decides nothing: hits on such a record have no meaning.",
    Words("correct the code, or state the right scheme", "แก้รหัส หรือระบุชุดรหัสที่ถูกต้อง"),
    needs="--scheme",
    about=("category",),
)
OPPOSITE = Rule(
    "HM206",
    Level.ERROR,
    Words("benign and notable are mixed up", "ปะปนระหว่างปกติกับที่ต้องสนใจ"),
    "A benign list taken for contraband accuses the innocent; the reverse hides what matters. The"
    " name CAID alone stands for both.",
    Words("state the right --kind, or split the list", "ระบุ --kind ให้ถูกต้อง หรือแยกรายการ"),
)
COUNTS = Rule(
    "HM402",
    Level.INFO,
    Words("records by category", "จำนวนระเบียนตามหมวดหมู่"),
    "A shift between versions shows in these numbers.",
    Words("compare with what you expect", "เทียบกับจำนวนที่คาดไว้"),
    about=("category",),
)

_MANY = 1000  # different codes; more are no codes
_BENIGN = "benign"


class Categories(Check):
    """Counts codes and compares them with the scheme."""

    def __init__(self, terms: Terms) -> None:
        super().__init__(terms)
        self._counts: Counter[str | None] = Counter()
        self._judged = False

    def begin(self, subject: Subject) -> None:
        """Forget the list before."""
        del subject
        self._counts, self._judged = Counter(), False

    def see(self, subject: Subject, stretch: Stretch) -> Iterator[Sighting]:
        """Look at the codes of some records."""
        del subject
        codes = stretch.categories
        if codes is None:
            self._count(Counter({None: len(stretch)}))
            return
        counted = Counter(codes)
        self._count(counted)
        profile = self.terms.profile
        if profile is None:
            return
        self._judged = True
        unknown = {one for one in counted if one is not None and one not in profile.categories}
        benign = {one for one in counted if profile.disposition(one) is Disposition.BENIGN}
        notable = set(counted) - {None} - benign - unknown
        wrong = self._wrong(benign, notable)
        for rule, chosen in ((UNKNOWN, unknown), (OPPOSITE, wrong)):
            if chosen:
                found = [at for at, code in enumerate(codes) if code in chosen]
                yield Sighting(rule, stretch.places[found])

    def _wrong(self, benign: set[str | None], notable: set[str | None]) -> set[str | None]:
        if self.terms.kind == _BENIGN:
            return notable
        return benign if self.terms.kind not in {None, "categorized"} else set()

    def _count(self, counted: Counter[str | None]) -> None:
        if len(self._counts) <= _MANY:
            self._counts.update(counted)

    def end(self, subject: Subject) -> Iterator[Sighting]:
        """Tell the numbers, and whether the list says itself that it is benign."""
        if "looks_benign" in subject.facts and self.terms.kind not in {None, _BENIGN}:
            yield Sighting(OPPOSITE, note="the list says itself that it is benign")
        elif self.terms.kind is None:
            self.idle[OPPOSITE.id] = "needs --kind"
        elif not self._judged:
            self.idle[OPPOSITE.id] = "needs --scheme, and category codes in the list"
        if set(self._counts) - {None} and len(self._counts) <= _MANY:
            yield Sighting(COUNTS, note=self._told(), count=sum(self._counts.values()))

    def _told(self) -> str:
        """Name only the codes of the stated scheme: any other text may be content."""
        known = self.terms.profile.categories if self.terms.profile else {}
        told = [
            f"{self._counts[code]:,} of code {code}" for code in sorted(known) if self._counts[code]
        ]
        others = [code for code in self._counts if code is not None and code not in known]
        if others:
            total = sum(self._counts[code] for code in others)
            word = "code" if len(others) == 1 else "codes"
            told.append(f"{total:,} with {len(others)} {word} whose meaning is not stated")
        if self._counts[None]:
            told.append(f"{self._counts[None]:,} without a category")
        return ", ".join(told)


FAMILY = Family((UNKNOWN, OPPOSITE, COUNTS), Categories)
