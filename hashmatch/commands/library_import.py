"""``hashmatch library import``: install the files of a list as a new set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hashmatch.commands import set_facts
from hashmatch.commands.library_reading import about, read_options, reading_options
from hashmatch.commands.options import FOLDER, library_options, open_library
from hashmatch.commands.progress import Imported
from hashmatch.commands.setting import present
from hashmatch.errors import ExitCode

if TYPE_CHECKING:
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
    help="What category codes mean: a scheme of 'library schemes' such as vic-us, a YAML file of "
    "your own, or none to leave codes aside.",
)
@click.option("--replace", is_flag=True, help="Take the place of a set of that name.")
@reading_options
@library_options
def command(
    files: tuple[Path, ...],
    name: str,
    kind: str,
    scheme: str | None,
    replace: bool,
    format_name: str | None,
    accept_losses: bool,
    allow_expired: bool,
    library_folder: Path | None,
    library_key: Path | None,
    passphrase_file: Path | None,
    **words: Any,  # noqa: ANN401  # see library_reading
) -> int:
    """Install all FILEs of one list as a new set.

    A set that is there already is brought up to date with 'library update', which compares the new
    list with the old one; --replace puts a list in its place without that.

    The meaning of a list is stated, never guessed. A list that would lose rows, is used outside its
    days or holds nothing that can match is refused and the library stays as it was. A FILE may be a
    folder, a pattern in quotes, a zip archive or a gzip file; nothing is unpacked to the disk.
    The form of a list is recognised by its structure, never by its name alone; 'library formats'
    lists all forms, 'library schemes' what category codes can mean.

    \b
    Examples:
      hashmatch library import "vic/*.json" --set vic --kind categorized --scheme vic-us
      hashmatch library import lists.zip --set vic --kind categorized --scheme vic-us
      hashmatch library import good.hashdeep --set known-good --kind benign
      hashmatch library import tip.txt --set tip-123 --kind reported --type sha256
      hashmatch library import t.csv --set hotline --kind illegal --map md5=2 --map pdq=PDQ
      hashmatch library import e.xml --set ncmec --kind categorized --scheme ncmec-industry \\
          --environment industry
      hashmatch library import lab.json --set lab --kind reported --format mapped \\
          --mapping lab.yaml
    """
    from hashmatch.db.description import SetDescription, SetKind  # noqa: PLC0415
    from hashmatch.db.profiles import load  # noqa: PLC0415
    from hashmatch.jobs import ingest  # noqa: PLC0415

    ignore = scheme == "none"
    description = SetDescription(
        name=name,
        kind=SetKind(kind),
        profile=load(scheme) if scheme and not ignore else None,
        accept_losses=accept_losses,
        **about(words),
    )
    reading = ingest.Reading(
        files, format_name, read_options(words), ignore, words["skip_unrecognised"]
    )
    library = open_library(library_folder, library_key, passphrase_file)
    wanted = ingest.Import(reading, description, allow_expired, new=not replace)
    manifest = ingest.ingest(wanted, library, present(), Imported())
    set_facts.tell_import(manifest)
    return ExitCode.CLEAR
