"""Workflow commands by which GitHub shows findings beside the lines of a change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from hashmatch.linting import told
from hashmatch.linting.rule import Level
from hashmatch.model.names import shown

if TYPE_CHECKING:
    from hashmatch.linting.report import Report

_WORDS = {Level.ERROR: "error", Level.WARNING: "warning", Level.INFO: "notice"}


@dataclass(frozen=True, slots=True)
class GitHub:
    """One command for each finding; a step shows the first ones, the summary has the numbers."""

    name: str = "github"

    def write(self, report: Report, stream: TextIO, language: str) -> None:
        """Write all commands."""
        for one in report.lists:
            for finding in one.findings:
                place = "" if finding.line is None else f",line={finding.line}"
                said = told.message(finding, language, digests=report.show_digests)
                stream.write(
                    f"::{_WORDS[finding.level]} file={_property(finding.file)}{place}"
                    f",title={finding.rule.id}::{_data(said)}\n"
                )
            for rule, left in told.more(one):
                stream.write(
                    f"::notice file={_property(one.name)},title={rule}::and {left:,} more\n"
                )
            if one.broken is not None:
                said = _data(f"not read to its end: {shown(one.broken)}")
                stream.write(f"::error file={_property(one.name)}::{said}\n")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(shown(text)).replace(":", "%3A").replace(",", "%2C")


OUTPUT = GitHub()
