"""A whole run as JSON lines for machines: the run, then every outcome, hit and problem.

Each line has a ``type``: ``run``, ``outcome``, ``hit``, ``problem`` and at last ``end`` with the
number of lines of each, so that a file cut short is noticed. Everything outside ASCII is
escaped, so that no name can disguise itself where the file is shown.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from hashmatch.model import names
from hashmatch.report import source_lines
from hashmatch.report.findings import gather
from hashmatch.report.item_names import ItemNames
from hashmatch.report.writing import complete_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from hashmatch.model.records import Json
    from hashmatch.report.lines import HitLine, OutcomeLine, Place, ProblemLine
    from hashmatch.report.options import ReportOptions
    from hashmatch.report.stored_run import StoredRun

Line = dict[str, "Json"]

HEADER = (
    "schema", "run", "case", "status", "operator", "started", "finished", "utc_offset", "resumed",
    "tool", "host", "sets", "settings", "self_test", "counts", "floods", "chance",
    "roots", "exit_code",
)  # fmt: skip
"""What is passed on of ``run.json`` as it stands; the rest of it holds names."""


@dataclass(frozen=True, slots=True)
class JsonLinesReport:
    """Writes ``run.jsonl``."""

    name: str = "jsonl"

    def write(self, run: StoredRun, folder: Path, options: ReportOptions) -> tuple[str, ...]:
        """Write the file; see :class:`hashmatch.report.registry.Report`."""
        extra = ["perceptual"] if options.perceptual else []
        name = options.name("run", *extra, "jsonl")
        count: Counter[str] = Counter()
        with complete_file(folder / name) as stream:
            for line in _content(run, options):
                count[str(line["type"])] += 1
                stream.write(encode(line))
            stream.write(encode({"type": "end", "lines": dict(count)}))
        return (name,)


REPORT = JsonLinesReport()


def encode(line: Line) -> str:
    """Write one line: sorted keys, no blanks, printable ASCII only."""
    text = json.dumps(line, sort_keys=True, separators=(",", ":"))
    return text.replace("\x7f", "\\u007f") + "\n"


def _content(run: StoredRun, options: ReportOptions) -> Iterator[Line]:
    gather(run.hits(), run.problems(), run.record.counts, limit=0)
    shown = ItemNames(options.mask_names)
    yield _header(run, shown)
    for outcome in run.outcomes():
        yield _outcome(outcome, shown, options)
    for hit in run.hits():
        yield _hit(hit, shown)
    for problem in run.problems():
        yield _problem(problem, shown)


def _header(run: StoredRun, shown: ItemNames) -> Line:
    line: Line = {"type": "run", "names_masked": shown.mask}
    line |= {key: run.plain[key] for key in HEADER if key in run.plain}
    if shown.mask:
        line["sources"] = [source_lines.masked(one, shown) for one in run.record.sources]
    else:
        line |= {key: run.plain[key] for key in ("sources", "argv")}
    if run.record.reopened is not None:
        line["reopened"] = source_lines.reopened(run.record.reopened, shown)
    return line


def _named(name: str, exact: bytes | None, key: str) -> Line:
    return {key: name} if exact is None else dict(names.to_json(exact, key))


def _place(kind: str, place: Place, shown: ItemNames) -> Line:
    exact = None if shown.mask else place.path
    head: Line = {"type": kind, "n": place.n, "source": place.source}
    known = {"locator": shown.locator(place), "id": shown.identity(place)}
    head |= {key: value for key, value in known.items() if value is not None}
    if (facts := shown.facts(place)) is not None:
        head["facts"] = facts.to_json()
    return head | _named(shown.item(place), exact, "path")


def _outcome(one: OutcomeLine, shown: ItemNames, options: ReportOptions) -> Line:
    facts = one.facts if options.perceptual else _without_values(one.facts)
    return _place("outcome", one.place, shown) | {"outcome": str(one.outcome), **facts}


def _without_values(facts: Mapping[str, Json]) -> Line:
    """Leave out the perceptual hashes; method, rendering, quality and times of frames stay."""
    kept = dict(facts)
    if isinstance(picture := facts.get("picture"), dict):
        hashes = cast("list[Line]", picture["hashes"])
        bare: list[Json] = [{k: v for k, v in one.items() if k != "variants"} for one in hashes]
        kept["picture"] = {**picture, "hashes": bare}
    if isinstance(video := facts.get("video"), dict):
        frames = cast("list[list[Json]]", video["hashes"])
        kept["video"] = {**video, "hashes": [frame[:2] for frame in frames]}
    return kept


def _hit(hit: HitLine, shown: ItemNames) -> Line:
    flags: Line = {"flags": dict(hit.flags)} if hit.flags else {}
    if hit.partial is not None:
        flags["partial"] = str(hit.partial)
    return (
        _place("hit", hit.place, shown)
        | flags
        | {
            "sha256": hit.sha256,
            "size": hit.size,
            "claim": str(hit.claim),
            "disposition": str(hit.disposition),
            "set": hit.set_name,
            "set_version": hit.set_version,
            "record": hit.record,
            "entry": hit.entry,
            "scheme": hit.scheme,
            "category": hit.category,
            "agreeing": [str(one) for one in hit.agreeing],
            "disagreeing": [str(one) for one in hit.disagreeing],
            "conflict": hit.conflict,
            "needs_confirmation": hit.needs_confirmation,
            "viewed": hit.viewed,
            "near": hit.near.to_json() | {"band": hit.band and str(hit.band)} if hit.near else None,
        }
    )


def _problem(one: ProblemLine, shown: ItemNames) -> Line:
    return _place("problem", one.place, shown) | {
        "problem": str(one.problem),
        "stage": one.stage and str(one.stage),
        "reason": one.reason,
    }
