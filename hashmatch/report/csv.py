"""Hits, problems and coverage as CSV files for spreadsheets.

RFC 4180 with a fixed header and codes instead of words. A cell that a spreadsheet would take
for a formula (it begins with ``=``, ``+``, ``-``, ``@``, a tab or a carriage return) gets an
apostrophe in front. Control and bidirectional characters of names are made visible; where the
shown name is not the exact one, ``path_hex`` holds its bytes. Times stand as they are stored.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.model.names import shown
from hashmatch.report.findings import gather
from hashmatch.report.item_names import ItemNames, inside
from hashmatch.report.writing import complete_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from hashmatch.model.bands import Band
    from hashmatch.model.hits import Frames, Near
    from hashmatch.report.lines import HitLine, Place, ProblemLine
    from hashmatch.report.options import ReportOptions
    from hashmatch.report.run_record import RunRecord
    from hashmatch.report.stored_run import StoredRun

Cell = str | int | None

ITEM = ("run", "n", "source", "path", "path_hex")
WHERE = ("locator", "id", "inside", "standing", "recovery", "times", "notes")
NEAR = (
    "method", "distance", "band", "threshold", "quality", "list_quality", "variant", "rendering",
    "phase", "also",
)  # fmt: skip
FRAMES = (
    "frames_matched", "frames_of", "frames_agreeing", "frames_asked", "longest_ms", "ranges_ms",
)  # fmt: skip
HITS = (
    *ITEM, "size", "sha256", "claim", "disposition", "set", "set_version", "record", "entry",
    "scheme", "category", "agreeing", "disagreeing", "conflict", "needs_confirmation", "viewed",
    *NEAR, *FRAMES, "files_near_record", "flags", *WHERE, "partial",
)  # fmt: skip
PROBLEMS = (*ITEM, "problem", "stage", "reason", *WHERE)
COVERAGE = ("run", "measure", "code", "count")

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class CsvReport:
    """Writes ``hits.csv``, ``problems.csv`` and ``coverage.csv``."""

    name: str = "csv"

    def write(self, run: StoredRun, folder: Path, options: ReportOptions) -> tuple[str, ...]:
        """Write the three files; see :class:`hashmatch.report.registry.Report`."""
        gather(run.hits(), run.problems(), run.record.counts, limit=0)
        id_, names = run.record.run, ItemNames(options.mask_names)
        flooded = run.record.floods.files
        tables: dict[str, tuple[tuple[str, ...], Iterator[tuple[Cell, ...]]]] = {
            "hits": (HITS, (_hit(id_, hit, names, flooded) for hit in run.hits())),
            "problems": (PROBLEMS, (_problem(id_, one, names) for one in run.problems())),
            "coverage": (COVERAGE, ((id_, *row) for row in _coverage(run.record))),
        }
        written = {options.name(stem, "csv"): table for stem, table in tables.items()}
        encoding = "utf-8-sig" if options.byte_order_mark else "utf-8"
        for name, (header, rows) in written.items():
            with complete_file(folder / name, encoding) as stream:
                writer = csv.writer(stream, lineterminator="\r\n")
                writer.writerow(header)
                writer.writerows([cell(value) for value in row] for row in rows)
        return tuple(written)


REPORT = CsvReport()


def cell(value: Cell) -> Cell:
    """Make a value safe for a spreadsheet: visible characters only, and never a formula."""
    if not isinstance(value, str):
        return value
    text = shown(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _item(run: str, place: Place, names: ItemNames) -> tuple[Cell, ...]:
    exact = names.exact(place)
    return run, place.n, place.source, names.item(place), exact.hex() if exact else None


def _where(place: Place, names: ItemNames) -> tuple[Cell, ...]:
    facts = names.facts(place)
    named = (names.locator(place), names.identity(place), inside(place))
    if facts is None:
        return (*named, None, None, None, None)
    times = " ".join(f"{name}={moment}" for name, moment in facts.times)
    notes = "; ".join(f"{name}={value}" for name, value in facts.notes)
    return (*named, facts.standing, facts.recovery, times, notes)


def _hit(
    run: str, hit: HitLine, names: ItemNames, flooded: Mapping[tuple[str, int], int]
) -> tuple[Cell, ...]:
    return (
        *_item(run, hit.place, names),
        hit.size,
        hit.sha256,
        hit.claim,
        hit.disposition,
        hit.set_name,
        hit.set_version,
        hit.record,
        hit.entry,
        hit.scheme,
        hit.category,
        " ".join(hit.agreeing),
        " ".join(hit.disagreeing),
        _yes(hit.conflict),
        _yes(hit.needs_confirmation),
        _yes(hit.viewed),
        *_near(hit.near, hit.band),
        flooded.get((hit.set_version, hit.record)) if hit.near else None,
        " ".join(f"{name}={_yes(stated)}" for name, stated in hit.flags.items()),
        *_where(hit.place, names),
        hit.partial,
    )


def _near(near: Near | None, band: Band | None) -> tuple[Cell, ...]:
    if near is None:
        return (None,) * (len(NEAR) + len(FRAMES))
    return (
        *(near.method, near.distance, band, near.threshold, near.quality, near.list_quality),
        *(near.variant, near.rendering, near.phase, " ".join(near.also)),
        *_frames(near.frames),
    )


def _frames(frames: Frames | None) -> tuple[Cell, ...]:
    if frames is None:
        return (None,) * len(FRAMES)
    ranges = " ".join(f"{first}-{last}" for first, last in frames.ranges)
    counts = (frames.matched, frames.of, frames.agreeing, frames.asked)
    return (*counts, frames.longest, ranges)


def _problem(run: str, one: ProblemLine, names: ItemNames) -> tuple[Cell, ...]:
    item, where = _item(run, one.place, names), _where(one.place, names)
    return (*item, one.problem, one.stage, one.reason, *where)


def _coverage(run: RunRecord) -> Iterator[tuple[Cell, ...]]:
    counts = run.counts
    yield from ((name, None, count) for name, count in counts.numbers.items())
    yield "pictures_not_asked", None, counts.not_asked
    for measure, by_code in (
        ("failed_by", counts.failed_by),
        ("skipped_by", counts.skipped_by),
        ("partial_by", counts.partial_by),
        ("not_compared_by", counts.not_compared_by),
        ("videos_not_compared_by", counts.videos_not_compared_by),
    ):
        yield from ((measure, code, count) for code, count in by_code.items())
    yield from (("left_out", part, 1) for part in sorted(run.left_out or ()))
    if run.reopened is not None:
        yield "reopened_agreed", None, run.reopened.agreed
        yield "reopened_differed", None, run.reopened.differed
        yield "reopened_unreachable", None, run.reopened.unreachable
    yield "records_near_many_files", None, run.floods.records
    for one in run.floods.named:
        yield "files_near", f"{one.set_name}@{one.set_version}#{one.record}", one.files


def _yes(value: bool) -> str:  # noqa: FBT001
    return "yes" if value else "no"
