"""What the page shows: the values and small functions that its templates use."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from hashmatch.model.hashes import NATIVE, VARIANTS, Method
from hashmatch.model.hits import Claim, Disposition
from hashmatch.model.outcomes import MADE
from hashmatch.model.wanted import Effort
from hashmatch.report import dates
from hashmatch.report.item_names import ItemNames, inside
from hashmatch.report.lines import Problem
from hashmatch.report.verify_commands import commands
from hashmatch.report.words import clock, number, rough, size

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hashmatch.model.hits import Near
    from hashmatch.model.outcomes import Reason
    from hashmatch.model.records import Json
    from hashmatch.report.findings import Findings
    from hashmatch.report.lines import HitLine, Place
    from hashmatch.report.options import ReportOptions
    from hashmatch.report.run_record import RunRecord, TallyRow
    from hashmatch.report.words import Words

PARTS = (
    "identity", "result", "coverage", "tally", "hits", "conflicts", "problems", "limits",
    "provenance", "verify", "sign", "glossary",
)  # fmt: skip
FLOODS = 20
"""Records near to very many files that are listed; the others are counted."""
LISTED = 20
"""So many files, stretches and notes of one image are listed; the others are counted."""

_AS_STORED = frozenset({Method.PHASH, Method.DHASH, Method.AHASH, Method.WHASH, Method.BLOCKMEAN})
"""Methods whose values of turned pictures do not follow from that of the picture."""

_IMAGED = frozenset({"image", "device"})

DATED = frozenset({"list_date", "issued", "expires"})


SETTLED = {"near": "effort", "profile": "profile", "verify": "verify"}
"""Settings with one of a family of codes."""


class NotDone(NamedTuple):
    """One line of the table that says what was not examined and why."""

    what: str
    code: str
    meaning: str
    number: int


@dataclass(frozen=True, slots=True)
class Page:
    """One page of one run in one language."""

    run: RunRecord
    sealed: Mapping[str, str]
    found: Findings
    words: Words
    options: ReportOptions

    def content(self) -> dict[str, object]:
        """Everything that the templates may name."""
        return {
            **self._facts(),
            "t": self.words.text,
            "explain": self.words.code,
            "num": number,
            "bytes": size,
            "clock": clock,
            "rough": rough,
            "how": how,
            "kind": kind,
            "share": share,
            "plain": plain,
            "inside": inside,
            "in_part": in_part,
            "times": self.times,
            "notes": self.notes,
            "label": self.label,
            "moment": partial(dates.moment, language=self.words.language, months=self.words.months),
            "stated": partial(dates.stated, language=self.words.language, months=self.words.months),
            "expired": self.expired,
        }

    def _facts(self) -> dict[str, object]:
        counts, mask = self.run.counts, self.options.mask_names
        return {
            "parts": PARTS,
            "dated": DATED,
            "settled": SETTLED,
            "language": self.words.language,
            "glossary": self.words.glossary,
            "run": self.run,
            "counts": counts.numbers,
            "not_asked": counts.not_asked,
            "videos_not_asked": counts.videos_not_asked,
            "found": self.found,
            "claims": tuple(Claim),
            "meanings": [(one, n) for one in Disposition if (n := self.found.meanings[one])],
            "partial": self.found.by_problem[Problem.PARTIAL],
            "viewed": self.found.viewed > 0,
            "listed": LISTED,
            "rows": self.options.row_limit,
            "floods": self.run.floods.named[:FLOODS],
            "floods_more": self.run.floods.records - len(self.run.floods.named[:FLOODS]),
            "flooded": self.run.floods.files,
            "gaps": list(self.gaps()),
            "reasons": list(self.reasons()),
            "bar": list(bar(counts["examined"], counts["failed"], counts["skipped"])),
            "tally": sorted(counts.table, key=_weight),
            "limits": list(self.limits()),
            "masked": mask,
            "names": ItemNames(mask),
            "command": None if mask else shlex.join(("hashmatch", *self.run.argv)),
            "files": {stem: self.options.name(stem, "csv") for stem in ("hits", "problems")},
            "sealed": self.sealed,
            "commands": commands(self.run.run),
        }

    def gaps(self) -> Iterator[tuple[str, int]]:
        """Yield the text and number of everything that makes the examination incomplete."""
        counts = self.run.counts
        unlisted = sum(n for code, n in counts.failed_by.items() if code.startswith("list:"))
        found = {
            "incomplete.status": self.run.status != "complete",
            "incomplete.self test": not all(one.passed for one in self.run.self_test),
            "incomplete.failed": counts["failed"],
            "incomplete.folders": unlisted,
            "incomplete.not compared": counts["not_compared"],
            "incomplete.videos": counts["videos_not_compared"],
            "incomplete.uncompared": counts["uncompared_records"],
            "incomplete.partial": counts["partial"],
            "incomplete.media": counts["media_doubtful"],
            "incomplete.backups": counts["backups_locked"],
            "incomplete.reopened": counts["reopened_differ"],
            "incomplete.changed": sum(not one.unchanged for one in self.run.sources),
        }
        return ((key, int(n)) for key, n in found.items() if n)

    def reasons(self) -> Iterator[NotDone]:
        """Yield what was not examined or not compared, by reason."""
        counts, text, code = self.run.counts, self.words.text, self.words.code
        for key, n in counts.failed_by.items():
            stage, _, reason = key.rpartition(":")
            meaning = f"{code('stage', stage)}: {code('reason', reason)}"
            yield NotDone(text("reasons.failed"), key, meaning, n)
        for key, n in counts.skipped_by.items():
            yield NotDone(text("reasons.skipped"), key, code("rule", key), n)
        for key, n in counts.partial_by.items():
            yield NotDone(text("reasons.partial"), key, code("reason", key), n)
        for key, n in counts.not_compared_by.items():
            yield NotDone(text("reasons.not compared"), key, code("reason", key), n)
        for key, n in counts.videos_not_compared_by.items():
            yield NotDone(text("reasons.videos"), key, code("reason", key), n)

    def limits(self) -> Iterator[str]:
        """Yield which paragraphs on meaning and limits apply to this run."""
        claims = {row.claim for row in self.run.counts.table}
        yield from ("items", "sets", *self._looked_into(), "exact-2", "exact-1")
        if Claim.EXACT_1 in claims:
            yield "collision"
        yield from ("near", "bands", "blind") if self.run.near_asked else ("no near",)
        if self.run.near_asked:
            yield from self._not_looked_for()
        if Claim.LEAD in claims:
            yield "lead"
        if self.run.counts["videos"]:
            yield "videos" if self.run.settings.get("videos", True) else "no videos"
        yield from ("category", "knowledge", "viewed")

    def _looked_into(self) -> Iterator[str]:
        """Yield which paragraphs say how the sources were read, and how far down."""
        left_out = self.run.left_out
        if left_out is None:
            yield "folder"
            return
        imaged = [one.kind in _IMAGED for one in self.run.sources]
        if not all(imaged):
            yield "mounted"
        if any(imaged):
            yield "image"
            yield from (_either("deleted", left_out), _either("carving", left_out))
        yield from (_either("members", left_out), "times")

    def _not_looked_for(self) -> Iterator[str]:
        """Yield which paragraphs say what the settings left out of near comparison."""
        effort, methods = self.run.settings.get("near"), self.run.settings.get("methods")
        yield from (str(one) for one in (Effort.FAST, Effort.STANDARD) if one == effort)
        if isinstance(methods, list) and _AS_STORED.intersection(map(str, methods)):
            yield "as stored"

    def label(self, row: TallyRow | HitLine) -> str | None:
        """Give the neutral label of a category in the language of the page."""
        for one in self.run.sets:
            if (one.name, one.scheme) == (row.set_name, row.scheme):
                category = one.categories.get(row.category or "")
                return category.labels[self.words.language] if category else None
        return None

    def times(self, place: Place) -> Iterator[tuple[bool, list[tuple[str, str]]]]:
        """Yield the times of an item as stored, those of a known zone apart from the others."""
        named = self.words.codes["time"]
        order = {name: number for number, name in enumerate(named)}
        stored = place.facts.times if place.facts else ()
        found = sorted(stored, key=lambda one: order.get(one[0], len(order)))
        for known in (True, False):
            same = [(named.get(k, k), v) for k, v in found if dates.zoned(v) is known]
            if same:
                yield known, same

    def notes(self, place: Place) -> tuple[tuple[str, str], ...]:
        """Give what else is known of an item, such as where a phone had it; nothing when masked."""
        facts = ItemNames(self.options.mask_names).facts(place)
        return facts.notes if facts else ()

    def expired(self, text: str) -> bool:
        """Tell whether a set's last day lay before the start of the run."""
        last = dates.as_day(text)
        return last is not None and last < self.run.started.date()


