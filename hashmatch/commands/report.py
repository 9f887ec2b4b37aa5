"""``hashmatch report``: render a stored run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hashmatch.commands.keys import signing_key_file
from hashmatch.commands.options import FOLDER
from hashmatch.commands.setting import present
from hashmatch.errors import ExitCode
from hashmatch.model.names import shown

if TYPE_CHECKING:
    from pathlib import Path


@click.command("report")
@click.argument("case", type=FOLDER)
@click.option(
    "--to",
    "formats",
    default="html",
    show_default=True,
    metavar="LIST",
    help="Comma-separated: html, csv, jsonl.",
)
@click.option("--lang", type=click.Choice(["en", "th"]), default="en", show_default=True)
@click.option("--run", "run_id", help="Which run. [default: the last one that ended]")
@click.option("--mask-names", is_flag=True, help="Put item numbers in the place of names.")
def command(case: Path, formats: str, lang: str, run_id: str | None, mask_names: bool) -> int:
    """Write reports of a run into the case's folder 'reports'.

    Reports are made from the stored run alone; the evidence is not needed. They hold hashes,
    names, sizes and categories, never content.

    \b
    Examples:
      hashmatch report CASE --to html,csv --lang th
      hashmatch report CASE --to html --mask-names
    """
    from hashmatch.jobs import render  # noqa: PLC0415  # jinja2 takes a while

    names = tuple(word.strip() for word in formats.split(",") if word.strip())
    request = render.Request(case, names, lang, run_id, mask_names)
    for path in render.render(request, present(), signing_key_file()):
        click.echo(shown(str(path)))
    return ExitCode.CLEAR
