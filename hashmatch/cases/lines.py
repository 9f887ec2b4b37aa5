"""Outcomes, hits and problems as the JSON values of a run's result files.

Nothing here depends on clocks, random ids, worker counts or engines: the same evidence and sets
give the same values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from hashmatch.model import locators, names
from hashmatch.model.hashes import VARIANTS
from hashmatch.model.outcomes import (
    NEEDS_CONFIRMATION,
    PARTS,
    Examined,
    Failed,
    Reason,
    Skipped,
    Stage,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.model.hashes import PictureHash
    from hashmatch.model.hits import Hit
    from hashmatch.model.outcomes import Outcome, Picture, Reading, Video
    from hashmatch.model.records import Json

Line = dict[str, "Json"]


def outcome_line(n: int, source: int, outcome: Outcome) -> Line:
    """Give the line of ``outcomes.jsonl`` for entry ``n`` of the run, from source ``source``."""
    head: Line = {"n": n, "source": source, **names.to_json(outcome.path)}
    if outcome.place:
        head["locator"] = locators.locator(locators.label(source), outcome.place)
    if outcome.facts is not None:
        head["facts"] = outcome.facts.to_json()
    match outcome:
        case Examined():
            picture, video = outcome.reading.picture, outcome.reading.video
            return head | {
                "outcome": "examined",
                "size": outcome.size,
                "modified_ns": outcome.modified_ns,
                "digests": _digests(outcome.reading),
                "hits": len(outcome.hits),
                **({"partial": str(outcome.reading.partial)} if outcome.reading.partial else {}),
                **({"picture": _picture(picture)} if picture else {}),
                **({"video": _video(video)} if video else {}),
            }
        case Failed():
            return head | {
                "outcome": "failed",
                "stage": str(outcome.stage),
                "reason": str(outcome.reason),
            }
        case Skipped():
            return head | {"outcome": "skipped", "rule": str(outcome.rule)}
        case _:
            assert_never(outcome)


def hit_lines(n: int, source: int, outcome: Outcome) -> Iterator[Line]:
    """Give the lines of ``hits.jsonl`` for one entry, in the order of its hits."""
    if not isinstance(outcome, Examined) or not outcome.hits:
        return
    digests = _digests(outcome.reading)
    head = _named(n, source, outcome)
    if outcome.facts is not None:
        head["facts"] = outcome.facts.to_json()
    if outcome.reading.partial is not None:
        head["partial"] = str(outcome.reading.partial)
    head |= {"sha256": digests.get("sha256"), "size": outcome.size, "viewed": False}
    for hit in outcome.hits:
        yield head | _hit(hit) | {"conflict": outcome.conflict}


def problem_lines(
    n: int, source: int, outcome: Outcome, *, near: bool, quality_gate: int, videos: bool = False
) -> Iterator[Line]:
    """Give the lines of ``problems.jsonl`` for one entry.

    Args:
        n: number of the entry in the run.
        source: number of the source.
        outcome: how the entry ended.
        near: whether pictures were to be compared at all.
        quality_gate: least quality at which a perceptual hash was compared.
        videos: whether videos were to be compared.
    """
    head = _named(n, source, outcome)
    if outcome.facts is not None:
        head["facts"] = outcome.facts.to_json()
    if isinstance(outcome, Examined) and outcome.reading.partial in PARTS:
        yield head | _problem("content-partial", Stage.READ, outcome.reading.partial)
    match outcome:
        case Failed():
            yield head | _problem("failed", outcome.stage, outcome.reason)
        case Examined() if near and outcome.reading.picture:
            yield from (head | p for p in _picture_problems(outcome.reading.picture, quality_gate))
        case Examined() if videos and outcome.reading.video:
            yield from (head | p for p in _video_problems(outcome.reading.video, quality_gate))
        case _:
            return


def _named(n: int, source: int, outcome: Outcome) -> Line:
    """Begin a line about an entry by which somebody may find it again."""
    place = outcome.place or locators.in_folder(outcome.path)
    where = locators.locator(locators.label(source), place)
    named: Line = {"n": n, "source": source, "locator": where, "id": locators.item_id(where)}
    return named | names.to_json(outcome.path)


def _video_problems(video: Video, gate: int) -> Iterator[Line]:
    if video.trouble is not None:
        yield _problem("video-not-compared", Stage.DECODE, video.trouble)
    elif video.damage is not None:
        yield _problem("video-partial", Stage.DECODE, video.damage)
    elif all(one.quality < gate for one in video.hashes):
        yield _problem("video-low-quality", None, "too-little-structure")


def _picture_problems(picture: Picture, gate: int) -> Iterator[Line]:
    if picture.trouble is not None:
        yield _problem("not-compared", Stage.DECODE, picture.trouble)
    elif picture.damage is not None:
        yield _problem("partial", Stage.DECODE, picture.damage)
    elif picture.unhashed:
        yield _problem("partial", Stage.DECODE, Reason.HASHER)
    elif all(one.quality < gate for one in picture.hashes):
        yield _problem("low-quality", None, "too-little-structure")


def _problem(problem: str, stage: Stage | None, reason: str) -> Line:
    return {"problem": problem, "stage": stage and str(stage), "reason": str(reason)}


def _digests(reading: Reading) -> Line:
    """Give the values by algorithm; a second value of one (ed2k has two) gets ``-2``."""
    line: Line = {}
    for digest in reading.digests:
        name = str(digest.algorithm)
        line[f"{name}-2" if name in line else name] = digest.hex
    return line


def _picture(picture: Picture) -> Line:
    own: Line = {"unhashed": [*map(str, picture.unhashed)]} if picture.unhashed else {}
    if picture.sampled:
        own["sampled"] = True
    return own | {
        "kind": picture.kind,
        "width": picture.width,
        "height": picture.height,
        "frames": picture.frames,
        "partial": picture.partial,
        "trouble": picture.trouble and str(picture.trouble),
        "hashes": [_picture_hash(one) for one in picture.hashes],
    }


def _picture_hash(one: PictureHash) -> Line:
    """The names of the variants are left out where they are the usual eight."""
    own: Line = {"names": list(one.names)} if one.names != VARIANTS else {}
    return own | {
        "method": str(one.method),
        "rendering": one.rendering,
        "phase": one.phase,
        "quality": one.quality,
        "variants": [value.hex() for value in one.variants],
    }


def _video(video: Video) -> Line:
    return {
        "kind": video.kind,
        "codec": video.codec,
        "width": video.width,
        "height": video.height,
        "length_ms": video.length,
        "frames": video.frames,
        "partial": video.partial,
        "trouble": video.trouble and str(video.trouble),
        "hashes": [[one.at, one.quality, one.value.hex()] for one in video.hashes],
    }


def _hit(hit: Hit) -> Line:
    line: Line = {"flags": dict(hit.flags)} if hit.flags else {}
    return line | {
        "claim": str(hit.claim),
        "set": hit.set_name,
        "set_version": hit.set_version,
        "record": hit.record,
        "entry": hit.entry,
        "scheme": hit.scheme,
        "category": hit.category,
        "disposition": str(hit.disposition),
        "agreeing": [str(a) for a in hit.agreeing],
        "disagreeing": [str(a) for a in hit.disagreeing],
        "needs_confirmation": hit.claim in NEEDS_CONFIRMATION,
        "near": hit.near.to_json() if hit.near else None,
    }
