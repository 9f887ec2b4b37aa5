"""``hashmatch library install``: install the sets of a signed bundle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hashmatch.commands import printing
from hashmatch.commands.keys import asked_passphrase
from hashmatch.commands.options import FOLDER, library_options, open_library
from hashmatch.commands.setting import present
from hashmatch.errors import ExitCode
from hashmatch.model.names import shown

if TYPE_CHECKING:
    from pathlib import Path


@click.command("install")
@click.argument("bundle", type=FOLDER)
@click.option("--trust", multiple=True, metavar="NAME", help="Pinned keys that count. [all]")
@click.option("--threshold", type=int, default=1, help="How many of them must have signed. [1]")
@click.option(
    "--recipient-passphrase-file",
    type=FOLDER,
    help="File whose first line opens the bundle. [default: ask]",
)
@click.option("--allow-expired", is_flag=True, help="Install outside its days; recorded.")
@click.option("--replace", is_flag=True, help="Take the place of sets of another origin.")
@library_options
def command(
    bundle: Path,
    trust: tuple[str, ...],
    threshold: int,
    recipient_passphrase_file: Path | None,
    allow_expired: bool,
    replace: bool,
    library_folder: Path | None,
    library_key: Path | None,
    passphrase_file: Path | None,
) -> int:
    """Install all sets of BUNDLE, or none if anything about it is wrong.

    It must be signed with a key that you pinned with 'hashmatch library trust add', be in its days
    and not be older than the last one of its publisher. The records are sealed anew under your
    library's key.

    \b
    Examples:
      hashmatch library trust add unit-a unit-a.pem
      hashmatch library install unit-b.hmb --trust unit-a
    """
    from hashmatch.jobs import bundle_install  # noqa: PLC0415

    library = open_library(library_folder, library_key, passphrase_file)
    request = bundle_install.Installing(
        bundle,
        asked_passphrase(recipient_passphrase_file),
        trust,
        threshold,
        allow_expired=allow_expired,
        replace=replace,
    )
    done = bundle_install.install(request, library, present())
    click.echo(
        f"bundle {done.head.version} of {shown(done.head.publisher)}, "
        f"signed by {shown(', '.join(done.signers))}"
    )
    rows = [[one.name, one.version, one.counts.kept] for one in done.manifests]
    printing.table(rows, ("set", "version", "records"))
    return ExitCode.CLEAR


@click.command("bundle-show")
@click.argument("bundle", type=FOLDER)
@library_options
def show_command(
    bundle: Path,
    library_folder: Path | None,
    library_key: Path | None,
    passphrase_file: Path | None,
) -> int:
    """Show what BUNDLE says of itself, and whether a key that you trust signed it.

    Exit code 21 when its signatures do not hold or none is trusted here.
    """
    from hashmatch.jobs import bundle_install  # noqa: PLC0415

    library = open_library(library_folder, library_key, passphrase_file)
    signed, _ = bundle_install.look(bundle)
    head = signed.head
    for word, value in (
        ("publisher", head.publisher),
        ("number", head.version),
        ("issued", head.issued),
        ("expires", head.expires),
        ("signatures", f"{len(signed.signatures)}, needs {head.threshold}"),
    ):
        click.echo(f"{word:<12}{shown(str(value))}")
    for key in head.keys:
        click.echo(f"{'key':<12}{key}")
    rows = [
        [one.name, one.version, one.kind, one.scheme, one.counts.get("kept")] for one in head.sets
    ]
    printing.table(rows, ("set", "version", "kind", "scheme", "records"))
    names = signed.check(library.pointer().trust.keys)
    click.echo(f"{'signed by':<12}{shown(', '.join(names))}")
    return ExitCode.CLEAR
