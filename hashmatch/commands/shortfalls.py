"""Why something was not examined, or not in full: a line for each way, with what would help."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hashmatch.model.tally import Tally

_MOST = 6
"""Reasons that are named in a line, most frequent first; the others are counted."""

_HELP: dict[str, str] = {
    Reason.KEY_NEEDED: "see --passwords, --ask-password, --key-file",
    Reason.IMAGE_INSIDE: "name each image as a source of its own",
    Reason.NO_BACKEND: "see 'hashmatch doctor'",
    Reason.NO_VIDEO_DECODER: "see 'hashmatch doctor'",
}


def lines(tally: Tally) -> Iterator[str]:
    """Yield why entries failed, were read in part, or could not be compared in full."""
    failed: Counter[str] = Counter()
    for code, number in tally.failed_by.items():
        failed[code.rpartition(":")[2]] += number
    ways = (
        ("failed", failed),
        ("read only in part", tally.partial_by),
        ("pictures not compared in full", tally.not_compared_by),
        ("videos not compared in full", tally.videos_not_compared_by),
    )
    for what, by_reason in ways:
        if by_reason:
            yield f"{what}: {', '.join(_counted(by_reason))}"


def _counted(by_reason: Mapping[str, int]) -> Iterator[str]:
    ordered = sorted(by_reason.items(), key=lambda one: (-one[1], one[0]))
    for code, number in ordered[:_MOST]:
        yield f"{number:,} {code}" + (f" ({_HELP[code]})" if code in _HELP else "")
    if more := sum(number for _, number in ordered[_MOST:]):
        yield f"{more:,} for other reasons"
