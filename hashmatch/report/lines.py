"""One line of ``hits.jsonl``, ``problems.jsonl`` or ``outcomes.jsonl`` as a value."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from hashmatch.model.bands import Band
from hashmatch.model.facts import Facts
from hashmatch.model.hashes import VARIANTS, Algorithm, Method
from hashmatch.model.hits import Claim, Disposition, Frames, Near
from hashmatch.model.outcomes import Reason, Rule, Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hashmatch.model.records import Json
    from hashmatch.report.fields import Fields


@dataclass(frozen=True, slots=True)
class Place:
    """Which entry of the run a line speaks of.

    ``locator`` and ``item`` name it from the exhibit down and by its id, ``facts`` are what the
    medium or container says of it; none of these in runs of earlier versions, and facts only of
    entries that have some.
    """

    n: int
    source: int
    path: bytes
    locator: str | None = None
    item: str | None = None
    facts: Facts | None = None


@dataclass(frozen=True, slots=True)
class HitLine:
    """One item agrees with one record."""

    place: Place
    sha256: str
    size: int
    claim: Claim
    disposition: Disposition
    set_name: str
    set_version: str
    record: int
    entry: str | None
    scheme: str | None
    category: str | None
    agreeing: tuple[Algorithm, ...]
    disagreeing: tuple[Algorithm, ...]
    conflict: bool
    needs_confirmation: bool
    viewed: bool
    near: Near | None
    band: Band | None = None
    flags: Mapping[str, bool] = field(default_factory=dict)
    partial: Reason | None = None

    @property
    def notable(self) -> bool:
        """Anything but an agreement with a benign set."""
        return self.disposition is not Disposition.BENIGN


class Problem(StrEnum):
    """What a line of ``problems.jsonl`` is about."""

    FAILED = "failed"
    NOT_COMPARED = "not-compared"
    LOW_QUALITY = "low-quality"
    PARTIAL = "partial"
    CONTENT_PARTIAL = "content-partial"
    VIDEO_NOT_COMPARED = "video-not-compared"
    VIDEO_LOW_QUALITY = "video-low-quality"
    VIDEO_PARTIAL = "video-partial"


@dataclass(frozen=True, slots=True)
class ProblemLine:
    """One entry that could not be examined, or one picture or video not compared in full."""

    place: Place
    problem: Problem
    stage: Stage | None
    reason: str


class Ended(StrEnum):
    """The three ways in which an entry can end."""

    EXAMINED = "examined"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class OutcomeLine:
    """How one entry ended. ``facts`` are the remaining fields, as stored."""

    place: Place
    outcome: Ended
    facts: Mapping[str, Json]


_NEAR_CLAIMS = frozenset({Claim.NEAR, Claim.LEAD})
_PLACE = ("n", "source", "path", "path_b64", "locator", "id", "facts")


def hit(line: Fields) -> HitLine:
    """Read a line of ``hits.jsonl``; raises ``CustodyError`` when it does not fit."""
    line.only(
        *_PLACE, "sha256", "size", "claim", "set", "set_version", "record", "entry", "scheme",
        "category", "disposition", "agreeing", "disagreeing", "conflict", "needs_confirmation",
        "viewed", "near", "flags", "partial",
    )  # fmt: skip
    return HitLine(
        place=_place(line),
        sha256=line.hex("sha256", 64),
        size=line.number("size"),
        claim=line.word("claim", Claim),
        disposition=line.word("disposition", Disposition),
        set_name=line.text("set"),
        set_version=line.hex("set_version", 32),
        record=line.number("record"),
        entry=line.optional_text("entry"),
        scheme=line.optional_text("scheme"),
        category=line.optional_text("category"),
        agreeing=line.words("agreeing", Algorithm),
        disagreeing=line.words("disagreeing", Algorithm),
        conflict=line.flag("conflict"),
        needs_confirmation=line.flag("needs_confirmation"),
        viewed=line.flag("viewed"),
        near=_near(line),
        band=_band(line),
        flags=line.optional_flags("flags"),
        partial=line.word("partial", Reason) if line.has("partial") else None,
    )


def _near(line: Fields) -> Near | None:
    """Read how near a hit is; a near hit says so and no other does."""
    one = line.optional_object("near")
    if (one is None) == (line.text("claim") in _NEAR_CLAIMS):
        line.refuse("near", "not as the claim asks")
    if one is None:
        return None
    return Near(
        method=one.word("method", Method),
        distance=one.number("distance"),
        threshold=one.number("threshold"),
        quality=one.number("quality"),
        list_quality=one.optional_number("list_quality"),
        variant=one.text("variant"),
        rendering=one.text("rendering"),
        phase=one.text("phase"),
        also=one.words("also", Method) if one.has("also") else (),
        frames=_frames(one),
    )


def _band(line: Fields) -> Band | None:
    """Read the band as the run gave it; runs of earlier versions gave none."""
    one = line.optional_object("near")
    if one is None or not one.has("band") or one.optional_text("band") is None:
        return None
    return one.word("band", Band)


def _frames(near: Fields) -> Frames | None:
    one = near.optional_object("frames")
    if one is None:
        return None
    return Frames(
        matched=one.number("matched"),
        of=one.number("of"),
        agreeing=one.number("agreeing"),
        asked=one.number("asked"),
        longest=one.number("longest_ms"),
        ranges=one.spans("ranges_ms"),
    )


def problem(line: Fields) -> ProblemLine:
    """Read a line of ``problems.jsonl``; raises ``CustodyError`` when it does not fit."""
    line.only(*_PLACE, "problem", "stage", "reason")
    return ProblemLine(
        place=_place(line),
        problem=line.word("problem", Problem),
        stage=None if line.optional_text("stage") is None else line.word("stage", Stage),
        reason=line.text("reason"),
    )


def outcome(line: Fields) -> OutcomeLine:
    """Read a line of ``outcomes.jsonl``; raises ``CustodyError`` when it does not fit."""
    kind = line.word("outcome", Ended)
    facts = {Ended.EXAMINED: _examined, Ended.FAILED: _failed, Ended.SKIPPED: _skipped}[kind](line)
    line.only(*_PLACE, "outcome", *facts)
    return OutcomeLine(_place(line), kind, {key: line.plain[key] for key in facts})


def _examined(line: Fields) -> tuple[str, ...]:
    line.number("size")
    line.number("hits")
    line.labels("digests")
    decoded = tuple(kind for kind in ("picture", "video") if line.has(kind))
    for kind in decoded:
        {"picture": _picture, "video": _video}[kind](line.object(kind))
    partial = ("partial",) if line.has("partial") else ()
    for key in partial:
        line.word(key, Reason)
    return ("size", "modified_ns", "digests", *partial, *decoded, "hits")


def _picture(picture: Fields) -> None:
    own = tuple(key for key in ("unhashed", "sampled") if picture.has(key))
    picture.only("kind", "width", "height", "frames", "partial", "trouble", "hashes", *own)
    if "unhashed" in own:
        picture.words("unhashed", Method)
    if "sampled" in own:
        picture.flag("sampled")
    for one in picture.objects("hashes"):
        one.only("method", "rendering", "phase", "quality", "names", "variants")
        named = one.texts("names") if one.has("names") else VARIANTS
        if len(one.texts("variants")) != len(named):
            one.refuse("variants", "not as many as their names")


def _video(video: Fields) -> None:
    video.only(
        *("kind", "codec", "width", "height", "length_ms", "frames", "partial", "trouble"),
        "hashes",
    )
    video.rows("hashes", (int, int, str))


def _failed(line: Fields) -> tuple[str, ...]:
    line.word("stage", Stage)
    line.word("reason", Reason)
    return ("stage", "reason")


def _skipped(line: Fields) -> tuple[str, ...]:
    line.word("rule", Rule)
    return ("rule",)


def _place(line: Fields) -> Place:
    return Place(
        n=line.number("n"),
        source=line.number("source"),
        path=line.path(),
        locator=line.optional_text("locator") if line.has("locator") else None,
        item=line.optional_text("id") if line.has("id") else None,
        facts=_facts(line),
    )


def _facts(line: Fields) -> Facts | None:
    if not line.has("facts"):
        return None
    try:
        return Facts.from_json(line.object("facts").plain)
    except (AttributeError, LookupError, TypeError, ValueError):
        line.refuse("facts", "not facts of an entry")
