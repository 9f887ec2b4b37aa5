"""``hashmatch library import``: install the files of a list as a new version of a set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hashmatch.commands import set_facts
from hashmatch.commands.options import FOLDER, library_options, open_library
from hashmatch.commands.progress import Counted
from hashmatch.commands.setting import present
from hashmatch.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

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


@click.command("import")
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
@click.option(
    "--allow-expired", is_flag=True, help="Install before its first or after its last day."
)
@library_options
def command(
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
    publisher: str | None,
    list_version: str | None,
    list_date: datetime | None,
    issued: datetime | None,
    expires: datetime | None,
    handling: str | None,
) -> int:
    """Install all FILEs of one list as a new version of a set.

    The meaning of a list is stated, never guessed. A list that would lose rows, is used outside its
    days or holds nothing that can match is refused and the library stays as it was.

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
    description = SetDescription(
        name=name,
        kind=SetKind(kind),
        profile=load(scheme) if scheme and not ignore else None,
        publisher=publisher,
        list_version=list_version,
        list_date=list_date and list_date.date(),
        issued=issued and issued.date(),
        expires=expires and expires.date(),
        handling=handling,
        accept_losses=accept_losses,
    )
    options = ReadOptions(algorithm, _mapping(columns), delimiter)
    reading = ingest.Reading(ingest.files_of(files), format_name, options, ignore)
    library = open_library(library_folder, library_key, passphrase_file)
    manifest = ingest.ingest(
        ingest.Import(reading, description, allow_expired),
        library,
        present(),
        Counted("records read"),
    )
    set_facts.tell(manifest.provenance())
    for file in manifest.files:
        set_facts.tell_file(file.name, file.facts)
    return ExitCode.CLEAR


def _mapping(words: tuple[str, ...]) -> dict[str, str]:
    pairs = [word.partition("=") for word in words]
    if not all(role and equals and column for role, equals, column in pairs):
        msg = "--map expects ROLE=COLUMN, for example --map md5=2 or --map sha1='SHA-1'"
        raise UsageError(msg)
    return {role: column for role, _, column in pairs}
