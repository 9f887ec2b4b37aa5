"""HM304, HM305: perceptual hashes that are near to a great many, or to harmless pictures.

In a long list the look at hubs tells a lower limit of the neighbours of each hash: one that is
reported has at least so many.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hashmatch.linting.check import Check, Family, Subject, Terms
from hashmatch.linting.finding import Sighting
from hashmatch.linting.rule import Level, Rule, Words
from hashmatch.model.hashes import Method

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from hashmatch.linting.prints import Bytes
    from hashmatch.linting.stretch import Stretch

HUB = Rule(
    "HM304",
    Level.WARNING,
    Words("perceptual hash near to many others", "แฮชเชิงการรับรู้ที่ใกล้กับค่าอื่นจำนวนมาก"),
    "Logos, blank pages and screens of text gather such clusters; each picture of that kind would"
    " hit.",
    Words("look whether the picture says anything", "ตรวจว่าภาพนั้นบ่งชี้ได้จริงหรือไม่"),
    about=("pdq",),
)
BENIGN = Rule(
    "HM305",
    Level.ERROR,
    Words("perceptual hash near to a harmless picture", "แฮชเชิงการรับรู้ใกล้กับภาพปกติ"),
    "Every copy of the harmless picture would be a near hit.",
    Words("remove the perceptual hash", "ลบแฮชเชิงการรับรู้"),
    needs="--benign",
    about=("pdq",),
)

RADIUS = 15
"""Distance in bits of near duplicates; 16 stretches of 16 bits then have one in common."""
THRESHOLD = 31
"""Distance in bits from which PDQ hashes count as different pictures."""
MOST = 200_000
"""Hashes of one list among which hubs are looked for."""
MOST_PAIRS = 2_000_000_000
SHORT = 4096
"""Hashes of one list up to which each is compared with each."""


class Near(Check):
    """Gathers the PDQ hashes of each list and looks at their distances."""

    def __init__(self, terms: Terms) -> None:
        super().__init__(terms)
        self._values: list[Bytes] = []
        self._places: list[NDArray[np.int64]] = []
        self._prints: list[NDArray[np.uint64]] = []
        self._count = self._pairs = 0
        known = terms.benign.perceptual.get(Method.PDQ) if terms.benign else None
        self._benign = None if known is None or terms.kind == "benign" else _words(known)

    def begin(self, subject: Subject) -> None:
        """Forget the list before."""
        del subject
        self._values, self._places, self._prints = [], [], []
        self._count = 0

    def see(self, subject: Subject, stretch: Stretch) -> Iterator[Sighting]:
        """Keep the hashes, compare them with the harmless ones."""
        del subject
        hashes = stretch.hashes.get(Method.PDQ)
        if hashes is None:
            return
        self._count += len(hashes.values)
        if self._count <= MOST:
            self._values.append(hashes.values)
            self._places.append(stretch.places[hashes.rows])
            self._prints.append(hashes.prints)
        if self._benign is not None:
            self._pairs += len(hashes.values) * len(self._benign)
            if self._pairs > MOST_PAIRS:
                self.unchecked[BENIGN.id] = "too many hashes to compare with the harmless ones"
                return
            found = np.flatnonzero(_near(_words(hashes.values), self._benign))
            if len(found):
                places = stretch.at(hashes, found)
                yield Sighting(BENIGN, places, hashes.prints[found], Method.PDQ.value)

    def end(self, subject: Subject) -> Iterator[Sighting]:
        """Look for hubs among the different hashes of the list."""
        del subject
        if self._count > MOST:
            self.unchecked[HUB.id] = f"more than {MOST:,} hashes to compare with each other"
        elif self._count > self.terms.hub:
            values = np.concatenate(self._values)
            different, first = np.unique(values, axis=0, return_index=True)
            found = first[_neighbours(different, self.terms.hub) >= self.terms.hub]
            if len(found):
                found.sort()
                places = np.concatenate(self._places)[found]
                values_seen = np.concatenate(self._prints)[found]
                yield Sighting(HUB, places, values_seen, Method.PDQ.value)


def _words(values: Bytes) -> NDArray[np.uint64]:
    return np.ascontiguousarray(values).view(np.uint64)


def _near(ours: NDArray[np.uint64], theirs: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Say which of ours are within the threshold of any of theirs."""
    found = np.zeros(len(ours), bool)
    for one in theirs:
        distance = np.bitwise_count(ours ^ one).sum(axis=1, dtype=np.uint16)
        found |= distance <= THRESHOLD
    return found


def _neighbours(values: Bytes, enough: int) -> NDArray[np.int64]:
    """Count for each hash how many are within the radius: all of them in a short list.

    In a long one only hashes that agree in a stretch of 16 bits are compared, each with some of
    those that come next in order. Two hashes within 15 bits agree in at least one of 16
    stretches; the stretch that gives the highest number counts.
    """
    words = _words(values)
    counts = np.zeros(len(values), np.int64)
    if len(values) <= SHORT:
        for step in range(1, len(values)):
            _count(words, np.arange(len(values) - step), step, counts)
        return counts
    bands = np.ascontiguousarray(values).view(">u2")
    for band in range(bands.shape[1]):
        order = np.argsort(bands[:, band], kind="stable")
        ordered, in_order = bands[order, band], words[order]
        here = np.zeros(len(values), np.int64)
        for step in range(1, min(2 * enough + 1, len(order))):
            same = np.flatnonzero(ordered[step:] == ordered[:-step])
            if not len(same):
                break
            _count(in_order, same, step, here)
        counts[order] = np.maximum(counts[order], here)
    return counts


def _count(
    words: NDArray[np.uint64], rows: NDArray[np.int64], step: int, counts: NDArray[np.int64]
) -> None:
    """Add one to both where a row and the row some steps on are near each other."""
    distance = np.bitwise_count(words[rows] ^ words[rows + step]).sum(axis=1, dtype=np.uint16)
    close = rows[distance <= RADIUS]
    counts[close] += 1
    counts[close + step] += 1


FAMILY = Family((HUB, BENIGN), Near)
