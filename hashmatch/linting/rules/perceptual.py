"""HM301, HM302, HM303, HM306: perceptual hashes that say too little, or are damaged.

Sources: the PDQ paper (bits are split at the median, so that half of the 256 are set); the share
of differing neighbours as forensic software uses it for PhotoDNA.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hashmatch.linting.check import Check, Family, Subject
from hashmatch.linting.finding import Sighting
from hashmatch.linting.rule import Level, Rule, Words
from hashmatch.model.hashes import Method

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.linting.stretch import Hashes, Kind, Stretch

QUALITY = Rule(
    "HM301",
    Level.ERROR,
    Words("PDQ with a quality below 50", "PDQ ที่มีคุณภาพต่ำกว่า 50"),
    "Such a hash says too little about its picture and is near to many others.",
    Words("remove the perceptual hash, keep the digests", "ลบแฮชเชิงการรับรู้ แต่คงค่าแฮชไว้"),
    about=("quality",),
)
BALANCE = Rule(
    "HM302",
    Level.ERROR,
    Words("PDQ whose bits are not half ones", "PDQ ที่มีบิต 1 ไม่ใช่ครึ่งหนึ่งของทั้งหมด"),
    "PDQ splits at the median: 128 of 256 bits are set. Another number means a damaged value, a"
    " flat picture, or another hash in this column.",
    Words("compute the hash again from the picture", "คำนวณค่าแฮชใหม่จากภาพ"),
    about=("pdq", "vpdq"),
)
ENTROPY = Rule(
    "HM303",
    Level.ERROR,
    Words("PhotoDNA of a nearly empty picture", "PhotoDNA ของภาพที่แทบว่างเปล่า"),
    "Fewer than seven in ten neighbouring bytes differ; such values are near to any dark or blank"
    " picture.",
    Words("remove the perceptual hash, keep the digests", "ลบแฮชเชิงการรับรู้ แต่คงค่าแฮชไว้"),
    about=("photodna",),
)
FLAT = Rule(
    "HM306",
    Level.WARNING,
    Words("64-bit hash of a flat picture", "แฮช 64 บิตของภาพเรียบ"),
    "All bits alike, or hardly any different bytes: near to every other flat picture.",
    Words("remove the perceptual hash, keep the digests", "ลบแฮชเชิงการรับรู้ แต่คงค่าแฮชไว้"),
    about=("phash", "dhash", "ahash"),
)

LEAST_QUALITY = 50
LEAST_ENTROPY = 0.7
_FEW = 4  # different bytes among eight
_HALF, _OFF = 128, 2
_SHORT = (Method.PHASH, Method.DHASH, Method.AHASH, Method.WHASH)


class Perceptual(Check):
    """Looks at every perceptual hash by itself."""

    def see(self, subject: Subject, stretch: Stretch) -> Iterator[Sighting]:
        """Look at quality, balance and entropy."""
        del subject
        for kind, hashes in stretch.hashes.items():
            for rule, level, chosen in _judged(kind, hashes):
                if chosen.any():
                    found = np.flatnonzero(chosen)
                    values = hashes.prints[found]
                    places = stretch.at(hashes, found)
                    yield Sighting(rule, places, values, kind.value, level=level)


def _judged(
    kind: Kind, hashes: Hashes
) -> Iterator[tuple[Rule, Level, np.ndarray[tuple[int], np.dtype[np.bool_]]]]:
    if kind in {Method.PDQ, Method.VPDQ}:
        qualities = hashes.qualities
        yield QUALITY, Level.ERROR, (qualities >= 0) & (qualities < LEAST_QUALITY)
        off = abs(np.bitwise_count(hashes.values).sum(axis=1, dtype=np.int64) - _HALF)
        yield BALANCE, Level.ERROR, off > _OFF
        yield BALANCE, Level.WARNING, (off > 0) & (off <= _OFF)
    elif kind is Method.PHOTODNA:
        differing = (hashes.values[:, 1:] != hashes.values[:, :-1]).mean(axis=1)
        yield ENTROPY, Level.ERROR, differing < LEAST_ENTROPY
    elif kind in _SHORT:
        ones = np.bitwise_count(hashes.values).sum(axis=1, dtype=np.int64)
        ordered = np.sort(hashes.values, axis=1)
        different = 1 + (ordered[:, 1:] != ordered[:, :-1]).sum(axis=1)
        yield FLAT, Level.WARNING, (ones == 0) | (ones == 64) | (different <= _FEW)


FAMILY = Family((QUALITY, BALANCE, ENTROPY, FLAT), Perceptual)
