"""``hashmatch library update``: bring an installed set up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hashmatch.commands import printing, set_facts
from hashmatch.commands.library_import import KINDS
from hashmatch.commands.library_reading import about, read_options, reading_options
from hashmatch.commands.options import FOLDER, library_options, open_library
from hashmatch.commands.progress import Imported
from hashmatch.commands.setting import present
from hashmatch.errors import ExitCode

if TYPE_CHECKING:
    from pathlib import Path


@click.command("update")
@click.argument("name", metavar="SET")
@click.argument("files", nargs=-1, required=True, type=FOLDER, metavar="FILE...")
@click.option("--delta", is_flag=True, help="The files hold changes, not the whole list.")
@click.option("--withdraw", is_flag=True, help="Each record of the files takes one back.")
@click.option("--kind", type=click.Choice(KINDS), help="What a hit means. [default: as before]")
@click.option("--scheme", help="What category codes mean. [default: as before]")
@click.option("--allow-shrink", is_flag=True, help="Less than half of the records may be left.")
@click.option("--allow-older", is_flag=True, help="The list may be older than the installed one.")
@reading_options
@library_options
def command(
    name: str,
    files: tuple[Path, ...],
    delta: bool,
    withdraw: bool,
    kind: str | None,
    scheme: str | None,
    allow_shrink: bool,
    allow_older: bool,
    format_name: str | None,
    accept_losses: bool,
    allow_expired: bool,
    library_folder: Path | None,
    library_key: Path | None,
    passphrase_file: Path | None,
    **words: Any,  # noqa: ANN401  # see library_reading
) -> int:
    """Install FILEs as the next version of SET; the version before stays for its reports.

    What is not stated is as at the last import. Without --delta the files are the whole list. With
    it, records are added, or replace or withdraw those that they agree with. What changed is told
    in counts; 'hashmatch library diff' shows it record by record. Exit code 3 when --withdraw took
    nothing back.

    \b
    Examples:
      hashmatch library update vic vic-2026-11/ --list-date 2026-11-01
      hashmatch library update hotline new.csv --delta
      hashmatch library update hotline wrong.csv --withdraw
    """
    from hashmatch.db.description import SetKind  # noqa: PLC0415
    from hashmatch.db.profiles import load  # noqa: PLC0415
    from hashmatch.jobs import ingest, update  # noqa: PLC0415

    ignore = scheme == "none"
    stated = about(words) | {
        "kind": SetKind(kind) if kind else None,
        "profile": load(scheme) if scheme and not ignore else None,
        "accept_losses": accept_losses,
    }
    request = update.Update(
        name,
        ingest.Reading(files, format_name, read_options(words), ignore, words["skip_unrecognised"]),
        stated,
        delta=delta,
        withdraw=withdraw,
        allow_shrink=allow_shrink,
        allow_older=allow_older,
        allow_expired=allow_expired,
    )
    library = open_library(library_folder, library_key, passphrase_file)
    done = update.update(request, library, present(), Imported())
    set_facts.tell_import(done.manifest)
    if done.difference is None:
        printing.tell(
            "hashmatch: the new version is in use; it could not be compared with the one before: "
            f"{done.why}"
        )
    else:
        set_facts.tell_difference(done.difference)
    if withdraw and not done.manifest.changes.withdrawn:
        printing.tell("hashmatch: nothing was withdrawn: no record of the set is one of the files'")
        return ExitCode.INCOMPLETE
    return ExitCode.CLEAR
