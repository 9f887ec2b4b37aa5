"""Which bits of a hash are looked up together, and how far around each group one must look.

The bits of a hash are divided into disjoint slots. Two hashes that differ in at most ``radius``
bits differ in at most ``r_i`` bits of some slot ``i``, as long as the sum of all ``r_i + 1``
exceeds the radius: else they would differ in at least ``r_i + 1`` bits of every slot. This holds
for any hashes whatever. A slot with ``r_i = -1`` need not be looked at.
"""

from __future__ import annotations

from functools import cache
from itertools import combinations
from math import comb
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

UNUSED = -1
"""Radius of a slot that is not looked at."""
WORD_BITS = 6
"""So many low bits of a key choose a mark inside a word of 64 marks."""

_WIDEST = 28
"""Bits; the marks of a slot so wide take 32 MiB."""
_WIDER = 2
"""So many bits more has a slot around which one looks one bit further."""
_MARK, _CANDIDATE = 0.6, 10.0
"""Costs of a key and of a hash to compare. Measured; only their ratio counts."""
_NUMBERS = {
    64: ((1 << 32, 3),),
    256: ((150_000, 16), (900_000, 12), (5_000_000, 11), (1 << 32, 10)),
}
"""By length of a hash: up to so many hashes, so many slots are best. Measured."""


class Slot(NamedTuple):
    """Bits ``first`` to ``first + width`` of a hash read as one little-endian number."""

    first: int
    width: int


def slots(bits: int, hashes: int, radius: int, number: int | None = None) -> tuple[Slot, ...]:
    """Divide the bits of a hash.

    Args:
        bits: length of a hash, 64 or 256.
        hashes: how many there are.
        radius: the one that is usual; any other is served as well, only not as fast.
        number: how many slots; None for what is best.
    """
    if number is None:
        number = next(slots for most, slots in _NUMBERS[bits] if hashes <= most)
    further = (radius + 1) % number
    narrow, left = divmod(bits - _WIDER * further, number)
    widths = [narrow + _WIDER * (at < further) + (number - 1 - at < left) for at in range(number)]
    firsts = [sum(widths[:at]) for at in range(number)]
    return tuple(Slot(at, min(width, _WIDEST)) for at, width in zip(firsts, widths, strict=True))


@cache
def radii(widths: tuple[int, ...], hashes: int, radius: int) -> tuple[tuple[int, ...], float]:
    """Choose how far to look in each slot, so that it costs least and nothing is left out.

    Returns:
        The radius of each slot, and what looking one query up costs: infinitely much where the
        slots have not enough bits.
    """
    chosen = [UNUSED] * len(widths)
    total = 0.0
    for _ in range(radius + 1):
        costs = [_cost(width, r + 1, hashes) for width, r in zip(widths, chosen, strict=True)]
        cheapest = min(range(len(costs)), key=costs.__getitem__)
        chosen[cheapest] += 1
        total += costs[cheapest]
    return tuple(chosen), total


def _cost(width: int, radius: int, hashes: int) -> float:
    """Estimate what the keys at exactly this distance from one cost."""
    if radius > width:
        return float("inf")
    return comb(width, radius) * (_MARK + _CANDIDATE * hashes / (1 << width))


class Flips(NamedTuple):
    """What to look at around a key.

    ``words`` are the changes of the key's high bits, by number of changed bits; ``parts`` tells
    for each number of changed bits where they end and how many low bits may still differ.
    """

    words: NDArray[np.int64]
    parts: tuple[tuple[int, int, int], ...]


@cache
def flips(width: int, radius: int) -> Flips:
    """List the changes of the high bits of a key of so many bits within a radius."""
    high = width - WORD_BITS
    words: list[int] = []
    parts = []
    for changed in range(min(radius, high) + 1):
        begin = len(words)
        words += [sum(1 << bit for bit in bits) for bits in combinations(range(high), changed)]
        parts.append((begin, len(words), min(radius - changed, WORD_BITS)))
    return Flips(np.array(words, np.int64), tuple(parts))


@cache
def marks_within() -> NDArray[np.uint64]:
    """Give, for each radius and place in a word, the marks of all places within the radius.

    Shape:
        (WORD_BITS + 1, 64)
    """
    places = np.arange(64)
    distance = np.bitwise_count(places[:, None] ^ places)
    marks = np.uint64(1) << places.astype(np.uint64)
    radius = np.arange(WORD_BITS + 1)[:, None, None]
    near: NDArray[np.uint64] = np.where(distance <= radius, marks, np.uint64(0))
    joined: NDArray[np.uint64] = np.bitwise_or.reduce(near, axis=2)
    return joined
