"""Findings as lines for a person: file, place, rule, and what it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from hashmatch.linting import told
from hashmatch.model.names import shown

if TYPE_CHECKING:
    from hashmatch.linting.report import ListReport, Report


@dataclass(frozen=True, slots=True)
class Text:
    """One line for each finding, then what was not checked, then the numbers."""

    name: str = "text"

    def write(self, report: Report, stream: TextIO, language: str) -> None:
        """Write all lists."""
        for one in report.lists:
            self._list(report, one, stream, language)
        for name in report.passed:
            stream.write(f"{shown(name)}: passed by, no hash list\n")
        stream.write(f"{told.summary(report)}\n")

    def _list(self, report: Report, one: ListReport, stream: TextIO, language: str) -> None:
        name = shown(one.name)
        for finding in one.findings:
            place = "" if finding.line is None else f":{finding.line}"
            said = told.message(finding, language, digests=report.show_digests)
            stream.write(f"{name}{place}: {finding.level} {finding.rule.id} {said}\n")
        for rule, left in told.more(one):
            stream.write(f"{name}: {rule} and {left:,} more\n")
        if one.broken is not None:
            stream.write(f"{name}: not read to its end: {shown(one.broken)}\n")
        reasons: dict[str, list[str]] = {}
        for key in sorted(one.open):
            reasons.setdefault(one.open[key].reason, []).append(key)
        for reason, rules in reasons.items():
            stream.write(f"{name}: not checked: {', '.join(rules)} ({reason})\n")
        if one.accepted:
            stream.write(f"{name}: {one.accepted:,} accepted by baseline or waiver\n")


OUTPUT = Text()
