"""One JSON object in each line: lists, each followed by its findings."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from hashmatch.linting import told

if TYPE_CHECKING:
    from hashmatch.linting.report import Report


@dataclass(frozen=True, slots=True)
class JsonLines:
    """Lines with the key ``type``: ``list`` or ``finding``."""

    name: str = "jsonl"

    def write(self, report: Report, stream: TextIO, language: str) -> None:
        """Write all lines; texts are English whatever the language."""
        del language
        for one in report.lists:
            _line(stream, {"type": "list"} | told.list_as_json(one))
            for finding in one.findings:
                value = told.as_json(finding, digests=report.show_digests)
                _line(stream, {"type": "finding"} | value)


def _line(stream: TextIO, value: dict[str, object]) -> None:
    stream.write(json.dumps(value) + "\n")


OUTPUT = JsonLines()
