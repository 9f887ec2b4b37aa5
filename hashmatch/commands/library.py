"""``hashmatch library``: make a library, install lists, look sets and digests up."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

import click

from hashmatch.commands import printing
from hashmatch.commands.keys import library_key_file, library_secret, new_passphrase
from hashmatch.commands.options import FOLDER, library_at, library_options
from hashmatch.commands.setting import present
from hashmatch.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from hashmatch.db.description import SetDescription
    from hashmatch.db.library import Library

KINDS = (
    "categorized",
    "illegal",
    "baseline",
    "suspected",
    "exploitative",
    "cgi",
    "comparison",
    "reported",
    "ncii",
    "other-notable",
    "benign",
)
"""As ``db.description.SetKind``, stated here so that help needs no heavy import; tested equal."""


@click.group("library")
def command() -> None:
    """Install hash lists as sealed sets; look at them; look digests up.

    Without its key a library answers nothing: a stolen copy reveals no digest.
    """


def _open(folder: Path | None, key: Path | None, passphrase_file: Path | None) -> Library:
    from hashmatch.db.library import Library  # noqa: PLC0415  # numpy takes a while

    return Library.open(library_at(folder), library_secret(key, passphrase_file))


@command.command("init")
@click.option("--passphrase", is_flag=True, help="Open it with a passphrase instead of a key file.")
@library_options
def init_command(
    passphrase: bool,
    library_folder: Path | None,
    library_key: Path | None,
    passphrase_file: Path | None,
) -> int:
    r"""Make an empty library.

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
    click.echo(f"library {library.id} made in {printing.shown(str(folder))}")
    return ExitCode.CLEAR


@command.command("import")
@click.argument("files", nargs=-1, required=True, type=FOLDER, metavar="FILE...")
@click.option("--set", "name", required=True, metavar="NAME", help="Name of the set.")
@click.option(
    "--kind",
    required=True,
    type=click.Choice(KINDS),
    help="What a hit means: by category code, or one meaning for all records.",
)
@click.option(
    "--scheme",
    help="What category codes mean: vic-us, dhs-legacy, nist-caid, uk-grades, unmapped, a YAML "
    "file of your own, or none.",
)
@click.option("--format", "format_name", help="List format. [default: recognised by structure]")
@click.option("--type", "algorithm", help="Hash of bare values: md5, sha1, sha256, sha512, pdq.")
@click.option(
    "--map", "columns", multiple=True, metavar="ROLE=COLUMN", help="Which column holds what."
)
@click.option("--delimiter", help="The character between columns.")
@click.option("--publisher", help="Who issued the list.")
@click.option("--list-version", help="The publisher's own version.")
@click.option("--list-date", type=click.DateTime(["%Y-%m-%d"]), help="Date of the list.")
@click.option("--issued", type=click.DateTime(["%Y-%m-%d"]), help="First day it may be used.")
@click.option("--expires", type=click.DateTime(["%Y-%m-%d"]), help="Last day it may be used.")
@click.option("--handling", help="Handling marking, kept and shown in reports.")
@click.option("--accept-losses", is_flag=True, help="Install although rows were lost.")
@click.option("--allow-expired", is_flag=True, help="Install although the list has expired.")
@library_options
def import_command(
    files: tuple[Path, ...],
    name: str,
    kind: str,
    scheme: str | None,
    format_name: str | None,
    algorithm: str | None,
    columns: tuple[str, ...],
    delimiter: str | None,
    accept_losses: bool,
    allow_expired: bool,
    library_folder: Path | None,
    library_key: Path | None,
    passphrase_file: Path | None,
    **stated: object,
) -> int:
    r"""Install all FILEs of one list as a new version of a set.

    The meaning of a list is stated, never guessed. A list that would lose rows, has expired or
    holds nothing that can match is refused and the library stays as it was.

    \b
    Examples:
      hashmatch library import vic/*.json --set vic --kind categorized --scheme vic-us
      hashmatch library import good.hashdeep --set known-good --kind benign
      hashmatch library import tip.txt --set tip-123 --kind reported --type sha256
      hashmatch library import t.csv --set hotline --kind illegal --map md5=2 --map pdq=PDQ
    """
    from hashmatch.db.description import SetDescription, SetKind  # noqa: PLC0415
    from hashmatch.db.profiles import load  # noqa: PLC0415
    from hashmatch.formats.interface import ReadOptions  # noqa: PLC0415
    from hashmatch.jobs import ingest  # noqa: PLC0415

    ignore = scheme == "none"
    description: SetDescription = SetDescription(
        name=name,
        kind=SetKind(kind),
        profile=load(scheme) if scheme and not ignore else None,
        accept_losses=accept_losses,
        **_facts(stated),
    )
    options = ReadOptions(algorithm, _mapping(columns), delimiter)
    reading = ingest.Reading(ingest.files_of(files), format_name, options, ignore)
    library = _open(library_folder, library_key, passphrase_file)
    manifest = ingest.ingest(
        ingest.Import(reading, description, allow_expired),
        library,
        present(),
        lambda records: printing.tell(f"importing: {records:,} records"),
    )
    _print_counts(manifest.provenance())
    return ExitCode.CLEAR


