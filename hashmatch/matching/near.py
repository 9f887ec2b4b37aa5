"""Near comparison: for each picture the nearest variant within the threshold, per record."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hashmatch.db.radii import DEFAULT
from hashmatch.model import bands
from hashmatch.model.hashes import Method
from hashmatch.model.hits import Near

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hashmatch.db.installed import InstalledSet
    from hashmatch.model.hashes import PictureHash
    from hashmatch.model.outcomes import Reading


@dataclass(frozen=True, slots=True)
class Limits:
    """What counts as near: distance, inclusive, and the least quality on both sides.

    ``threshold`` is that of PDQ, in bits; each other method has its usual one. The quality of a
    picture is that of its PDQ hash, for all methods. ``video_coverage`` is the least share of a
    listed video's frames that must be found, in per cent, where no run of frames agrees in order.
    """

    threshold: int = 31
    quality_gate: int = 50
    video_coverage: int = 20

    def radius(self, method: Method) -> int:
        """The greatest distance by a method: bits, for PhotoDNA the sum of squared differences."""
        return self.threshold if method in {Method.PDQ, Method.VPDQ} else DEFAULT[method]


_ORDER = tuple(Method)


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
    other one. Leads ask for more (:mod:`hashmatch.model.bands`). Nothing else within the threshold
    is left out; of several variants that agree with one record the nearest is given, the first
    in the order of computing among equals. Distances by different methods cannot be compared: of
    several methods that agree the first in the order of ``Method`` is given, PDQ before all, and
    the others are named; a lead is given only where nothing else agrees.

    Yields:
        number of the reading, record number, and how near; once per pair.
    """
    best: dict[tuple[int, int], Near] = {}
    queries = list(_queries(readings, limits.quality_gate))
    for method in sorted({query.picture.method for query in queries}, key=_ORDER.index):
        own = [query for query in queries if query.picture.method is method]
        for pair, near in _nearest(installed, method, own, limits):
            best[pair] = _joined(best.get(pair), near)
    for (reading, record), near in sorted(best.items(), key=lambda one: one[0]):
        yield reading, record, near


def _joined(before: Near | None, near: Near) -> Near:
    """Join what a further method found to what others found of the same picture and record."""
    if before is None or before.band is bands.Band.LEAD:
        return near
    return replace(before, also=(*before.also, near.method))


def _nearest(
    installed: InstalledSet, method: Method, queries: Sequence[_Query], limits: Limits
) -> Iterator[tuple[tuple[int, int], Near]]:
    """Give for each pair of reading and record the nearest query by one method."""
    best: dict[tuple[int, int], tuple[int, int, int]] = {}
    values = [query.picture.variants[query.variant] for query in queries]
    hits = installed.near_hits(method, values, limits.radius(method))
    for at, record, distance, quality in zip(*(column.tolist() for column in hits), strict=True):
        asked = queries[at].picture
        listed = None if quality < 0 else quality
        if not bands.holds(bands.band(asked.method, distance), asked.quality, listed):
            continue
        pair, found = (queries[at].reading, record), (distance, at, quality)
        best[pair] = min(best.get(pair, found), found)
    for pair, (distance, at, quality) in best.items():
        yield pair, _near(queries[at], distance, quality, limits)


def _queries(readings: Sequence[Reading], gate: int) -> Iterator[_Query]:
    for number, reading in enumerate(readings):
        for picture in reading.picture.hashes if reading.picture else ():
            if picture.quality >= gate:
                yield from (_Query(number, picture, v) for v in range(len(picture.variants)))


def _near(query: _Query, distance: int, list_quality: int, limits: Limits) -> Near:
    return Near(
        method=query.picture.method,
        distance=distance,
        threshold=limits.radius(query.picture.method),
        quality=query.picture.quality,
        list_quality=None if list_quality < 0 else list_quality,
        variant=query.picture.names[query.variant],
        rendering=query.picture.rendering,
        phase=query.picture.phase,
    )
