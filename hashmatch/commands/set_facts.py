"""What an installed set is, where it came from and what was kept of it, as lines for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hashmatch.commands import printing
from hashmatch.model.names import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hashmatch.db.manifest import Manifest
    from hashmatch.jobs.compare import Difference

_WIDTH = len("quarantined values ")
_TABLES = (
    "dispositions",
    "values",
    "not_evaluated",
    "dropped",
    "lost_values",
    "quarantined_values",
)
_CAME = ("read", "carried")
_ENDED = ("kept", "dropped", "quarantined", "superseded", "withdrawn")
"""How every record ended that came: both sides of the sum are told."""

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
    for key in _TABLES:
        table = facts[key]
        if isinstance(table, dict) and table:
            _line(key, _counted(table))
    files = facts["files"]
    for file in files if isinstance(files, list) else ():
        _line("file", f"{file['name']} ({printing.amount(file['size'])}), sha256 {file['sha256']}")


def _counted(table: Mapping[str, int]) -> str | None:
    return ", ".join(f"{name} {count:,}" for name, count in sorted(table.items())) or None


def _tell_records(records: object) -> None:
    if not isinstance(records, dict):
        return
    came = [f"{records[key]:,} {key}" for key in _CAME if records.get(key) or key == "read"]
    ended = [f"{records[key]:,} {key}" for key in _ENDED if key in records]
    _line("records", f"{' + '.join(came)} = {' + '.join(ended)}")
    if records.get("unmatchable"):
        _line("unmatchable", printing.several(records["unmatchable"], "record"))


def _tell_changes(facts: Mapping[str, object]) -> None:
    """Print what was changed of an earlier version, and what is only a filter."""
    changes, filters = facts.get("changes"), facts.get("filters")
    if isinstance(changes, dict):
        _line("changes version", changes["base"])
        for key, words in _CHANGED.items():
            if changes[key]:
                many = f"{changes[key]:,}" if key == "idle" else None
                _line(words, many or printing.several(changes[key], "record"))
        _line("lost before", _counted(changes["lost"]))
    for one in filters if isinstance(filters, list) else ():
        held = printing.several(one["inserted"], "value")
        what = f"{one['algorithm']}, {held}: says maybe, never a hit"
        _line("filter", what)


def tell_import(manifest: Manifest) -> None:
    """Print a set that was just installed: how its list was taken, and what the list says."""
    importer = manifest.stated.importer
    tell(manifest.provenance())
    if importer:
        form, how = (
            importer.get(f"changes_{key}", importer[key]) for key in ("format", "recognised")
        )
        _line("read as", f"{form}, known by {how}")
    for file in manifest.files:
        tell_file(file.name, file.facts)
    for words in _warnings(manifest):
        printing.tell(f"hashmatch: {words}")


def _warnings(manifest: Manifest) -> Iterator[str]:
    """Say what of a new set will not do what its reader may expect."""
    from hashmatch.jobs import choice  # noqa: PLC0415  # only an import needs it

    counts = manifest.counts
    if counts.unknown_codes:
        yield (
            f"{counts.unknown_codes:,} of {printing.several(counts.coded, 'record')} with a "
            f"category carry codes that the scheme {manifest.scheme} does not know: they decide "
            "nothing"
        )
    if kinds := choice.not_scanned(manifest):
        yield (
            f"a scan does not compare: {', '.join(kinds)}; ask them with 'hashmatch library lookup'"
        )
    if methods := [kind for kind in kinds if kind in choice.FURTHER]:
        yield (
            "unless it is asked to, and a hasher is installed for them: "
            f"scan --hashes {','.join(methods)}"
        )
    if manifest.changes.idle:
        yield f"{printing.several(manifest.changes.idle, 'withdrawal')} found no record"


def tell_difference(difference: Difference) -> None:
    """Print in counts what changed between two versions."""
    for key in ("same", "added", "removed", "changed"):
        _line(key, printing.several(getattr(difference, key), "record"))
    for what, number in sorted(difference.what.items()):
        _line(f"changed {what}", f"{number:,}")


def tell_exports(exports: Sequence[Mapping[str, Any]]) -> None:
    """Print when and for what a set left the library."""
    for one in exports:
        _line(
            "exported",
            f"{one['when']} as {one['writer']} to {one['file']}, "
            f"{printing.several(one['records'], 'record')}, "
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
        click.echo(f"{key.replace('_', ' ') + ' ':<{_WIDTH}}{shown(str(value))}")