def _facts(stated: dict[str, object]) -> dict[str, object]:
    """Dates as days; the words of the options are the fields of the description."""
    return {
        key: date(value.year, value.month, value.day) if hasattr(value, "year") else value
        for key, value in stated.items()
    }


def _mapping(words: tuple[str, ...]) -> dict[str, str]:
    pairs = [word.partition("=") for word in words]
    if not all(role and equals and column for role, equals, column in pairs):
        msg = "--map expects ROLE=COLUMN, for example --map md5=2 or --map sha1='SHA-1'"
        raise UsageError(msg)
    return {role: column for role, _, column in pairs}


@command.command("list")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@library_options
def list_command(
    form: str, library_folder: Path | None, library_key: Path | None, passphrase_file: Path | None
) -> int:
    """List the installed sets with their current versions."""
    sets = [m.provenance() for m in _open(library_folder, library_key, passphrase_file).sets()]
    if form == "json":
        click.echo(json.dumps(sets, sort_keys=True))
        return ExitCode.CLEAR
    rows = [
        [s["name"], s["version"], s["kind"], s["scheme"], s["records"]["kept"], s["publisher"]]
        for s in sets
    ]
    printing.table(rows, ("set", "version", "kind", "scheme", "records", "publisher"))
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
    """Show where a set came from and what was kept, dropped and quarantined.

    NAME is a set, or SET@VERSION for an older version.
    """
    library = _open(library_folder, library_key, passphrase_file)
    facts = library.resolve([name])[0].provenance()
    if form == "json":
        click.echo(json.dumps(facts, sort_keys=True))
    else:
        _print_counts(facts)
    return ExitCode.CLEAR


@command.command("lookup")
@click.argument("digests", nargs=-1, required=True, metavar="DIGEST...")
@click.option("--set", "sets", multiple=True, metavar="NAME", help="Sets to ask. [default: all]")
@click.option("--type", "algorithm", help="What the values are, where the length does not tell.")
@click.option("--threshold", type=click.IntRange(0, 60), default=31, show_default=True)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@library_options
def lookup_command(
    digests: tuple[str, ...],
    sets: tuple[str, ...],
    algorithm: str | None,
    threshold: int,
    form: str,
    library_folder: Path | None,
    library_key: Path | None,
    passphrase_file: Path | None,
) -> int:
    r"""Look digests or PDQ hashes up in the installed sets.

    Values are taken as MD5, SHA-1 or SHA-512 by their length; 64 digits may be SHA-256 or PDQ
    and need --type. Exit code 10 when something is known, 0 when nothing is.

    \b
    Examples:
      hashmatch library lookup 0cc175b9c0f1b6a831c399e269772661
      hashmatch library lookup --type pdq 64-HEX-DIGITS
      cat digests.txt | hashmatch library lookup -
    """
    from hashmatch.jobs import lookup  # noqa: PLC0415

    library = _open(library_folder, library_key, passphrase_file)
    words = _words(digests)
    found = lookup.lookup(library, sets, words, lookup.How(algorithm, threshold))
    if form == "json":
        for answer in found:
            click.echo(json.dumps(answer, sort_keys=True))
    else:
        columns = ("value", "set", "entry", "category", "disposition", "claim", "distance")
        printing.table([[answer[key] for key in columns] for answer in found], columns)
    return ExitCode.HITS if found else ExitCode.CLEAR


def _words(digests: tuple[str, ...]) -> list[str]:
    if digests == ("-",):
        return [line.strip() for line in click.get_text_stream("stdin") if line.strip()]
    return list(digests)


def _print_counts(facts: dict[str, object]) -> None:
    for key in ("name", "version", "kind", "scheme", "publisher", "list_version", "list_date"):
        _line(key, facts[key])
    for key in ("issued", "expires", "handling"):
        _line(key, facts[key])
    records = facts["records"]
    if isinstance(records, dict):
        click.echo(
            f"{'records':<15}{records['read']:,} read = {records['kept']:,} kept"
            f" + {records['dropped']:,} dropped + {records['quarantined']:,} quarantined"
        )
    for key in ("values", "not_evaluated", "dropped", "lost_values", "quarantined_values"):
        table = facts[key]
        if isinstance(table, dict) and table:
            _line(key, ", ".join(f"{name} {count:,}" for name, count in sorted(table.items())))
    files = facts["files"]
    for file in files if isinstance(files, list) else ():
        _line("file", f"{file['name']} ({printing.amount(file['size'])}), sha256 {file['sha256']}")


def _line(key: str, value: object) -> None:
    if value is not None:
        click.echo(f"{key.replace('_', ' '):<15}{printing.shown(str(value))}")
