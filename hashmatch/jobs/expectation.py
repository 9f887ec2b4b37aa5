"""What chance alone would bring in a run: near agreements to be expected, set by set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hashmatch.matching import chance, video
from hashmatch.model.hashes import Method
from hashmatch.model.noted import Expectation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hashmatch.db.manifest import Manifest
    from hashmatch.matching.near import Limits

_ALSO_ASKED = {Method.PDQ: Method.VPDQ}
"""Frames of videos are compared with hashes of pictures as well."""


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
