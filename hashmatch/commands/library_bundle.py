"""``hashmatch library bundle``: give sets on in one signed file that others can install."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hashmatch.commands import library_export, printing
from hashmatch.commands.keys import new_passphrase, signing_key_file
from hashmatch.commands.options import FOLDER, library_options, open_library
from hashmatch.commands.setting import present
from hashmatch.errors import ExitCode
from hashmatch.model.names import shown

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


@click.command("bundle")
@click.argument("out", type=FOLDER)
@click.option("--set", "sets", multiple=True, required=True, metavar="SET", help="May be repeated.")
@click.option("--publisher", required=True, help="Who publishes it.")
@click.option("--purpose", required=True, help="What it is given on for; recorded.")
@click.option(
    "--expires",
    required=True,
    type=click.DateTime(["%Y-%m-%d"]),
    help="Last day it may be installed.",
)
@click.option(
    "--recipient-passphrase-file",
    type=FOLDER,
    help="File whose first line opens the bundle. [default: ask]",
)
@click.option(
    "--signing-key",
    "signing_keys",
    multiple=True,
    type=FOLDER,
    help="Private key that signs; may be repeated. [default: your signing key]",
)
@click.option("--threshold", type=int, default=1, show_default=True, help="Signatures it needs.")
@click.option("--bundle-version", type=int, help="Its number. [default: one more than the last]")
@click.option("--include-photodna", is_flag=True, help="Also PhotoDNA, for licensed receivers.")
@click.option("--despite-handling", is_flag=True, help="Although a set has a handling marking.")
@click.option("--operator", help="Who gives it on; recorded.")
@click.option("--case", type=FOLDER, help="Case whose ledger records it too.")
@library_options
def command(
    out: Path,
    sets: tuple[str, ...],
    publisher: str,
    purpose: str,
    expires: datetime,
    recipient_passphrase_file: Path | None,
    signing_keys: tuple[Path, ...],
    threshold: int,
    bundle_version: int | None,
    include_photodna: bool,
    despite_handling: bool,
    operator: str | None,
    case: Path | None,
    library_folder: Path | None,
    library_key: Path | None,
    passphrase_file: Path | None,
) -> int:
    """Write sets into the new file OUT, sealed under a passphrase and signed.

    Receivers pin your public key once ('hashmatch library trust own' writes it) and get the
    passphrase from you in another way than the file. Each bundle has a higher number than the one
    before, so that nobody is given an old one in its place.

    \b
    Example:
      hashmatch library bundle unit-b.hmb --set vic --set hotline --publisher "Unit A" \\
          --expires 2027-01-31 --purpose "monthly sets for unit B"
    """
    from hashmatch.jobs import bundle, export  # noqa: PLC0415

    library = open_library(library_folder, library_key, passphrase_file)
    words = export.Export(
        name=",".join(sets),
        to="bundle",
        out=out,
        purpose=purpose,
        include_photodna=include_photodna,
        despite_handling=despite_handling,
        operator=operator,
        case=(case, signing_key_file()) if case is not None else None,
    )
    request = bundle.Bundling(
        words,
        sets,
        publisher,
        expires.date(),
        new_passphrase(recipient_passphrase_file),
        signing_keys or (signing_key_file(),),
        threshold,
        bundle_version,
    )
    done = bundle.bundle(request, library, present())
    click.echo(
        f"bundle {done.head.version} of {shown(publisher)} with "
        f"{printing.several(len(done.head.sets), 'set')} written to {shown(str(out))}, "
        f"sha256 {done.sha256}"
    )
    library_export.tell_left_out(done.written)
    return ExitCode.CLEAR
