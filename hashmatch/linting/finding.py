"""What the rules see: sightings of many records at once, and the findings made of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hashmatch.linting import prints

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from numpy.typing import NDArray

    from hashmatch.linting.rule import Level, Rule

    Numbers = Sequence[int] | NDArray[Any]
    Where = Callable[[int, int], str]


@dataclass(frozen=True, slots=True)
class Sighting:
    """One rule does not hold, at any number of records of a list.

    ``places`` are lines or record numbers; none where the finding is about the list as a whole.
    ``values`` are the prints of the values concerned, one for each place, or none. ``note`` adds
    plain words, never content of a list. ``count`` says how many records a finding about the
    whole list stands for. ``list_number`` names the list where a run has read several; None
    means the one being read. ``other`` is a second place for each of ``places``, in the list of
    ``other_lists``. ``marks`` tells
    findings apart that have no value: a number for each place, made of the record's hashes or of
    its line. ``of_list`` says that the one place is only the first of many.
    """

    rule: Rule
    places: Numbers = ()
    values: Numbers = ()
    kind: str | None = None
    note: str = ""
    level: Level | None = None
    count: int = 1
    list_number: int | None = None
    other: Numbers = ()
    other_lists: Numbers = ()
    marks: Numbers = ()
    of_list: bool = False

    def __len__(self) -> int:
        return len(self.places) or 1

    @property
    def needs_marks(self) -> bool:
        """Whether only the words of a finding would tell it from others."""
        return bool(len(self.places)) and not (len(self.values) or len(self.marks) or self.of_list)

    def only(self, at: int) -> Sighting:
        """Give what was seen at one of the places."""
        return replace(self, places=self.places[at : at + 1], other=self.other[at : at + 1])

    def findings(
        self, file: str, *, by_line: bool = True, where: Where | None = None
    ) -> Iterator[Finding]:
        """Give each record's finding.

        Args:
            file: name of the list.
            by_line: whether places of the list are lines.
            where: gives words for a place in another list, which is told by its number.
        """
        level = self.level or self.rule.level
        base = file.rpartition("/")[2]  # a baseline holds wherever the lists are
        if not len(self.places):
            known = prints.fingerprint(self.rule.id, self.kind, base, self.note)
            yield Finding(
                self.rule, level, file, None, self.kind, self.note, known, None, self.count
            )
            return
        for at, place in enumerate(self.places):
            value = int(self.values[at]) if len(self.values) else None
            known = prints.fingerprint(self.rule.id, self.kind, *self._parts(at, base, value))
            note = self.note
            if len(self.other):
                note = f"{note} {self._second(at, where, by_line=by_line)}".strip()
            yield Finding(
                self.rule,
                level,
                file,
                int(place),
                self.kind,
                note,
                known,
                None if value is None else prints.lead(value),
                by_line=by_line,
            )

    def _second(self, at: int, where: Where | None, *, by_line: bool) -> str:
        place = int(self.other[at])
        if where is not None and len(self.other_lists):
            number = int(self.other_lists[at])
            if number != self.list_number:
                return where(number, place)
        return f"{'line' if by_line else 'record'} {place}"

    def _parts(self, at: int, base: str, value: int | None) -> tuple[object, ...]:
        """Give what tells a finding from others of its rule."""
        if value is not None:
            return (value,)
        return (base, self.note, int(self.marks[at])) if len(self.marks) else (base, self.note)


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule does not hold for one record or one list; holds no content of the list.

    ``place`` is the line, or the record number, from 1. ``lead`` are the first eight digits of the
    value, shown only where the operator asks for it.
    """

    rule: Rule
    level: Level
    file: str
    place: int | None
    kind: str | None
    note: str
    fingerprint: str
    lead: str | None = field(default=None, repr=False)
    count: int = 1
    by_line: bool = True

    @property
    def line(self) -> int | None:
        """The line from 1; None for a list whose records are not told by lines."""
        return max(1, self.place) if self.by_line and self.place is not None else None
