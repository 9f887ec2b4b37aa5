"""``hashmatch library diff``: what changed between two versions of a set."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from hashmatch.commands import set_facts
from hashmatch.commands.options import library_options, open_library
from hashmatch.errors import ExitCode
from hashmatch.model.names import shown

if TYPE_CHECKING:
    from pathlib import Path

    from hashmatch.db.manifest import Manifest
    from hashmatch.db.records import StoredRecord
    from hashmatch.jobs.compare import Change


@click.command("diff")
@click.argument("old")
@click.argument("new", required=False)
@click.option("--format", "form", type=click.Choice(["text", "jsonl"]), default="text")
@click.option("--show-digests", is_flag=True, help="Write digests too; they are list content.")
@click.option("--despite-handling", is_flag=True, help="Although the set has a handling marking.")
@library_options
def command(
    old: str,
    new: str | None,
    form: str,
    show_digests: bool,
    despite_handling: bool,
    library_folder: Path | None,
    library_key: Path | None,
    passphrase_file: Path | None,
) -> int:
    """Compare the sets OLD and NEW, each a set in use or SET@VERSION.

    One name alone is compared with the version before it. Exit code 10 when they differ, 0 when
    they say the same. With --format jsonl each record that differs is a line. Digests are shown of
    versions of one set only; 'library export' writes whole sets, and records it.

    \b
    Examples:
      hashmatch library diff vic
      hashmatch library diff vic@OLD-VERSION vic --format jsonl
    """
    from hashmatch.jobs import compare  # noqa: PLC0415

    library = open_library(library_folder, library_key, passphrase_file)
    first, second = compare.versions(library, old, new)
    if show_digests:
        compare.check_shown(first, second, despite_handling=despite_handling)

    def line(change: Change) -> None:
        form = {
            "change": change.word,
            "what": list(change.what),
            "old": _side(change.old, first, digests=show_digests),
            "new": _side(change.new, second, digests=show_digests),
        }
        click.echo(json.dumps(form, sort_keys=True))

    difference = compare.compare(library, first, second, line if form == "jsonl" else None)
    if form == "text":
        for word, manifest in (("old", first), ("new", second)):
            click.echo(f"{word}  {shown(manifest.name)}@{manifest.version}")
        set_facts.tell_difference(difference)
    return ExitCode.CLEAR if difference.none else ExitCode.HITS


def _side(
    record: StoredRecord | None, manifest: Manifest, *, digests: bool
) -> dict[str, object] | None:
    if record is None:
        return None
    told: dict[str, object] = {
        "record": record.number,
        "entry": record.entry,
        "category": record.category,
        "disposition": manifest.disposition(record.category),
    }
    if digests:
        told["digests"] = {str(one.algorithm): one.hex for one in record.digests}
    return told
