"""One run of the rules over any number of lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.errors import HashSetError
from hashmatch.linting import registry
from hashmatch.linting.finding import Sighting
from hashmatch.linting.marks import Marks
from hashmatch.linting.report import ListReport, Open, Report
from hashmatch.linting.rules.file import TRUNCATED
from hashmatch.model.hashes import Method

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hashmatch.linting.acceptance import Acceptance
    from hashmatch.linting.check import Check, Subject, Terms
    from hashmatch.linting.removal import Removal
    from hashmatch.linting.rule import Rule
    from hashmatch.linting.stretch import Stretch
    from hashmatch.linting.stretches import Stretches
    from hashmatch.model.records import FastEvent

NOTHING = "nothing to check: the list has no record"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run applies. ``most`` findings of each rule are kept for each list.

    ``named`` are the rules that the operator asked for by their whole id. ``removal`` gathers
    what a cleaned copy leaves out; what is accepted stays in.
    """

    terms: Terms
    chosen: frozenset[str]
    named: frozenset[str]
    acceptance: Acceptance
    most: int
    version: str
    show_digests: bool = False
    verbose: bool = False
    removal: Removal | None = None


class Run:
    """Shows each list to every check, and gathers what they see."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._checks: list[Check] = [
            family.check(plan.terms)
            for family in registry.families()
            if any(rule.id in plan.chosen for rule in family.rules)
        ]
        self.lists: list[ListReport] = []
        self._passed: list[str] = []
        self._kept: dict[tuple[int, str], int] = {}

    def pass_by(self, name: str) -> None:
        """Note a file that is no list, and was not read."""
        self._passed.append(name)

    def refuse(self, name: str, why: str) -> None:
        """Note a file that cannot be read as a list at all."""
        self.lists.append(ListReport(name, broken=_worded(why), unreadable=True))

    def read(
        self, subject: Subject, title: str, stretches: Stretches, events: Iterable[FastEvent]
    ) -> None:
        """Read one list to its end.

        Args:
            subject: the list; its facts are those of ``stretches``.
            title: of its format.
            stretches: new.
            events: as the format reads them; trouble with the list ends it, and is noted.
        """
        report = ListReport(subject.name, title, subject.by_line)
        self.lists.append(report)
        seen: set[str] = set()
        marks = Marks(subject)
        anything = False
        for check in self._checks:
            check.unchecked, check.idle = {}, {}
            check.begin(subject)
        try:
            for stretch in stretches.of(events):
                report.records += len(stretch)
                anything = anything or stretch.says_something
                _note(seen, stretch)
                self._take(subject.number, marks.of(stretch, self._look(subject, stretch)))
            if subject.seen is not None:
                subject.seen.finish()
                seen.add("text")
            self._take(subject.number, _rest(marks))
        except HashSetError as error:
            report.broken = _worded(str(error))
            report.unreadable = not report.records
            if report.records:
                self._take(subject.number, [Sighting(TRUNCATED, note="reading broke off")])
                self._take(subject.number, _rest(marks))
            return
        if not (anything or stretches.filters):
            report.empty = True
            self._take(subject.number, [Sighting(TRUNCATED, note=NOTHING)])
        for check in self._checks:
            self._take(subject.number, check.end(subject))
        self._state_open(report, seen, stretches)

    def finish(self) -> Report:
        """Compare the lists with each other and give the report."""
        for check in self._checks:
            self._take(None, check.finish())
        self._take(0, self._plan.acceptance.about_waivers())
        self._state_alone()
        for report in self.lists:
            report.findings.sort(key=lambda one: (one.rule.id, one.place or 0, one.note))
        rules = {key: rule for key, rule in registry.rules().items() if key in self._plan.chosen}
        lists, passed = tuple(self.lists), tuple(self._passed)
        plan = self._plan
        return Report(plan.version, rules, lists, plan.show_digests, passed, plan.verbose)

    def _look(self, subject: Subject, stretch: Stretch) -> Iterator[Sighting]:
        for check in self._checks:
            yield from check.see(subject, stretch)

    def _take(self, number: int | None, sightings: Iterable[Sighting]) -> None:
        for sighting in sightings:
            if sighting.rule.id in self._plan.chosen and self.lists:
                at = sighting.list_number if sighting.list_number is not None else number
                self._keep(at or 0, sighting)

    def _keep(self, number: int, sighting: Sighting) -> None:
        """Count all; make findings of the first ones, or of all where some may be accepted."""
        report = self.lists[number]
        level = sighting.level or sighting.rule.level
        acceptance, removal = self._plan.acceptance, self._plan.removal
        if removal is not None and acceptance.idle:
            removal.take(sighting)
        key = number, sighting.rule.id
        findings = sighting.findings(report.name, by_line=report.by_line, where=self._where)
        for at, finding in enumerate(findings):
            kept = self._kept.get(key, 0)
            if acceptance.idle and kept >= self._plan.most:
                report.counts[sighting.rule, level] += len(sighting) - at
                return
            if acceptance.accepts(finding):
                report.accepted += 1
                continue
            if removal is not None and not acceptance.idle:
                removal.take(sighting.only(at))
            report.counts[sighting.rule, level] += 1
            if kept < self._plan.most:
                report.findings.append(finding)
                self._kept[key] = kept + 1

    def _where(self, number: int, place: int) -> str:
        """Say where a record of another list stands."""
        other = self.lists[number]
        return f"{'line' if other.by_line else 'record'} {place} of {other.name}"

    def _state_alone(self) -> None:
        """Say which rules had no second list to compare with."""
        readable = [one for one in self.lists if not one.unreadable]
        if len(readable) == 1 and readable[0].broken is None:
            for key in self._plan.chosen:
                if registry.rules()[key].across:
                    reason = "only one list was read"
                    readable[0].open.setdefault(key, Open(reason, key in self._plan.named))

    def _state_open(self, report: ListReport, seen: set[str], stretches: Stretches) -> None:
        """Say which rules were not checked for this list, and why."""
        for key in sorted(self._plan.chosen):
            found_open = self._open(report, registry.rules()[key], seen, stretches)
            if found_open is not None:
                report.open[key] = found_open
        for check in self._checks:
            for found, grave in ((check.idle, False), (check.unchecked, True)):
                for key, reason in found.items():
                    if key in self._plan.chosen:
                        report.open[key] = Open(reason, self._grave(key, grave=grave))

    def _grave(self, key: str, *, grave: bool = False) -> bool:
        """Whether a rule should have been checked: it was asked for by its whole id."""
        return grave or key in self._plan.named

    def _open(
        self, report: ListReport, rule: Rule, seen: set[str], stretches: Stretches
    ) -> Open | None:
        if rule.needs is not None and not self._plan.terms.has(rule.needs):
            return Open(f"needs {rule.needs}", self._grave(rule.id))
        if report.empty and rule.id > TRUNCATED.id and rule.needs != "--waivers":
            return Open(NOTHING, self._grave(rule.id))
        if stretches.filters and (rule.about or rule.id > TRUNCATED.id):
            return Open("the list is a filter without records", grave=True)
        if rule.about and seen.isdisjoint(rule.about):
            reason = f"the list carries no {' or '.join(rule.about)}"
            return Open(reason, self._grave(rule.id))
        return None


def _worded(why: str) -> str:
    """Give the words of the readers as they hold here, where --format means the report."""
    return why.replace(" --format", " --list-format")


def _rest(marks: Marks) -> Iterator[Sighting]:
    try:
        yield from marks.rest()
    except OSError as error:
        msg = f"the list cannot be read again: {error.strerror}"
        raise HashSetError(msg) from None


def _note(seen: set[str], stretch: Stretch) -> None:
    """Note what a list carries, by the words of ``Rule.about``."""
    for kind, hashes in stretch.hashes.items():
        seen.add(kind.value)
        if not isinstance(kind, Method):
            seen.add("digest")
        elif "quality" not in seen and (hashes.qualities >= 0).any():
            seen.add("quality")
    if stretch.categories is not None:
        seen.add("category")
    if stretch.sizes is not None and "size" not in seen and (stretch.sizes >= 0).any():
        seen.add("size")
    if stretch.entries is not None and "entry" not in seen and stretch.entries.any():
        seen.add("entry")
    if stretch.cells:
        seen.add("cells")
