"""``hashmatch triage``: the most promising files first, for a decision on the scene."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import click

from hashmatch.commands import shortfalls
from hashmatch.commands.options import (
    FOLDER,
    SETS,
    THRESHOLD,
    library_options,
    open_library,
    workers_option,
)
from hashmatch.commands.printing import amount, several, tell
from hashmatch.commands.scan_summary import account, counted, sampled
from hashmatch.commands.setting import confinement, limits, present
from hashmatch.errors import ExitCode, UsageError
from hashmatch.model import names
from hashmatch.model.names import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from hashmatch.jobs.triage import Found, Result
    from hashmatch.model.hits import Hit, Near

_SPAN = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)(s|m|min|h)?")
_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, None: 1}

_STOPS = {
    "everything-listed-was-read": "every file that could be listed was looked at",
    "enough-hits": "enough hits",
    "time-is-over": "the time is over",
    "interrupted": "interrupted",
}
_NOT_LOOKED_FOR = (
    "not looked for: deleted entries, what archives, documents, mail and images among the files"
    " hold, and free space"
)


@click.command("triage")
@click.argument("sources", nargs=-1, required=True, type=FOLDER, metavar="SOURCE...")
@SETS
@click.option("--stop-after", type=click.IntRange(1), help="Stop after so many files with hits.")
@click.option("--time-budget", metavar="TIME", help="Stop after so long: 90s, 20m, 1h.")
@click.option(
    "--near",
    "effort",
    type=click.Choice(["fast", "standard", "thorough"]),
    default="fast",
    show_default=True,
    help="How much is computed of each picture; fast decodes no videos.",
)
@THRESHOLD
@workers_option("Worker processes.")
@click.option("--format", "form", type=click.Choice(["text", "json", "jsonl"]), default="text")
@library_options
def command(
    sources: tuple[Path, ...],
    sets: tuple[str, ...],
    stop_after: int | None,
    time_budget: str | None,
    effort: str,
    threshold: int,
    workers: int,
    form: str,
    library_folder: Path | None,
    library_key: Path | None,
    passphrase_file: Path | None,
) -> int:
    """Look at the most promising files of SOURCE... first and print each hit at once.

    SOURCE is a folder, an image of a disk, a block device or a single file. Deleted files, and
    what archives hold, are not looked for; images are not verified.
    The order comes from names, places, sizes and times. Ctrl-C ends it like a limit does, with
    what was covered. A triage is no examination and keeps no record: it ends with 10 or 13 for
    hits, and with 3 without any, however much was looked at. Use 'hashmatch scan' for a result.

    \b
    Examples:
      hashmatch triage /media/stick --stop-after 1
      hashmatch triage /mnt/disk --time-budget 20m --set vic --format jsonl
      hashmatch triage /evidence/phone.E01 --stop-after 1
    """
    from hashmatch.jobs import triage  # noqa: PLC0415  # NumPy takes a while
    from hashmatch.matching.near import Limits  # noqa: PLC0415
    from hashmatch.model.wanted import Effort  # noqa: PLC0415

    request = triage.Request(
        sources,
        sets,
        Limits(threshold),
        workers,
        stop_after,
        _seconds(time_budget),
        Effort(effort),
        limits(),
        confinement(),
    )
    library = open_library(library_folder, library_key, passphrase_file)
    kept: list[dict[str, object]] = []
    shows: dict[str, Callable[[Found], None]] = {
        "text": _say,
        "jsonl": lambda found: click.echo(json.dumps(_object(found))),
        "json": lambda found: kept.append(_object(found)),
    }
    result = triage.triage(request, library, present().clock, shows[form])
    if form == "text":
        _sum_up(result, effort)
    elif form == "jsonl":
        click.echo(json.dumps({"summary": _summary(result)}))
    else:
        click.echo(json.dumps({"hits": kept, "summary": _summary(result)}))
    return result.exit_code()


def _seconds(stated: str | None) -> float | None:
    if stated is None:
        return None
    found = _SPAN.fullmatch(stated.strip())
    if found is None or not float(found[1]):
        msg = "--time-budget is no time such as 90s, 20m or 1h"
        raise UsageError(msg)
    return float(found[1]) * _UNITS[found[2]]


def _say(found: Found) -> None:
    for hit in found.hits:
        near = hit.near
        told = [str(hit.claim), str(hit.disposition), f"set {hit.set_name}"]
        if hit.category is not None:
            told.append(f"category {hit.category}")
        if near is not None:
            told.append(f"{near.method} distance {near.distance} of {near.threshold}")
            told += _how(near)
        click.echo(f"{shown(_path(found))}: {shown(', '.join(told))}")


def _how(near: Near) -> Iterator[str]:
    """Say which view of a picture agreed, and where in a video, as far as it is not the usual."""
    if near.rendering not in {"stored", "video-frame"}:
        yield f"rendering {near.rendering}"
    if near.variant != "identity":
        yield f"variant {near.variant}"
    if near.frames is not None:
        yield f"{near.frames.matched} of {near.frames.of} frames of the record"
        yield from (
            f"at {first / 1000:.1f}-{last / 1000:.1f} s" for first, last in near.frames.ranges
        )


def _path(found: Found) -> bytes:
    return found.source.location.rstrip(b"/") + b"/" + found.item.path


def _object(found: Found) -> dict[str, object]:
    return {
        **names.to_json(_path(found)),
        "size": found.item.size,
        "digests": {str(one.algorithm): one.hex for one in found.item.reading.digests},
        "hits": [_hit(one) for one in found.hits],
    }


def _hit(hit: Hit) -> dict[str, object]:
    near = hit.near
    return {
        "claim": str(hit.claim),
        "disposition": str(hit.disposition),
        "set": hit.set_name,
        "set_version": hit.set_version,
        "record": hit.record,
        "scheme": hit.scheme,
        "category": hit.category,
        "agreeing": [str(one) for one in hit.agreeing],
        "method": str(near.method) if near else None,
        "distance": near.distance if near else None,
        "threshold": near.threshold if near else None,
        "near": near.to_json() if near else None,
    }


def _summary(result: Result) -> dict[str, object]:
    tally = result.tally
    return {
        "stop": str(result.stop),
        **counted(tally),
        "not_reached": result.not_reached,
        "folders_not_listed": result.folders_waiting,
        "items_with_hits": tally.items_with_notable_hits,
        "uncompared_records": tally.uncompared_records,
        "expired_sets": list(result.expired),
        "exit_code": int(result.exit_code()),
    }


def _sum_up(result: Result, effort: str) -> None:
    tally = result.tally
    click.echo(f"stopped: {_STOPS[result.stop]}")
    click.echo(
        f"{tally.seen:,} seen = {tally.examined:,} examined + {tally.failed:,} failed"
        f" + {tally.skipped:,} skipped + {result.not_reached:,} not reached;"
        f" {several(result.folders_waiting, 'folder')} not listed; {amount(tally.bytes)} read"
    )
    if tally.pictures:
        ended = (tally.compared_near, tally.low_quality, tally.not_compared)
        told = account("picture", tally.pictures, ended, "no set holds their hashes")
        click.echo(told + sampled(tally))
    if tally.videos:
        ended = (tally.videos_compared, tally.videos_low_quality, tally.videos_not_compared)
        fast = "--near fast decodes no videos"
        why = fast if effort == "fast" else "no set holds hashes of frames"
        click.echo(account("video", tally.videos, ended, why))
    for words in shortfalls.lines(tally):
        click.echo(words)
    click.echo(_NOT_LOOKED_FOR)
    if tally.uncompared_records:
        records = several(tally.uncompared_records, "record")
        click.echo(f"{records} of the sets could not be looked for in this way")
    if result.expired:
        tell(f"WARNING: these sets have expired: {', '.join(result.expired)}.")
    code = result.exit_code()
    if code is ExitCode.INCOMPLETE:
        click.echo(
            "No known file was found in what was examined. This says nothing of the rest, and a"
            " triage is no examination: use 'hashmatch scan'."
        )
    else:
        items = several(tally.items_with_notable_hits, "file agrees", "files agree")
        click.echo(f"{items} with a hash set. For a record use 'hashmatch scan'.")
    if tally.items_with_leads:
        items = several(tally.items_with_leads, "file has", "files have")
        click.echo(f"{items} leads only: possible derivatives; not matches.")
    click.echo(f"result: {code.name} ({int(code)})")
