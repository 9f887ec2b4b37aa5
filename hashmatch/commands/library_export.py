"""``hashmatch library export``: write a set as a list that other tools read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hashmatch.commands import printing
from hashmatch.commands.keys import signing_key_file
from hashmatch.commands.options import FOLDER, library_options, open_library
from hashmatch.commands.setting import present
from hashmatch.errors import ExitCode
from hashmatch.model.names import shown

if TYPE_CHECKING:
    from pathlib import Path

    from hashmatch.formats.writers.interface import Written

WRITERS = ("csv", "hashdeep", "iped", "ndjson", "plain", "vics", "xways")
"""As the writers' registry, stated here so that help needs no heavy import; tested equal."""


@click.command("export")
@click.argument("name", metavar="SET")
@click.argument("out", type=FOLDER)
@click.option("--to", required=True, type=click.Choice(WRITERS), help="How it is written.")
@click.option("--purpose", required=True, help="What it is given on for; recorded.")
@click.option("--algorithm", help="Which hash a plain or xways list holds: md5, sha1, pdq, ...")
@click.option("--include-photodna", is_flag=True, help="Also PhotoDNA, for licensed receivers.")
@click.option("--despite-handling", is_flag=True, help="Although the set has a handling marking.")
@click.option("--strict", is_flag=True, help="Write nothing if anything would be left out.")
@click.option("--operator", help="Who gives it on; recorded.")
@click.option("--case", type=FOLDER, help="Case whose ledger records the export too.")
@library_options
def command(
    name: str,
    out: Path,
    to: str,
    purpose: str,
    algorithm: str | None,
    include_photodna: bool,
    despite_handling: bool,
    strict: bool,
    operator: str | None,
    case: Path | None,
    library_folder: Path | None,
    library_key: Path | None,
    passphrase_file: Path | None,
) -> int:
    """Write SET into the new file OUT, and record that in the library.

    SET is a set in use, or SET@VERSION. A set that came from VICS, CSV or hashdeep files is written
    in its own form without a loss, and ndjson holds everything of every set; what another form
    cannot hold is counted. The file is readable by its owner alone.

    \b
    Examples:
      hashmatch library export vic vic.json --to vics --purpose "for unit B, request 12"
      hashmatch library export vic md5.txt --to plain --algorithm md5 --purpose "triage stick"
      hashmatch library export tips tips.ndjson --to ndjson --purpose backup --case CASE
    """
    from hashmatch.jobs import export  # noqa: PLC0415

    library = open_library(library_folder, library_key, passphrase_file)
    request = export.Export(
        name=name,
        to=to,
        out=out,
        purpose=purpose,
        algorithm=algorithm,
        include_photodna=include_photodna,
        despite_handling=despite_handling,
        strict=strict,
        operator=operator,
        case=(case, signing_key_file()) if case is not None else None,
    )
    done = export.export(request, library, present())
    click.echo(
        f"{printing.several(done.written.records, 'record')} of "
        f"{done.manifest.name}@{done.manifest.version} "
        f"written to {shown(str(out))} ({printing.amount(done.size)}), sha256 {done.sha256}"
    )
    tell_left_out(done.written)
    return ExitCode.CLEAR


def tell_left_out(written: Written) -> None:
    """Print what of the records was not written."""
    for why, number in sorted(written.left_out.items()):
        left = printing.several(number, "record was", "records were")
        printing.tell(f"hashmatch: {left} left out: {why}")
    for why, number in sorted(written.values.items()):
        printing.tell(f"hashmatch: left out of records: {why} {number:,}")
