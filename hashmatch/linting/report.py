"""What a run of the rules gives: for each list the findings, their numbers, and what is open."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hashmatch.linting.finding import Finding
    from hashmatch.linting.rule import Level, Rule

MANY = 1000
"""Findings of one rule in one list above which outputs that are limited tell only the number."""


@dataclass(frozen=True, slots=True)
class Open:
    """Why a rule was not checked. ``grave`` where it should have been."""

    reason: str
    grave: bool = False


@dataclass(slots=True)
class ListReport:
    """One list. ``findings`` holds the first of each rule, ``counts`` the number of all.

    ``accepted`` counts what the baseline or a waiver accepts. ``broken`` says why the list could
    not be read to its end; ``unreadable`` is True where nothing of it could be read as a list,
    ``empty`` where it was read and has no record.
    """

    name: str
    format_title: str | None = None
    by_line: bool = True
    records: int = 0
    findings: list[Finding] = field(default_factory=list)
    counts: Counter[tuple[Rule, Level]] = field(default_factory=Counter)
    accepted: int = 0
    broken: str | None = None
    unreadable: bool = False
    empty: bool = False
    open: dict[str, Open] = field(default_factory=dict)

    def count(self, rule: Rule) -> int:
        """Give the number of findings of a rule, of all levels."""
        return sum(number for (one, _), number in self.counts.items() if one is rule)

    def of(self, rule: Rule) -> list[Finding]:
        """Give the findings of one rule that were kept."""
        return [one for one in self.findings if one.rule is rule]


@dataclass(frozen=True, slots=True)
class Report:
    """All lists of a run and the rules that were applied.

    ``show_digests`` says that the operator asked for the first digits of values. ``passed``
    names the files that are no lists and were not read, ``verbose`` asks for all reasons.
    """

    version: str
    rules: Mapping[str, Rule]
    lists: tuple[ListReport, ...]
    show_digests: bool = False
    passed: tuple[str, ...] = ()
    verbose: bool = False

    def findings(self) -> Iterator[Finding]:
        """Give all findings that were kept."""
        for one in self.lists:
            yield from one.findings

    def counts(self) -> Counter[Level]:
        """Give the number of all findings by level."""
        found: Counter[Level] = Counter()
        for one in self.lists:
            for (_, level), number in one.counts.items():
                found[level] += number
        return found

    def at_least(self, level: Level) -> int:
        """Give the number of findings at or above a level."""
        return sum(number for one, number in self.counts().items() if one.rank >= level.rank)

    @property
    def incomplete(self) -> bool:
        """Whether something that should have been checked was not."""
        return any(
            one.broken is not None or any(reason.grave for reason in one.open.values())
            for one in self.lists
        )
