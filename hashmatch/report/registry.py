"""Which kinds of report there are: every module of this package that holds a ``REPORT``."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

import hashmatch.report

if TYPE_CHECKING:
    from pathlib import Path

    from hashmatch.report.options import ReportOptions
    from hashmatch.report.stored_run import StoredRun


class Report(Protocol):
    """Renders a stored run as one or more files of one kind."""

    @property
    def name(self) -> str:
        """The word on the command line: ``html``, ``csv``, ``jsonl``."""

    def write(self, run: StoredRun, folder: Path, options: ReportOptions) -> tuple[str, ...]:
        """Write the files into an existing folder and return their names.

        The same run and options give the same bytes. A file stands under its name only when it
        is complete.

        Raises:
            CustodyError: the run is not as it was written.
            OutputError: a file could not be written in full.
        """


def reports() -> dict[str, Report]:
    """Give every kind of report by its name, in the order of the names."""
    modules = (
        import_module(f"{hashmatch.report.__name__}.{found.name}")
        for found in pkgutil.iter_modules(hashmatch.report.__path__)
    )
    found = [module.REPORT for module in modules if hasattr(module, "REPORT")]
    return {report.name: report for report in sorted(found, key=lambda report: report.name)}
