"""``hashmatch scan``: examine folders against installed sets."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import click

from hashmatch.commands import printing
from hashmatch.commands.keys import library_secret, signing_key_file
from hashmatch.commands.options import FOLDER, library_at, library_options
from hashmatch.commands.progress import Shown
from hashmatch.commands.setting import present
from hashmatch.errors import ExitCode
from hashmatch.model.names import shown

if TYPE_CHECKING:
    from pathlib import Path

    from hashmatch.jobs.scan import Result


@click.command("scan")
@click.argument("folders", nargs=-1, required=True, type=FOLDER, metavar="FOLDER...")
@click.option("--case", "case", required=True, type=FOLDER, help="Case folder for the record.")
@click.option(
    "--set",
    "sets",
    multiple=True,
    metavar="NAME",
    help="Set to match against; may be repeated. [default: all]",
)
@click.option(
    "--threshold",
    type=click.IntRange(0, 60),
    default=31,
    show_default=True,
    help="Greatest distance in bits at which pictures are near.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    default=lambda: len(os.sched_getaffinity(0)),
    show_default="number of cores",
    help="Worker processes; results do not depend on it.",
)
@click.option("--operator", help="Who runs this scan, if not the one who opened the case.")
@click.option("--new-run", is_flag=True, help="Give up an interrupted run instead of resuming it.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@library_options
def command(
    folders: tuple[Path, ...],
    case: Path,
    sets: tuple[str, ...],
    threshold: int,
    workers: int,
    operator: str | None,
    new_run: bool,
    form: str,
    quiet: bool,
    library_folder: Path | None,
    library_key: Path | None,
    passphrase_file: Path | None,
) -> int:
    r"""Examine every entry of FOLDER... and keep a sealed record in a case.

    Nothing in the folders is changed and no content is shown. Each entry ends as examined,
    failed or skipped by a named rule. Ctrl-C or a power cut loses nothing: the same command
    goes on where it stopped.

    \b
    Examples:
      hashmatch scan /mnt/exhibit-1 --case CASE
      hashmatch scan /mnt/phone /mnt/card --case CASE --set vic --set hotline
    """
    from hashmatch.db.library import Library  # noqa: PLC0415  # numpy takes a while
    from hashmatch.jobs import scan  # noqa: PLC0415
    from hashmatch.matching.near import Limits  # noqa: PLC0415

    setting = present()
    request = scan.Request(folders, case, sets, Limits(threshold), workers, operator, new_run)
    folder = library_at(library_folder)
    library = Library.open(folder, library_secret(library_key, passphrase_file))
    with Shown(quiet=quiet) as show:
        result = scan.scan(request, library, setting, show, signing_key_file())
    if form == "json":
        click.echo(json.dumps(_summary(result), sort_keys=True))
    else:
        _print(result, case)
    return result.tally.exit_code()


def _summary(result: Result) -> dict[str, object]:
    tally = result.tally
    return {
        "run": result.folder.run_id,
        "resumed": result.resumed,
        "seen": tally.seen,
        "examined": tally.examined,
        "failed": tally.failed,
        "skipped": tally.skipped,
        "bytes": tally.bytes,
        "pictures": tally.pictures,
        "compared_near": tally.compared_near,
        "low_quality": tally.low_quality,
        "not_compared": tally.not_compared,
        "items_with_hits": tally.items_with_hits,
        "hits": tally.hits,
        "conflicts": tally.conflicts,
        "changed_source": tally.changed_source,
        "table": result.table,
        "exit_code": int(tally.exit_code()),
    }


def _print(result: Result, case: Path) -> None:
    tally, code = result.tally, result.tally.exit_code()
    say = click.echo
    say(f"run {result.folder.run_id}{' (resumed)' if result.resumed else ''}")
    say(
        f"{tally.seen:,} seen = {tally.examined:,} examined + {tally.failed:,} failed"
        f" + {tally.skipped:,} skipped; {printing.amount(tally.bytes)} read"
    )
    if tally.pictures:
        say(
            f"{tally.pictures:,} pictures: {tally.compared_near:,} compared, "
            f"{tally.low_quality:,} too featureless to compare, {tally.not_compared:,} unreadable"
        )
    if result.table:
        columns = ("set", "category", "disposition", "claim", "items", "distinct", "hits")
        printing.table([[row[key] for key in columns] for row in result.table], columns)
    for words in _warnings(result):
        say(words)
    say(f"result: {code.name} ({int(code)}): {code.meaning}")
    say(f"next: hashmatch report {shown(str(case))} --to html --lang en")


def _warnings(result: Result) -> list[str]:
    tally, words = result.tally, []
    if not tally.items_with_hits:
        words.append(
            "No examined item agrees with a loaded hash set. "
            "This does not establish the absence of unlawful material."
        )
    if tally.conflicts:
        words.append(f"{tally.conflicts:,} items are benign in one set and not in another.")
    if tally.changed_source:
        words.append("WARNING: a source changed while it was examined; see run.json.")
    if tally.exit_code() in {ExitCode.INCOMPLETE, ExitCode.HITS_INCOMPLETE}:
        words.append("This run is INCOMPLETE; problems.jsonl and the report say what is missing.")
    return words
