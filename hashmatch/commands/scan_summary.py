"""What a scan found, as lines for a person or as one JSON object."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hashmatch.commands import printing, shortfalls
from hashmatch.errors import ExitCode
from hashmatch.model.locators import label
from hashmatch.model.names import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hashmatch.jobs.scan import Result
    from hashmatch.jobs.seal import Findings
    from hashmatch.jobs.set_gaps import Gap
    from hashmatch.model.tally import Tally


_LEFT_OUT = {
    "deleted": "deleted entries",
    "members": "what archives, documents, mail and images among the files hold",
}
"""What a quick look leaves out; carving is left out unless it is asked for."""

_FLOODS = 5
"""Records near very many files that are named; the others are counted."""

_BACKUPS = 20
"""Backups of phones that are told of; the others are counted."""


def as_json(result: Result) -> dict[str, object]:
    """Give the numbers of a sealed run for scripts."""
    tally = result.tally
    return {
        "run": result.folder.run_id,
        "resumed": result.resumed,
        **counted(tally),
        "items_with_hits": tally.items_with_hits,
        "hits": tally.hits,
        "conflicts": tally.conflicts,
        "changed_source": tally.changed_source,
        "left_out": list(result.left_out),
        "failed_by": dict(sorted(tally.failed_by.items())),
        "partial_by": dict(sorted(tally.partial_by.items())),
        "uncompared": [one.to_json() for one in result.gaps],
        "expired_sets": list(result.expired),
        "media": [{"label": one.label, **one.to_json()} for one in result.media],
        "phone_backups": [{"label": label(one.source), **one.to_json()} for one in result.phones],
        "floods": result.found.floods.to_json(),
        "chance": [one.to_json() for one in result.found.chance],
        "table": result.found.table,
        "exit_code": int(tally.exit_code()),
    }


def counted(tally: Tally) -> dict[str, int]:
    """Give what a scan and a triage count alike."""
    return {
        "seen": tally.seen,
        "examined": tally.examined,
        "failed": tally.failed,
        "skipped": tally.skipped,
        "bytes": tally.bytes,
        "pictures": tally.pictures,
        "compared_near": tally.compared_near,
        "low_quality": tally.low_quality,
        "pictures_sampled": tally.pictures_sampled,
        "not_compared": tally.not_compared,
        "videos": tally.videos,
        "videos_compared": tally.videos_compared,
        "videos_low_quality": tally.videos_low_quality,
        "videos_not_compared": tally.videos_not_compared,
        "inside": tally.inside,
        "deleted": tally.deleted,
        "carved": tally.carved,
        "partial": tally.partial,
        "items_with_leads": tally.items_with_leads,
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
    if of_them := _of_them(tally):
        say(of_them)
    if left := [_LEFT_OUT[one] for one in result.left_out if one in _LEFT_OUT]:
        say(f"not looked for, as the profile says: {', '.join(left)}")
    if tally.pictures:
        say(_pictures(tally))
    if tally.videos:
        say(_videos(tally))
    for words in shortfalls.lines(tally):
        say(words)
    if result.found.table:
        columns = ("set", "category", "disposition", "claim", "items", "distinct", "hits")
        printing.table([[row[key] for key in columns] for row in result.found.table], columns)
    for words in _warnings(result):
        say(words)
    say(f"result: {code.name} ({int(code)}): {code.meaning}")


def _of_them(tally: Tally) -> str:
    """Say how many entries were not simply listed; nothing where all of them were."""
    counts = (
        (tally.inside, "inside other files"),
        (tally.deleted, "deleted"),
        (tally.carved, "carved"),
        (tally.partial, "read only in part"),
    )
    told = [f"{number:,} {what}" for number, what in counts if number]
    return f"of these {', '.join(told)}" if told else ""


def _pictures(tally: Tally) -> str:
    """Account for every picture."""
    ended = (tally.compared_near, tally.low_quality, tally.not_compared)
    told = account("picture", tally.pictures, ended, "no set holds perceptual hashes of pictures")
    return told + sampled(tally)


def sampled(tally: Tally) -> str:
    """Say of how many pictures only some frames were looked at; nothing where of none."""
    number = printing.several(tally.pictures_sampled, "picture")
    return f"; of {number}, only some frames or pages" if tally.pictures_sampled else ""


def _videos(tally: Tally) -> str:
    """Account for every video."""
    ended = (tally.videos_compared, tally.videos_low_quality, tally.videos_not_compared)
    return account(
        "video", tally.videos, ended, "no set holds hashes of frames, or none was asked for"
    )


def account(kind: str, of: int, ended: tuple[int, int, int], why: str) -> str:
    """Tell how the files of a kind ended: compared, with too little structure, not in full, or not.

    ``why`` says why some of the ``of`` files ended in none of these ways.
    """
    ways = ("compared", "too featureless to compare", "not compared in full")
    words = [f"{number:,} {how}" for number, how in zip(ended, ways, strict=True)]
    if unasked := of - sum(ended):
        words.append(f"{unasked:,} by digests alone, as {why}")
    return f"{printing.several(of, kind)}: {', '.join(words)}"


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


def _doubts(found: Findings) -> Iterator[str]:
    """Say where near hits tell little: entries near too many files, and methods of chance."""
    near = any(row["claim"] in {"near", "lead"} for row in found.table)
    for one in found.floods.named[:_FLOODS]:
        entry = f", entry {shown(one.entry)}" if one.entry else ""
        yield (
            f"WARNING: record {one.record} of set {one.set_name}{entry} agrees with {one.files:,}"
            f" different files (quality {one.quality}): it is perhaps a picture without much"
            " content or an error of the list, or there are many versions of the same picture;"
            " check the entry."
        )
    if more := found.floods.records - len(found.floods.named[:_FLOODS]):
        yield f"WARNING: {more:,} more records are like that; run.json names those with most files."
    for line in found.chance:
        if near and line.measured is not None and line.measured.many:
            yield (
                f"WARNING: about {line.measured.number:,.0f} agreements by {line.method} with set"
                f" {line.set_name} are to be expected by chance alone."
            )


def _media(result: Result) -> Iterator[str]:
    """Say what of images is in doubt, and what would help; then what there is about backups."""
    for told in result.warnings:
        yield f"WARNING: {told}."
    for one in result.media:
        for told in one.doubts():
            yield f"WARNING: {told}."
        if one.before is None:
            yield f"{one.label}: its content was not verified (--verify none)."
        for told in one.advice():
            yield f"NOTE: {told}"
    for backup in result.phones[:_BACKUPS]:
        yield from backup.told()
    if (more := len(result.phones) - _BACKUPS) > 0:
        yield f"NOTE: {more:,} more backups of phones were met; run.json says what is to be said."


def _warnings(result: Result) -> list[str]:
    tally, words = result.tally, []
    if all(row["claim"] == "lead" for row in result.found.table):
        words.append(
            "No examined item agrees with a loaded hash set. "
            "This does not establish the absence of unlawful material."
        )
    if tally.items_with_leads:
        items = printing.several(tally.items_with_leads, "item has", "items have")
        words.append(f"{items} leads only: possible derivatives; not matches.")
    words += _doubts(result.found)
    words += map(_gap, result.gaps)
    words += _not_evaluated(result.gaps)
    if result.expired:
        words.append(f"WARNING: these sets have expired: {', '.join(result.expired)}.")
    if tally.conflicts:
        items = printing.several(tally.conflicts, "item is", "items are")
        words.append(f"{items} benign in one set and not in another.")
    words += _media(result)
    if tally.reopened_differ:
        items = printing.several(tally.reopened_differ, "item")
        words.append(
            f"WARNING: {items} with hits could not be found again by the locator with the same"
            " digests; run.json names them."
        )
    if tally.changed_source:
        words.append("WARNING: a source changed while it was examined; see run.json.")
    if tally.exit_code() in {ExitCode.INCOMPLETE, ExitCode.HITS_INCOMPLETE}:
        words.append("This run is INCOMPLETE; the report and its files say what is missing.")
    return words
