"""The whole report as one JSON document."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from hashmatch.linting import told
from hashmatch.model.names import shown

if TYPE_CHECKING:
    from hashmatch.linting.report import Report


@dataclass(frozen=True, slots=True)
class JsonDocument:
    """Lists, numbers and findings."""

    name: str = "json"

    def write(self, report: Report, stream: TextIO, language: str) -> None:
        """Write one object; texts are English whatever the language."""
        del language
        value = {
            "tool": told.TOOL,
            "version": report.version,
            "rules": sorted(report.rules),
            "incomplete": report.incomplete,
            "passed_by": [shown(name) for name in report.passed],
            "lists": [
                told.list_as_json(one)
                | {
                    "findings": [
                        told.as_json(finding, digests=report.show_digests)
                        for finding in one.findings
                    ]
                }
                for one in report.lists
            ],
        }
        json.dump(value, stream, indent=1)
        stream.write("\n")


OUTPUT = JsonDocument()
