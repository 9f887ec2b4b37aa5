"""Numbers of a run as a table for a summary page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from hashmatch.linting import told
from hashmatch.model.names import shown

if TYPE_CHECKING:
    from hashmatch.linting.report import Report

_SIGNS = re.compile(r"([\\`*_{}\[\]<>#|!&~])")


@dataclass(frozen=True, slots=True)
class Markdown:
    """One row for each rule that did not hold in a list, then what was not checked."""

    name: str = "markdown"

    def write(self, report: Report, stream: TextIO, language: str) -> None:
        """Write the page."""
        stream.write(f"## hashmatch lint\n\n{told.summary(report, language)}\n\n")
        if any(one.counts for one in report.lists):
            stream.write("| list | rule | level | number | first place | |\n")
            stream.write("|---|---|---|--:|--:|---|\n")
        for one in report.lists:
            for (rule, level), number in sorted(
                one.counts.items(), key=lambda item: (item[0][0].id, item[0][1])
            ):
                places = [f.place for f in one.of(rule) if f.place is not None and f.level is level]
                first = min(places, default="")
                named, title = _plain(one.name), _plain(rule.title.text(language))
                stream.write(
                    f"| {named} | {rule.id} | {level} | {number:,} | {first} | {title} |\n"
                )
        for one in report.lists:
            if one.broken is not None:
                stream.write(
                    f"\n**{_plain(one.name)}** not read to its end: {_plain(one.broken)}\n"
                )
            if one.open:
                rules = ", ".join(sorted(one.open))
                stream.write(f"\n{_plain(one.name)}: not checked: {rules}\n")


def _plain(text: str) -> str:
    return _SIGNS.sub(r"\\\1", shown(text))


OUTPUT = Markdown()
