"""Findings as lines for a person: file, place, rule, and what it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from hashmatch.linting import told
from hashmatch.model.names import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.linting.report import ListReport, Report


@dataclass(frozen=True, slots=True)
class Text:
    """One line for each finding, what to do, what was not checked, then the numbers."""

    name: str = "text"

    def write(self, report: Report, stream: TextIO, language: str) -> None:
        """Write all lists."""
        words = _WORDS[language]
        for one in report.lists:
            self._list(report, one, stream, language)
        found = {rule.id: rule for one in report.lists for rule, _ in one.counts}
        for key in sorted(found):
            stream.write(f"{key} {words.todo}: {found[key].remedy.text(language)}\n")
        for name in report.passed:
            stream.write(f"{shown(name)}: {words.passed}\n")
        stream.write(f"{told.summary(report, language)}\n")

    def _list(self, report: Report, one: ListReport, stream: TextIO, language: str) -> None:
        name, words = shown(one.name), _WORDS[language]
        for finding in one.findings:
            place = "" if finding.line is None else f":{finding.line}"
            said = told.message(finding, language, digests=report.show_digests)
            stream.write(f"{name}{place}: {finding.level} {finding.rule.id} {said}\n")
        for rule, left in told.more(one):
            stream.write(f"{name}: {rule} {words.more.format(f'{left:,}')}\n")
        if one.broken is not None:
            why = told.said(shown(one.broken), language)
            stream.write(f"{name}: {words.unreadable if one.unreadable else words.broken}: {why}\n")
        for line in _not_checked(report, one, language):
            stream.write(f"{name}: {line}\n")
        if one.accepted:
            stream.write(f"{name}: {words.accepted.format(f'{one.accepted:,}')}\n")


@dataclass(frozen=True, slots=True)
class _Words:
    todo: str
    passed: str
    more: str
    unreadable: str
    broken: str
    unchecked: str
    verbose: str
    accepted: str


_WORDS = {
    "en": _Words(
        "what to do",
        "passed by, no hash list",
        "and {} more",
        "not read",
        "not read to its end",
        "not checked",
        "-v says why",
        "{} accepted by baseline or waiver",
    ),
    "th": _Words(
        "สิ่งที่ควรทำ",
        "ข้ามไป ไม่ใช่รายการค่าแฮช",
        "และอีก {}",
        "อ่านไม่ได้",
        "อ่านไม่จบ",
        "ไม่ได้ตรวจ",
        "ใช้ -v เพื่อดูเหตุผล",
        "ยอมรับ {} ข้อตาม baseline หรือ waiver",
    ),
}


def _not_checked(report: Report, one: ListReport, language: str) -> Iterator[str]:
    """Yield one line for each reason that matters, and one for all others together."""
    words = _WORDS[language]
    reasons: dict[str, list[str]] = {}
    others: list[str] = []
    for key in sorted(one.open):
        if report.verbose or one.open[key].grave:
            reasons.setdefault(one.open[key].reason, []).append(key)
        else:
            others.append(key)
    for reason, rules in reasons.items():
        yield f"{words.unchecked}: {', '.join(rules)} ({told.said(reason, language)})"
    if others:
        yield f"{words.unchecked}: {', '.join(others)} ({words.verbose})"


OUTPUT = Text()
