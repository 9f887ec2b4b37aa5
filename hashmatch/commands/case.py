"""``hashmatch case``: open a case folder, show what it holds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from hashmatch.commands import printing
from hashmatch.commands.keys import signing_key_file
from hashmatch.commands.options import FOLDER
from hashmatch.commands.setting import present
from hashmatch.errors import ExitCode
from hashmatch.model.names import shown

if TYPE_CHECKING:
    from pathlib import Path


@click.group("case")
def command() -> None:
    """Open a case folder; show what it holds."""


@command.command("open")
@click.argument("folder", type=FOLDER)
@click.option("--reference", required=True, help="Reference number of the case.")
@click.option("--agency", required=True, help="The body responsible.")
@click.option("--operator", required=True, help="The person at the keyboard.")
@click.option(
    "--ref",
    "references",
    multiple=True,
    metavar="KEY=VALUE",
    help="A number that another body gave to the case; may be repeated.",
)
def open_command(
    folder: Path, reference: str, agency: str, operator: str, references: tuple[str, ...]
) -> int:
    """Open a case in a new or empty FOLDER.

    The folder holds the custody ledger and every run and report of the case. The ledger is
    signed with your signing key, which is made at the first case and kept outside of it.

    \b
    Example:
      hashmatch case open CASE --reference TH-DSI-2569-000042 --agency DSI --operator "K. Name" \\
          --ref cybertip=123456789
    """
    from hashmatch.jobs import open_case  # noqa: PLC0415  # cryptography takes a while

    opening = open_case.Opening(reference, agency, operator, _pairs(references))
    case = open_case.open_case(folder, opening, present(), signing_key_file())
    click.echo(f"case {case.case_id} opened in {shown(str(folder))}")
    printing.tell(f"ledgers are signed with {signing_key_file()}: keep this file safe and secret")
    return ExitCode.CLEAR


@command.command("show")
@click.argument("folder", type=FOLDER)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def show_command(folder: Path, form: str) -> int:
    """Show the case in FOLDER: who opened it and which runs and reports it holds.

    Reads the ledger and stops at the first entry that does not follow from the one before; use
    'hashmatch verify' to check everything.
    """
    from hashmatch.jobs import show_case  # noqa: PLC0415

    case = show_case.show(folder)
    if form == "json":
        click.echo(json.dumps(case, sort_keys=True))
        return ExitCode.CLEAR
    named = {"reference": case["reference"], "agency": case["agency"]}
    named |= {"operator": case["operator"], "created": case["created"], "id": case["id"]}
    for key, value in [*named.items(), *sorted(case["references"].items())]:
        click.echo(f"{shown(key) + ':':<11}{shown(value)}")
    rows = [list(run.values()) for run in case["runs"]]
    click.echo()
    printing.table(rows, ("run", "status", "started", "seen", "hits", "exit code", "reports"))
    return ExitCode.CLEAR


def _pairs(words: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    pairs = [word.partition("=") for word in words]
    for key, equals, value in pairs:
        if not (key and equals and value):
            msg = "expected KEY=VALUE, for example --ref cybertip=123456789"
            raise click.BadParameter(msg)
    keys = [key for key, _, _ in pairs]
    if twice := {key for key in keys if keys.count(key) > 1}:
        msg = f"--ref {shown(min(twice))}=... is given twice; give each key once"
        raise click.BadParameter(msg)
    return tuple((key, value) for key, _, value in pairs)
