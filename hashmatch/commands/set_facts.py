"""What an installed set is, where it came from and what was kept of it, as lines for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hashmatch.commands import printing
from hashmatch.model.names import shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hashmatch.db.manifest import Manifest
    from hashmatch.jobs.compare import Difference

_WIDTH = len("quarantined values ")
_CHANGED = {
    "replaced": "replaced of it",
    "withdrawn": "withdrawn of it",
    "idle": "idle withdrawals",
}


def tell(facts: Mapping[str, object]) -> None:
    """Print what the library says about a set; never a digest of the list itself."""
    for key in ("name", "version", "kind", "scheme", "publisher", "list_version", "list_date"):
        _line(key, facts[key])
    for key in ("issued", "expires", "handling"):
        _line(key, facts[key])
    _tell_records(facts["records"])
    _tell_changes(facts)
    for key in ("values", "not_evaluated", "dropped", "lost_values", "quarantined_values"):
        table = facts[key]
        if isinstance(table, dict) and table:
            _line(key, ", ".join(f"{name} {count:,}" for name, count in sorted(table.items())))
    files = facts["files"]
    for file in files if isinstance(files, list) else ():
        _line("file", f"{file['name']} ({printing.amount(file['size'])}), sha256 {file['sha256']}")


def _tell_records(records: object) -> None:
    if not isinstance(records, dict):
        return
    click.echo(
        f"{'records':<{_WIDTH}}{records['read']:,} read = {records['kept']:,} kept"
        f" + {records['dropped']:,} dropped + {records['quarantined']:,} quarantined"
    )
    for key in ("carried", "superseded", "withdrawn", "unmatchable"):
        if records.get(key):
            _line(key, f"{records[key]:,} records")


def _tell_changes(facts: Mapping[str, object]) -> None:
    """Print what was changed of an earlier version, and what is only a filter."""
    changes, filters = facts.get("changes"), facts.get("filters")
    if isinstance(changes, dict):
        _line("changes version", changes["base"])
        for key, words in _CHANGED.items():
            if changes[key]:
                _line(words, f"{changes[key]:,} records" if key != "idle" else f"{changes[key]:,}")
    for one in filters if isinstance(filters, list) else ():
        what = f"{one['algorithm']}, {one['inserted']:,} values: says maybe, never a hit"
        _line("filter", what)


def tell_import(manifest: Manifest) -> None:
    """Print a set that was just installed: how its list was taken, and what the list says."""
    importer = manifest.stated.importer
    tell(manifest.provenance())
    if importer:
        _line("read as", f"{importer['format']}, known by {importer['recognised']}")
    for file in manifest.files:
        tell_file(file.name, file.facts)
    if manifest.changes.idle:
        printing.tell(f"hashmatch: {manifest.changes.idle:,} withdrawals found no record")


def tell_difference(difference: Difference) -> None:
    """Print in counts what changed between two versions."""
    for key in ("same", "added", "removed", "changed"):
        _line(key, f"{getattr(difference, key):,} records")
    for what, number in sorted(difference.what.items()):
        _line(f"changed {what}", f"{number:,}")


def tell_exports(exports: Sequence[Mapping[str, object]]) -> None:
    """Print when and for what a set left the library."""
    for one in exports:
        _line(
            "exported",
            f"{one['when']} as {one['writer']} to {one['file']}, {one['records']:,} records, "
            f"sha256 {one['sha256']}, for: {one['purpose']}",
        )


def tell_file(name: str, facts: Mapping[str, str]) -> None:
    """Print what a list file says about itself, and warn of columns that were not taken."""
    said = {key: value for key, value in facts.items() if key != "unread_columns"}
    if said:
        _line("says", f"{name}: " + ", ".join(f"{k} {v}" for k, v in sorted(said.items())))
    if "unread_columns" in facts:
        printing.tell(
            f"{name}: these columns look like hashes and were not read: {facts['unread_columns']}; "
            "say what they hold with --map"
        )


def _line(key: str, value: object) -> None:
    if value is not None:
        click.echo(f"{key.replace('_', ' '):<{_WIDTH}}{shown(str(value))}")
