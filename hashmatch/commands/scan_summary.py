"""What a scan found, as lines for a person or as one JSON object."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hashmatch.commands import printing
from hashmatch.errors import ExitCode

if TYPE_CHECKING:
    from hashmatch.jobs.scan import Result


def as_json(result: Result) -> dict[str, object]:
    """Give the numbers of a sealed run for scripts."""
    tally = result.tally
    return {
        "run": result.folder.run_id,
        "resumed": result.resumed,
        "seen": tally.seen,
        "examined": tally.examined,
        "failed": tally.failed,
        "skipped": tally.skipped,
        "bytes": tally.bytes,
        "pictures": tally.pictures,
        "compared_near": tally.compared_near,
        "low_quality": tally.low_quality,
        "not_compared": tally.not_compared,
        "items_with_hits": tally.items_with_hits,
        "hits": tally.hits,
        "conflicts": tally.conflicts,
        "changed_source": tally.changed_source,
        "expired_sets": list(result.expired),
        "table": result.table,
        "exit_code": int(tally.exit_code()),
    }


def tell(result: Result) -> None:
    """Print what a sealed run found, and what it could not examine."""
    tally, code = result.tally, result.tally.exit_code()
    say = click.echo
    say(f"run {result.folder.run_id}{' (resumed)' if result.resumed else ''}")
    say(
        f"{tally.seen:,} seen = {tally.examined:,} examined + {tally.failed:,} failed"
        f" + {tally.skipped:,} skipped; {printing.amount(tally.bytes)} read"
    )
    if tally.pictures:
        say(
            f"{tally.pictures:,} pictures: {tally.compared_near:,} compared, "
            f"{tally.low_quality:,} too featureless to compare, {tally.not_compared:,} unreadable"
        )
    if result.table:
        columns = ("set", "category", "disposition", "claim", "items", "distinct", "hits")
        printing.table([[row[key] for key in columns] for row in result.table], columns)
    for words in _warnings(result):
        say(words)
    say(f"result: {code.name} ({int(code)}): {code.meaning}")


def _warnings(result: Result) -> list[str]:
    tally, words = result.tally, []
    if not tally.items_with_hits:
        words.append(
            "No examined item agrees with a loaded hash set. "
            "This does not establish the absence of unlawful material."
        )
    if result.expired:
        words.append(f"WARNING: these sets have expired: {', '.join(result.expired)}.")
    if tally.conflicts:
        words.append(f"{tally.conflicts:,} items are benign in one set and not in another.")
    if tally.changed_source:
        words.append("WARNING: a source changed while it was examined; see run.json.")
    if tally.exit_code() in {ExitCode.INCOMPLETE, ExitCode.HITS_INCOMPLETE}:
        words.append("This run is INCOMPLETE; problems.jsonl and the report say what is missing.")
    return words
