"""A code quality report as GitLab takes it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from hashmatch.linting import prints, told
from hashmatch.linting.rule import Level
from hashmatch.model.names import shown

if TYPE_CHECKING:
    from hashmatch.linting.report import Report

_WORDS = {Level.ERROR: "major", Level.WARNING: "minor", Level.INFO: "info"}


@dataclass(frozen=True, slots=True)
class GitLab:
    """A list of issues."""

    name: str = "gitlab"

    def write(self, report: Report, stream: TextIO, language: str) -> None:
        """Write one document; a list that cannot be read is an issue too."""
        issues = []
        seen: dict[tuple[str, str], int] = {}
        for finding in report.findings():
            key = finding.file, finding.fingerprint
            seen[key] = seen.get(key, 0) + 1
            said = told.message(finding, language, digests=report.show_digests)
            issues.append(
                _issue(said, finding.rule.id, _WORDS[finding.level], finding.file, finding.line)
                | {"fingerprint": prints.fingerprint(finding.rule.id, None, *key, seen[key])}
            )
        for one in report.lists:
            if one.broken is not None:
                known = prints.fingerprint("broken", None, one.name)
                issue = _issue(shown(one.broken), "unreadable", "critical", one.name, None)
                issues.append(issue | {"fingerprint": known})
        json.dump(issues, stream, indent=1)
        stream.write("\n")


def _issue(said: str, rule: str, severity: str, file: str, line: int | None) -> dict[str, object]:
    return {
        "description": said,
        "check_name": rule,
        "severity": severity,
        "location": {"path": shown(file), "lines": {"begin": line or 1}},
    }


OUTPUT = GitLab()
