"""How many near agreements are to be expected by chance alone, from measured distances.

The file beside this module holds how far apart the hashes of unrelated benign pictures lie. Real
false agreements come from pages of one layout, logos and errors of lists rather than from chance;
nothing here speaks of them.

Source: own measurement; ``benchmarks/chance.py`` repeats that of drawn scenes.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from hashmatch.model.noted import Expected

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hashmatch.model.hashes import Method

FILE = "chance.json"
NONE_SEEN = 3
"""Where none of n pairs agreed, fewer than 3 / n do, with 95 % confidence."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Distances of all pairs of some unrelated pictures.

    ``within`` counts the pairs at most so far apart, by distance in bits; it need not hold every
    distance.
    """

    name: str
    pictures: int
    pairs: int
    within: Mapping[int, int]

    def agreeing(self, distance: int) -> int | None:
        """Pairs at most so far apart, or up to the next distance that was counted; else None."""
        counted = min((d for d in self.within if d >= distance), default=None)
        return None if counted is None else self.within[counted]

    def tail(self, distance: int) -> float | None:
        """Share of pairs within a distance at which none was seen. An extrapolation.

        On a logarithmic scale the nearest pairs that were seen are taken for one end of a straight
        line and the distance within which ten were for the other. A normal curve through the
        same pairs gives far less, but falls short of what was seen at the near end a
        thousandfold.
        """
        near = min((d for d, n in self.within.items() if n), default=None)
        ten = min((d for d, n in self.within.items() if n >= 10), default=None)
        if near is None or ten is None or near == ten:
            return None
        slope = math.log(self.within[ten] / self.within[near]) / (ten - near)
        return self.within[near] / self.pairs * math.exp(-slope * (near - distance))


@cache
def samples() -> Mapping[str, tuple[Sample, ...]]:
    """Read what was measured, by method."""
    text = resources.files("hashmatch.matching").joinpath(FILE).read_text(encoding="utf-8")
    read = json.loads(text)["methods"]
    return {method: tuple(map(_sample, found)) for method, found in read.items()}


def expected(method: Method, distance: int, comparisons: int) -> Expected | None:
    """Give the number of agreements to be expected by chance.

    Of several samples the one counts in which unrelated pictures agree most often. Comparisons
    are counted as if they had nothing to do with each other; those of rotations of one picture
    do, so that the number errs on the high side.

    Args:
        method: how the pictures are compared.
        distance: greatest distance in bits that counts as near.
        comparisons: pairs of a value asked about and a value of a list.

    Returns:
        None where nothing was measured for this method and distance.
    """
    found = [
        _scaled(sample, seen, distance, comparisons)
        for sample in samples().get(method, ())
        if (seen := sample.agreeing(distance)) is not None
    ]
    return max(found, key=_weight, default=None)


def _scaled(sample: Sample, seen: int, distance: int, comparisons: int) -> Expected:
    tail = None if seen else sample.tail(distance)
    return Expected(
        sample=sample.name,
        pairs=sample.pairs,
        seen=seen,
        number=comparisons * (seen or NONE_SEEN) / sample.pairs,
        extrapolated=None if tail is None else comparisons * tail,
    )


def _weight(one: Expected) -> tuple[bool, float, float]:
    """What was seen weighs more than what was not; among these the larger extrapolation."""
    return bool(one.seen), one.number if one.seen else 0.0, one.extrapolated or 0.0


def _sample(read: Mapping[str, Any]) -> Sample:
    """Read one sample: pairs within some distances, or pairs at each distance where any lay."""
    if "within" in read:
        within = {int(d): int(n) for d, n in read["within"].items()}
    else:
        counts = {int(d): int(n) for d, n in read["counts"].items()}
        within = dict(enumerate(accumulate(counts.get(d, 0) for d in range(max(counts) + 1))))
    return Sample(read["sample"], read["pictures"], read["pairs"], within)
