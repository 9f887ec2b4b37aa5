"""The report for people: one self-contained page, without scripts and without pictures.

Everything that is printed into the page goes through :func:`hashmatch.model.names.shown` and is
then escaped, whatever it is and wherever it comes from, so that no name can act or disguise
itself. The template orders the parts; :mod:`hashmatch.report.page` says what they show.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from hashmatch.model.names import shown
from hashmatch.report.findings import gather
from hashmatch.report.page import Page
from hashmatch.report.words import words
from hashmatch.report.writing import complete_file

if TYPE_CHECKING:
    from pathlib import Path

    from hashmatch.report.options import ReportOptions
    from hashmatch.report.stored_run import StoredRun


@dataclass(frozen=True, slots=True)
class HtmlReport:
    """Writes ``report.<language>.html``."""

    name: str = "html"

    def write(self, run: StoredRun, folder: Path, options: ReportOptions) -> tuple[str, ...]:
        """Write the page; see :class:`hashmatch.report.registry.Report`."""
        found = gather(run.hits(), run.problems(), run.record.counts, options.row_limit)
        page = Page(run.record, run.sealed, found, words(options.language), options)
        name = options.name("report", options.language, "html")
        with complete_file(folder / name) as stream:
            template = _environment().get_template("report.html.j2")
            stream.writelines(template.generate(page.content()))
        return (name,)


REPORT = HtmlReport()


def grouped(value: str) -> Markup:
    """Write a long hexadecimal value in groups of eight; copied text has no gaps."""
    groups = (value[start : start + 8] for start in range(0, len(value), 8))
    return Markup("<wbr>").join(Markup("<span>{}</span>").format(one) for one in groups)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("hashmatch.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["grouped"] = grouped
    return environment


def _visible(value: object) -> object:
    """Make every character of a text visible, except in markup that we wrote ourselves."""
    return value if isinstance(value, Markup) or not isinstance(value, str) else shown(value)
