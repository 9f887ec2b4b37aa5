"""``hashmatch demo``: the whole chain on a benign exhibit."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hashmatch.commands import printing, scan_summary
from hashmatch.commands.options import FOLDER
from hashmatch.commands.progress import Shown
from hashmatch.commands.setting import confinement, present
from hashmatch.model.names import shown

if TYPE_CHECKING:
    from hashmatch.jobs.demo import Demo


@click.command("demo")
@click.argument("folder", type=FOLDER, default=Path("hashmatch-demo"))
@click.option("--replace", is_flag=True, help="Remove what an earlier demo made there.")
def command(folder: Path, replace: bool) -> int:
    """Build a benign exhibit and hash lists in FOLDER and run the whole chain on them.

    Everything is drawn: gradients, shapes, text cards. The exhibit holds copies, edited
    pictures, odd names and broken files, and the demo checks that each ended as it must.
    Keys and library of the demo stay in FOLDER.

    \b
    Example:
      hashmatch demo
      xdg-open hashmatch-demo/CASE/reports/*/report.en.html
    """
    from hashmatch.custody import checks  # noqa: PLC0415  # everything heavy only from here on
    from hashmatch.jobs import demo  # noqa: PLC0415

    if replace:
        demo.clear(folder)
    with Shown(quiet=False) as show:
        done = demo.demo(
            folder,
            present(),
            printing.tell,
            show,
            workers=len(os.sched_getaffinity(0)),
            confine=confinement(),
        )
    scan_summary.tell(done.result)
    _tell_rest(done)
    return checks.exit_code(list(done.checks))


def _tell_rest(done: Demo) -> None:
    entries = len(done.exhibit.entries)
    click.echo(f"All {entries} entries of the exhibit ended as the demo knows they must.")
    for name in done.exhibit.left_out:
        click.echo(f"left out, since this file system cannot hold it: {shown(name)}")
    verdicts = [str(check.verdict) for check in done.checks]
    click.echo("verify: " + ", ".join(f"{verdicts.count(v)} {v}" for v in dict.fromkeys(verdicts)))
    for path in done.reports:
        click.echo(f"report: {shown(str(path))}")
    click.echo(f"look around: hashmatch case show {shown(str(done.folder / 'CASE'))}")
