"""``hashmatch library trust``: pin the keys of those whose bundles are taken."""

from __future__ import annotations

from dataclasses import replace
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


@click.group("trust")
def command() -> None:
    """Pin, list and unpin the public keys of those whose bundles are taken."""


@command.command("add")
@click.argument("name")
@click.argument("key", type=FOLDER)
@library_options
def add_command(
    name: str,
    key: Path,
    library_folder: Path | None,
    library_key: Path | None,
    passphrase_file: Path | None,
) -> int:
    """Trust the Ed25519 public KEY (a PEM file) under NAME.

    Compare the key's id with its owner in another way than the one by which the file came.

    \b
    Example:
      hashmatch library trust add unit-a unit-a.pem
    """
    from hashmatch.custody.keys import PublicKey  # noqa: PLC0415
    from hashmatch.db.trust import id_of  # noqa: PLC0415

    public = PublicKey.load(key)
    library = open_library(library_folder, library_key, passphrase_file)
    with library.changing() as pointer:
        library.point(replace(pointer, trust=pointer.trust.with_key(name, public)))
    click.echo(f"{shown(name)} is trusted; the key's id is {id_of(public)}")
    return ExitCode.CLEAR


@command.command("list")
@library_options
def list_command(
    library_folder: Path | None, library_key: Path | None, passphrase_file: Path | None
) -> int:
    """List the trusted keys, each with the number of the last bundle that was installed."""
    from hashmatch.db.trust import id_of  # noqa: PLC0415

    trust = open_library(library_folder, library_key, passphrase_file).pointer().trust
    rows = []
    for name, key in sorted(trust.keys.items()):
        reached = trust.highest.get(id_of(key))
        rows.append([name, id_of(key), None if reached is None else reached.version])
    printing.table(rows, ("name", "key", "last bundle"))
    return ExitCode.CLEAR


@command.command("remove")
@click.argument("name")
@library_options
def remove_command(
    name: str, library_folder: Path | None, library_key: Path | None, passphrase_file: Path | None
) -> int:
    """Trust the key NAME no longer; sets that were installed stay."""
    library = open_library(library_folder, library_key, passphrase_file)
    with library.changing() as pointer:
        library.point(replace(pointer, trust=pointer.trust.without_key(name)))
    click.echo(f"{shown(name)} is not trusted any more")
    return ExitCode.CLEAR


@command.command("own")
@click.argument("out", type=FOLDER)
def own_command(out: Path) -> int:
    """Write the public half of your signing key to the new file OUT.

    Give it to the receivers of your bundles, and tell them its id in another way.

    \b
    Example:
      hashmatch library trust own unit-a.pem
    """
    from hashmatch.custody.keys import SigningKey  # noqa: PLC0415
    from hashmatch.db.trust import id_of  # noqa: PLC0415
    from hashmatch.jobs.export import new_file  # noqa: PLC0415

    path = signing_key_file()
    key = SigningKey.load(path) if path.exists() else SigningKey.create(path, present().entropy)
    with new_file(out) as stream:
        stream.write(key.public.pem.encode())
    click.echo(f"{shown(str(out))} holds the key with the id {id_of(key.public)}")
    return ExitCode.CLEAR
