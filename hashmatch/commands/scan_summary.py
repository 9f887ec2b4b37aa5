"""What a scan found, as lines for a person or as one JSON object."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hashmatch.commands import printing
from hashmatch.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hashmatch.jobs.scan import Result
    from hashmatch.jobs.set_gaps import Gap
    from hashmatch.model.outcomes import Tally


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
        "uncompared": [one.to_json() for one in result.gaps],
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
        say(_pictures(tally))
    if result.table:
        columns = ("set", "category", "disposition", "claim", "items", "distinct", "hits")
        printing.table([[row[key] for key in columns] for row in result.table], columns)
    for words in _warnings(result):
        say(words)
    say(f"result: {code.name} ({int(code)}): {code.meaning}")


def _pictures(tally: Tally) -> str:
    """Account for every picture."""
    ended = {
        "compared": tally.compared_near,
        "too featureless to compare": tally.low_quality,
        "unreadable or damaged": tally.not_compared,
    }
    words = [f"{number:,} {how}" for how, number in ended.items()]
    if unasked := tally.pictures - sum(ended.values()):
        words.append(f"{unasked:,} by digests alone, as no set holds perceptual hashes of pictures")
    return f"{printing.several(tally.pictures, 'picture')}: {', '.join(words)}"


def _gap(gap: Gap) -> str:
    kinds = ", ".join(gap.kinds)
    if not gap.records:
        return f"set {gap.set_name}: values of these kinds are not compared: {kinds}"
    told = f" ({kinds})" if kinds else ""
    of = printing.several(gap.of, "record")
    return f"set {gap.set_name}: {gap.records:,} of {of} cannot be compared{told}"


def _not_evaluated(gaps: Iterable[Gap]) -> list[str]:
    """Say of each perceptual method what would have its values compared."""
    from hashmatch.jobs.choice import Why  # noqa: PLC0415  # loaded by the scan

    told = {
        Why.NOT_ASKED: "it was not asked for (--hashes {kind})",
        Why.NO_HASHER: "no hasher for it is installed (see 'hashmatch doctor')",
    }
    found = {kind: why for gap in gaps for kind, why in zip(gap.kinds, gap.why, strict=True)}
    return [
        f"{kind}: not evaluated, as {told[why].format(kind=kind)}"
        for kind, why in sorted(found.items())
        if why in told
    ]


def _warnings(result: Result) -> list[str]:
    tally, words = result.tally, []
    if not tally.items_with_hits:
        words.append(
            "No examined item agrees with a loaded hash set. "
            "This does not establish the absence of unlawful material."
        )
    words += map(_gap, result.gaps)
    words += _not_evaluated(result.gaps)
    if result.expired:
        words.append(f"WARNING: these sets have expired: {', '.join(result.expired)}.")
    if tally.conflicts:
        items = printing.several(tally.conflicts, "item is", "items are")
        words.append(f"{items} benign in one set and not in another.")
    if tally.changed_source:
        words.append("WARNING: a source changed while it was examined; see run.json.")
    if tally.exit_code() in {ExitCode.INCOMPLETE, ExitCode.HITS_INCOMPLETE}:
        words.append("This run is INCOMPLETE; the report and its files say what is missing.")
    return words
