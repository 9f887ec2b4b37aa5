"""``hashmatch library remove``: take a set out of use, or delete the files of a version."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hashmatch.commands.options import library_options, open_library
from hashmatch.commands.setting import present
from hashmatch.errors import ExitCode, UsageError
from hashmatch.model.names import shown

if TYPE_CHECKING:
    from pathlib import Path


@click.command("remove")
@click.argument("name", metavar="SET[@VERSION]")
@click.option("--purge", is_flag=True, help="Delete the version's files; its manifest stays.")
@click.option("--yes", is_flag=True, help="Also purge the version that is in use.")
@library_options
def command(
    name: str,
    purge: bool,
    yes: bool,
    library_folder: Path | None,
    library_key: Path | None,
    passphrase_file: Path | None,
) -> int:
    """Take SET out of use: nothing is matched against it any more.

    Its versions stay for the reports that name them, and it comes back with the next import under
    its name. With --purge the files of one version are deleted for good; what it was, where it came
    from and its counts stay.

    \b
    Examples:
      hashmatch library remove tip-123
      hashmatch library list --all
      hashmatch library remove tip-123@VERSION --purge
    """
    from hashmatch.db import removal  # noqa: PLC0415

    library = open_library(library_folder, library_key, passphrase_file)
    if not purge:
        _refuse_version(name)
        version = removal.remove(library, name)
        click.echo(f"{shown(name)}@{version} is out of use; its files stay")
        return ExitCode.CLEAR
    manifest = library.find(name)
    if library.pointer().current.get(manifest.name) == manifest.version and not yes:
        msg = f"{name} is in use; say --yes to delete it all the same"
        raise UsageError(msg)
    removal.purge(library, manifest.version, present().clock().date())
    click.echo(f"the files of {shown(manifest.name)}@{manifest.version} were deleted")
    return ExitCode.CLEAR


def _refuse_version(name: str) -> None:
    if "@" in name:
        msg = "a version that is not in use needs no removal; say --purge to delete its files"
        raise UsageError(msg)
