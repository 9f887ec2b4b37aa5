"""Near comparison: for each picture the nearest variant within the threshold, per record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.model.hashes import Method
from hashmatch.model.hits import Near

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hashmatch.db.installed import InstalledSet
    from hashmatch.model.hashes import PictureHash
    from hashmatch.model.outcomes import Reading


@dataclass(frozen=True, slots=True)
class Limits:
    """What counts as near: bits of distance, inclusive, and the least quality on both sides."""

    threshold: int = 31
    quality_gate: int = 50


@dataclass(frozen=True, slots=True)
class _Query:
    reading: int
    picture: PictureHash
    variant: int


def search(
    installed: InstalledSet, readings: Sequence[Reading], limits: Limits
) -> Iterator[tuple[int, int, Near]]:
    """Find every record within the threshold of any variant of each picture.

    Pictures below the quality gate are not asked about: a featureless picture is near every
    other one. Nothing within the threshold is left out; of several variants that agree with one
    record the nearest is given, the first in the order of computing among equals.

    Yields:
        number of the reading, record number, and how near; once per pair.
    """
    queries = list(_queries(readings, limits.quality_gate))
    if not queries or not installed.has_near:
        return
    best: dict[tuple[int, int], tuple[int, int, int]] = {}
    values = [query.picture.variants[query.variant] for query in queries]
    hits = installed.near_hits(Method.PDQ, values, limits.threshold)
    for at, record, distance, quality in zip(*(column.tolist() for column in hits), strict=True):
        pair, found = (queries[at].reading, record), (distance, at, quality)
        best[pair] = min(best.get(pair, found), found)
    for (reading, record), (distance, at, quality) in sorted(best.items()):
        yield reading, record, _near(queries[at], distance, quality, limits)


def _queries(readings: Sequence[Reading], gate: int) -> Iterator[_Query]:
    for number, reading in enumerate(readings):
        for picture in reading.picture.hashes if reading.picture else ():
            if picture.quality >= gate:
                yield from (_Query(number, picture, v) for v in range(len(picture.variants)))


def _near(query: _Query, distance: int, list_quality: int, limits: Limits) -> Near:
    return Near(
        method=query.picture.method,
        distance=distance,
        threshold=limits.threshold,
        quality=query.picture.quality,
        list_quality=None if list_quality < 0 else list_quality,
        variant=query.picture.names[query.variant],
        rendering=query.picture.rendering,
        phase=query.picture.phase,
    )
