"""SARIF 2.1.0, as code hosts take it.

More than a thousand findings of one rule in one list become one result with their number: code
hosts cut off longer results without a word. Source: OASIS SARIF 2.1.0.
"""

from __future__ import annotations

import json
import string
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from hashmatch.linting import prints, told
from hashmatch.linting.report import MANY
from hashmatch.linting.rule import Level

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.linting.finding import Finding
    from hashmatch.linting.report import ListReport, Report
    from hashmatch.linting.rule import Rule

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS = {Level.ERROR: "error", Level.WARNING: "warning", Level.INFO: "note"}
_PLAIN = frozenset((string.ascii_letters + string.digits + "-._~/").encode())
_MOST = 20_000  # results of one run; code hosts take 25,000


@dataclass(frozen=True, slots=True)
class Sarif:
    """One run with all rules and results."""

    name: str = "sarif"

    def write(self, report: Report, stream: TextIO, language: str) -> None:
        """Write the document."""
        results = [result for one in report.lists for result in _results(report, one, language)]
        invocation: dict[str, object] = {
            "executionSuccessful": not any(one.unreadable for one in report.lists),
            "toolExecutionNotifications": [
                note for one in report.lists for note in _notifications(one)
            ],
        }
        driver = {
            "name": told.TOOL,
            "version": report.version,
            "rules": [_rule(rule, language) for rule in report.rules.values()],
        }
        run = {
            "tool": {"driver": driver},
            "invocations": [invocation],
            "columnKind": "unicodeCodePoints",
            "results": results[:_MOST],
            "properties": {"results": len(results)},
        }
        json.dump({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, stream, indent=1)
        stream.write("\n")


def _rule(rule: Rule, language: str) -> dict[str, object]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title.text(language)},
        "fullDescription": {"text": told.why(rule, language)},
        "help": {"text": rule.remedy.text(language)},
        "defaultConfiguration": {"level": _LEVELS[rule.level]},
    }


def _results(report: Report, one: ListReport, language: str) -> Iterator[dict[str, object]]:
    for rule in report.rules.values():
        kept, number = one.of(rule), one.count(rule)
        if not kept:
            continue
        if number > min(MANY, len(kept)):
            yield _together(one, rule, kept, number, language)
            continue
        for finding in kept:
            said = told.message(finding, language, digests=report.show_digests)
            yield _result(finding, said, {"count": finding.count}, finding.fingerprint)


def _together(
    one: ListReport, rule: Rule, kept: list[Finding], number: int, language: str
) -> dict[str, object]:
    known = prints.fingerprint(rule.id, None, one.name, "together")
    said = f"{rule.title.text(language)} [{number:,}]"
    worst = max(kept, key=lambda finding: finding.level.rank)
    return _result(worst, said, {"count": number}, known)


def _result(
    finding: Finding, said: str, properties: dict[str, object], known: str
) -> dict[str, object]:
    physical: dict[str, object] = {"artifactLocation": {"uri": _uri(finding.file)}}
    if finding.line is not None:
        physical["region"] = {"startLine": finding.line}
    return {
        "ruleId": finding.rule.id,
        "level": _LEVELS[finding.level],
        "message": {"text": said},
        "locations": [{"physicalLocation": physical}],
        "partialFingerprints": {"hashmatch/v1": known},
        "properties": properties,
    }


def _notifications(one: ListReport) -> Iterator[dict[str, object]]:
    where = [{"physicalLocation": {"artifactLocation": {"uri": _uri(one.name)}}}]
    if one.broken is not None:
        yield {"level": "error", "message": {"text": one.broken}, "locations": where}
    for key in sorted(one.open):
        reason = one.open[key]
        yield {
            "level": "warning" if reason.grave else "note",
            "message": {"text": f"{key} was not checked: {reason.reason}"},
            "locations": where,
        }


def _uri(name: str) -> str:
    data = name.encode("utf-8", "surrogateescape")
    return "".join(chr(one) if one in _PLAIN else f"%{one:02X}" for one in data)


OUTPUT = Sarif()
