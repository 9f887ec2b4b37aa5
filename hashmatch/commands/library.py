"""``hashmatch library``: make a library, install lists, look sets and digests up."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from hashmatch.commands import (
    library_bundle,
    library_diff,
    library_export,
    library_formats,
    library_import,
    library_install,
    library_remove,
    library_schemes,
    library_trust,
    library_update,
    library_verify,
    printing,
    set_facts,
)
from hashmatch.commands.keys import library_key_file, new_passphrase
from hashmatch.commands.options import library_at, library_options, open_library
from hashmatch.commands.setting import present
from hashmatch.errors import ExitCode
from hashmatch.model.names import shown

if TYPE_CHECKING:
    from pathlib import Path

    from hashmatch.jobs.lookup import Found
    from hashmatch.model.records import Json


@click.group("library")
def command() -> None:
    """Install hash lists as sealed sets; look at them; look digests up.

    Without its key a library answers nothing: a stolen copy reveals no digest.
    """


for part in (
    *(library_import, library_update, library_diff, library_remove, library_export),
    *(library_bundle, library_install, library_trust, library_verify, library_schemes),
    library_formats,
):
    command.add_command(part.command)
command.add_command(library_install.show_command)


@command.command("init")
@click.option("--passphrase", is_flag=True, help="Open it with a passphrase instead of a key file.")
@library_options
def init_command(
    passphrase: bool,
    library_folder: Path | None,
    library_key: Path | None,
    passphrase_file: Path | None,
) -> int:
    """Make an empty library.

    Its key is made beside your signing key and must not be kept inside the library. All your
    libraries share one key unless --library-key names another file.

    \b
    Examples:
      hashmatch library init
      hashmatch library init --library /media/usb/library --passphrase
    """
    from hashmatch.db.keys import KeyFile, Passphrase  # noqa: PLC0415
    from hashmatch.db.library import Library  # noqa: PLC0415

    setting, folder = present(), library_at(library_folder)
    if passphrase or passphrase_file:
        library = Library.create(
            folder,
            Passphrase(new_passphrase(passphrase_file)),
            clock=setting.clock,
            entropy=setting.entropy,
        )
    else:
        key = KeyFile(library_key_file(library_key))
        if not key.path.exists():
            key.path.parent.mkdir(0o700, parents=True, exist_ok=True)
            key.create(setting.entropy)
            printing.tell(f"new library key: {key.path}; without it the library answers nothing")
        library = Library.create(folder, key, clock=setting.clock, entropy=setting.entropy)
    click.echo(f"library {library.id} made in {shown(str(folder))}")
    return ExitCode.CLEAR


@command.command("list")
@click.option("--all", "every", is_flag=True, help="Also versions that are not in use any more.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@library_options
def list_command(
    every: bool,
    form: str,
    library_folder: Path | None,
    library_key: Path | None,
    passphrase_file: Path | None,
) -> int:
    """List the installed sets with their current versions."""
    library = open_library(library_folder, library_key, passphrase_file)
    sets = library.versions() if every else library.sets()
    pointer = library.pointer()
    if form == "json":
        said = [
            m.provenance() | ({"state": pointer.state(m.version)} if every else {}) for m in sets
        ]
        click.echo(json.dumps(said, sort_keys=True))
        return ExitCode.CLEAR
    rows = [
        [m.name, m.version, str(m.kind), m.scheme, m.counts.kept, m.stated.publisher] for m in sets
    ]
    columns = ["set", "version", "kind", "scheme", "records", "publisher"]
    if every:
        columns += ["installed", "state"]
        for row, manifest in zip(rows, sets, strict=True):
            row += [manifest.created[:10], pointer.state(manifest.version)]
    printing.table(rows, columns)
    return ExitCode.CLEAR


@command.command("show")
@click.argument("name")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@library_options
def show_command(
    name: str,
    form: str,
    library_folder: Path | None,
    library_key: Path | None,
    passphrase_file: Path | None,
) -> int:
    """Show where a set came from, what was kept, dropped and quarantined, and its exports.

    NAME is a set, or SET@VERSION for an older version.
    """
    from hashmatch.jobs import export_log  # noqa: PLC0415

    library = open_library(library_folder, library_key, passphrase_file)
    manifest = library.find(name)
    facts, exports = manifest.provenance(), export_log.exports(library, manifest.name)
    if form == "json":
        click.echo(json.dumps(facts | {"exports": exports}, sort_keys=True))
    else:
        set_facts.tell(facts)
        set_facts.tell_exports(exports)
    return ExitCode.CLEAR


@command.command("lookup")
@click.argument("digests", nargs=-1, required=True, metavar="DIGEST...")
@click.option("--set", "sets", multiple=True, metavar="NAME", help="Sets to ask. [default: all]")
@click.option("--type", "algorithm", help="What the values are, where the length does not tell.")
@click.option(
    "--threshold",
    type=click.IntRange(min=0),
    help="Greatest distance of perceptual hashes: bits, for PhotoDNA the sum of squares."
    " [default: 31 for PDQ and vPDQ, 8 for hashes of 64 bits, 40000 for PhotoDNA]",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@library_options
def lookup_command(
    digests: tuple[str, ...],
    sets: tuple[str, ...],
    algorithm: str | None,
    threshold: int | None,
    form: str,
    library_folder: Path | None,
    library_key: Path | None,
    passphrase_file: Path | None,
) -> int:
    """Look digests or perceptual hashes up in the installed sets.

    Values are taken as MD5, SHA-1 or SHA-512 by their length, and as other kinds of that length
    that a set holds, such as eDonkey hashes; 64 digits may be SHA-256 or PDQ and need --type.
    Exit code 10 when something is known, 0 when nothing is; 13 and 3 when no set holds any value
    of a kind that was asked. A set that is a filter only says "maybe", which is no hit.

    \b
    Examples:
      hashmatch library lookup 0cc175b9c0f1b6a831c399e269772661
      hashmatch library lookup --type pdq 64-HEX-DIGITS
      cat digests.txt | hashmatch library lookup -
    """
    from hashmatch.jobs import lookup  # noqa: PLC0415

    library = open_library(library_folder, library_key, passphrase_file)
    listed = digests == ("-",)
    how = lookup.How(algorithm, threshold, "line" if listed else "value")
    found = lookup.lookup(library, sets, _lines() if listed else digests, how)
    if form == "json":
        answers = (*found.answers, *found.hints, *found.unknown)
        click.echo("".join(f"{json.dumps(one, sort_keys=True)}\n" for one in answers), nl=False)
    else:
        _tell(found)
    if found.unheld:
        kinds = ", ".join(found.unheld)
        printing.tell(f"hashmatch: no set that was asked holds values of the kind {kinds}")
    if found.answers:
        return ExitCode.HITS_INCOMPLETE if found.unheld else ExitCode.HITS
    return ExitCode.INCOMPLETE if found.unheld else ExitCode.CLEAR


def _tell(found: Found) -> None:
    columns = (
        "value",
        "kind",
        "set",
        "entry",
        "category",
        "disposition",
        "claim",
        "distance",
        "variant",
        "flags",
    )
    rows = [
        [_flags(value) if isinstance(value := answer[key], dict) else value for key in columns]
        for answer in found.answers
    ]
    printing.table(rows, columns)
    for hint in found.hints:
        click.echo(f"{shown(str(hint['value']))}  maybe in {hint['set']}: a filter, no hit")
    if found.unknown:
        click.echo(f"{printing.several(len(found.unknown), 'value')} in no set that was asked")


def _flags(flags: dict[str, Json]) -> str | None:
    return ";".join(f"{name}={'yes' if said else 'no'}" for name, said in flags.items()) or None


def _lines() -> list[str]:
    """Give the lines of standard input, whatever byte order mark it begins with."""
    from hashmatch.formats.encoding import opening_text  # noqa: PLC0415

    data = b"" if sys.stdin is None else sys.stdin.buffer.read()
    return [line.strip() for line in opening_text(data).splitlines()]
