"""What chance alone would bring in a run: near agreements to be expected, set by set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.matching import chance, video
from hashmatch.model.hashes import Method

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hashmatch.db.manifest import Manifest
    from hashmatch.matching.chance import Expected
    from hashmatch.matching.near import Limits
    from hashmatch.model.records import Json

_ALSO_ASKED = {Method.PDQ: Method.VPDQ}
"""Frames of videos are compared with hashes of pictures as well."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """Values of one method that were asked about, against those of one set.

    ``expected`` is None where no distances of unrelated pictures were measured.
    """

    set_name: str
    set_version: str
    method: Method
    threshold: int
    queries: int
    entries: int
    expected: Expected | None

    @property
    def many(self) -> bool:
        """At least one agreement is to be expected by what was seen of unrelated pictures."""
        one = self.expected
        return one is not None and bool(one.seen) and one.number >= 1

    def to_json(self) -> dict[str, Json]:
        """Give it as ``run.json`` holds it; broken numbers as text with one digit."""
        one = self.expected
        measured: dict[str, Json] = {}
        if one is not None:
            measured = {
                "sample": one.sample,
                "pairs": one.pairs,
                "seen": one.seen,
                "number": f"{one.number:.0e}",
                "extrapolated": None if one.extrapolated is None else f"{one.extrapolated:.0e}",
            }
        return {
            "set": self.set_name,
            "set_version": self.set_version,
            "method": str(self.method),
            "threshold": self.threshold,
            "queries": self.queries,
            "entries": self.entries,
            "measured": measured or None,
        }


def expectations(
    sets: Sequence[Manifest], asked: Mapping[str, int], limits: Limits
) -> Iterator[Expectation]:
    """Work out what is to be expected, for each set and method that was asked.

    Args:
        sets: the sets of the run.
        asked: hashes that were looked for, by method, every rendering and rotation counted.
        limits: up to which distance.
    """
    for one in sets:
        for method in Method:
            entries = one.counts.values.get(method, 0)
            queries = asked.get(method, 0) + asked.get(_ALSO_ASKED.get(method, ""), 0)
            if entries and queries:
                frames = method is Method.VPDQ
                radius = video.radius(limits) if frames else limits.radius(method)
                measured = Method.PDQ if frames else method  # a frame is a picture
                found = chance.expected(measured, radius, queries * entries)
                yield Expectation(one.name, one.version, method, radius, queries, entries, found)