def how(near: Near) -> Iterator[tuple[str | None, str]]:
    """Yield how the hash that agreed was made: codes, with their family where they need words."""
    usual = {"variant": VARIANTS[0], "rendering": "stored", "phase": NATIVE}
    for family, code in usual.items():
        found = getattr(near, family)
        yield None if found == code else family, found


def kind(rendering: str) -> str:
    """Take the number off a rendering: ``frame-7`` is a ``frame``."""
    return re.sub(r"-\d+$", "", rendering)


def in_part(reason: Reason) -> str:
    """Name the text that says which comparisons count for an item that is not all there."""
    return "item.made" if reason in MADE else "item.partial"


def share(count: int, of: int) -> str:
    """Write a part as a percentage: never 100 % or 0 % when that is not exactly so."""
    if of == 0:
        return "–"
    if 0 < count < of:
        return f"{min(max(round(count * 1000 / of), 1), 999) / 10:.1f} %"
    return "100 %" if count else "0 %"


def bar(examined: int, failed: int, skipped: int) -> Iterator[tuple[str, int, int]]:
    """Yield kind, start and width in thousandths; a kind that exists is at least 5 wide."""
    counts = {"examined": examined, "failed": failed, "skipped": skipped}
    total = sum(counts.values())
    widths = {kind: max(n * 1000 // total, 5) for kind, n in counts.items() if n}
    if widths:
        widest = max(widths, key=lambda kind: counts[kind])
        widths[widest] += 1000 - sum(widths.values())
    start = 0
    for kind, width in widths.items():
        yield kind, start, width
        start += width


def plain(value: Json) -> str:
    """Write a value of the settings."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {plain(one)}" for name, one in value.items())
    return ", ".join(map(plain, value)) if isinstance(value, list) else number(value)


def _either(part: str, left_out: frozenset[str]) -> str:
    return f"no {part}" if part in left_out else part


def _weight(row: TallyRow) -> tuple[int, str, str, str, int]:
    order = list(Disposition).index(row.disposition), list(Claim).index(row.claim)
    return order[0], row.set_name, row.scheme or "", row.category or "", order[1]
