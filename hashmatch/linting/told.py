"""Words and lines that several outputs share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hashmatch.linting import thai
from hashmatch.model.names import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hashmatch.linting.finding import Finding
    from hashmatch.linting.report import ListReport, Report
    from hashmatch.linting.rule import Rule

TOOL = "hashmatch lint"


def message(finding: Finding, language: str, *, digests: bool = False) -> str:
    """Give a finding in one sentence, without rule and line; never content of the list."""
    parts = [finding.rule.title.text(language)]
    if finding.place is not None and not finding.by_line:
        word = "ระเบียนที่" if language == "th" else "record"
        parts.insert(0, f"{word} {finding.place}:")
    about = finding.kind or ""
    if digests and finding.lead:
        about = f"{about} {finding.lead}…".strip()
    if about:
        parts.append(f"({about})")
    text = " ".join(parts)
    if finding.note:
        text += f": {said(finding.note, language)}"
    if finding.count > 1:
        text += f" [{finding.count:,}]"
    return shown(text)


def said(note: str, language: str) -> str:
    """Give a note or a reason in the language that was asked for."""
    return thai.note(note) if language == "th" else note


def why(rule: Rule, language: str) -> str:
    """Say why a rule is there."""
    return thai.WHY[rule.id] if language == "th" else rule.why


def more(report: ListReport) -> Iterator[tuple[str, int]]:
    """Yield the rules of which not all findings were kept, with the number of the others."""
    kept: dict[str, int] = {}
    for finding in report.findings:
        kept[finding.rule.id] = kept.get(finding.rule.id, 0) + 1
    for rule in sorted({rule for rule, _ in report.counts}, key=lambda rule: rule.id):
        left = report.count(rule) - kept.get(rule.id, 0)
        if left:
            yield rule.id, left


def as_json(finding: Finding, *, digests: bool) -> dict[str, object]:
    """Give a finding as a JSON object."""
    value: dict[str, object] = {
        "rule": finding.rule.id,
        "level": finding.level.value,
        "file": shown(finding.file),
        "place": finding.place,
        "kind": finding.kind,
        "title": finding.rule.title.en,
        "note": finding.note,
        "count": finding.count,
        "fingerprint": finding.fingerprint,
    }
    if digests and finding.lead:
        value["digest_begins"] = finding.lead
    return value


def list_as_json(one: ListReport) -> dict[str, object]:
    """Give what is known of one list, without its findings."""
    return {
        "file": shown(one.name),
        "format": one.format_title,
        "records": one.records,
        "broken": one.broken,
        "unreadable": one.unreadable,
        "accepted": one.accepted,
        "counts": {
            f"{rule.id} {level}": number
            for (rule, level), number in sorted(
                one.counts.items(), key=lambda item: (item[0][0].id, item[0][1])
            )
        },
        "not_checked": {
            key: {"reason": one.open[key].reason, "grave": one.open[key].grave}
            for key in sorted(one.open)
        },
    }


def summary(report: Report, language: str = "en") -> str:
    """Give the numbers of a run in one line."""
    counts = {level.value: number for level, number in report.counts().items()}
    records = sum(one.records for one in report.lists)
    told = ", ".join(
        counted(counts.get(word, 0), name)
        for word, name in (("error", "error"), ("warning", "warning"), ("info", "note"))
    )
    if language == "th":
        return _summary_in_thai(report, counts, records)
    unreadable = sum(one.unreadable for one in report.lists)
    lists = counted(len(report.lists), "list")
    if unreadable:
        lists += f" ({unreadable:,} unreadable)"
    return f"{lists}, {counted(records, 'record')}: {told}"


def _summary_in_thai(report: Report, counts: Mapping[str, int], records: int) -> str:
    unreadable = sum(one.unreadable for one in report.lists)
    lists = f"{len(report.lists):,} รายการ"
    if unreadable:
        lists += f" (อ่านไม่ได้ {unreadable:,})"
    return (
        f"{lists}, {records:,} ระเบียน: ข้อผิดพลาด {counts.get('error', 0):,},"
        f" คำเตือน {counts.get('warning', 0):,}, ข้อสังเกต {counts.get('info', 0):,}"
    )


def counted(number: int, word: str) -> str:
    """Give a number with its noun."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
