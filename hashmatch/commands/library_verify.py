"""``hashmatch library verify``: check that installed sets are whole and answer for every record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hashmatch.commands import printing
from hashmatch.commands.options import library_options, open_library
from hashmatch.errors import ExitCode, HashSetError
from hashmatch.model.names import shown

if TYPE_CHECKING:
    from pathlib import Path


@click.command("verify")
@click.argument("names", nargs=-1, metavar="[SET[@VERSION]...]")
@library_options
def command(
    names: tuple[str, ...],
    library_folder: Path | None,
    library_key: Path | None,
    passphrase_file: Path | None,
) -> int:
    """Check every byte of the SETs against their manifests, then ask for every record back.

    Without a name all sets in use are checked. Takes about as long as their import did. Ends with
    21 when a set is not the one that was installed or does not answer as it should; look-ups and
    scans notice damage to what they touch by themselves.

    \b
    Examples:
      hashmatch library verify
      hashmatch library verify vic vic@0123456789abcdef0123456789abcdef
    """
    from hashmatch.db import verification  # noqa: PLC0415

    library = open_library(library_folder, library_key, passphrase_file)
    failed = 0
    for manifest in library.resolve(names):
        label = f"{shown(manifest.name)}@{manifest.version}"
        try:
            with library.open_set(manifest.version) as installed:
                verification.verify(installed)
        except HashSetError as error:
            failed += 1
            click.echo(f"FAIL  {label}: {error}")
            continue
        stored = printing.several(manifest.counts.stored, "record")
        click.echo(f"PASS  {label}: {stored}")
    return ExitCode.HASH_SET if failed else ExitCode.CLEAR
