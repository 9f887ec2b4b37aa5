"""JUnit XML: one test case for each rule and list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO
from xml.sax.saxutils import escape, quoteattr

from hashmatch.linting import told
from hashmatch.linting.rule import Level
from hashmatch.model.names import shown

if TYPE_CHECKING:
    from hashmatch.linting.report import ListReport, Report
    from hashmatch.linting.rule import Rule

_SHOWN = 20  # findings told inside one test case


@dataclass(frozen=True, slots=True)
class JUnit:
    """A suite for each list; errors and warnings fail a case, what was not checked skips it."""

    name: str = "junit"

    def write(self, report: Report, stream: TextIO, language: str) -> None:
        """Write the document."""
        stream.write('<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="hashmatch lint">\n')
        for one in report.lists:
            cases = [self._case(report, one, rule, language) for rule in report.rules.values()]
            failed = sum("<failure" in case for case in cases)
            skipped = sum("<skipped" in case for case in cases)
            broken = _broken(one)
            stream.write(
                f"<testsuite name={_quoted(one.name)} tests='{len(cases) + bool(broken)}'"
                f" failures='{failed}' skipped='{skipped}' errors='{int(bool(broken))}'>\n"
            )
            stream.write(broken + "".join(cases) + "</testsuite>\n")
        stream.write("</testsuites>\n")

    def _case(self, report: Report, one: ListReport, rule: Rule, language: str) -> str:
        title = _quoted(f"{rule.id} {rule.title.text(language)}")
        head = f"<testcase classname={_quoted(one.name)} name={title}"
        found = [finding for finding in one.of(rule) if finding.level is not Level.INFO]
        if found:
            number = one.count(rule)
            lines = [
                f"{'list' if finding.line is None else finding.line}: "
                + told.message(finding, language, digests=report.show_digests)
                for finding in found[:_SHOWN]
            ]
            if number > len(lines):
                lines.append(f"and {number - len(lines):,} more")
            words = _quoted(f"{number:,} findings; {rule.remedy.text(language)}")
            text = escape("\n".join(lines))
            return f"{head}><failure type='{rule.id}' message={words}>{text}</failure></testcase>\n"
        if one.broken is not None:
            return f"{head}><skipped message='the list was not read to its end'/></testcase>\n"
        if rule.id in one.open:
            why = _quoted(told.said(one.open[rule.id].reason, language))
            return f"{head}><skipped message={why}/></testcase>\n"
        return f"{head}/>\n"


def _broken(one: ListReport) -> str:
    if one.broken is None:
        return ""
    return (
        f"<testcase classname={_quoted(one.name)} name='read to the end'>"
        f"<error message={_quoted(one.broken)}/></testcase>\n"
    )


def _quoted(text: str) -> str:
    return quoteattr(shown(text))


OUTPUT = JUnit()
