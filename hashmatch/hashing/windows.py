"""Which samples each of the 64 points along a side depends on, and how much each counts.

Away from the edges the weights of the native size are whole numbers, and those of other sizes are
made whole: sums of them with whole samples are exact in single precision, in whatever order a
processor adds them up.

Source: Meta, ThreatExchange/pdq; Jarosz, "Fast Image Convolutions", 2001.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Places = NDArray[np.intp]

POINTS = 64
"""Points along each side of the grid."""

NATIVE_SIZE = 0
"""A picture seen as it is, not resampled to another size."""

_SHARES = 1 << 16  # times 255, the sum still has 24 bits
_EXACT = 1 << 24


@dataclass(frozen=True, slots=True)
class Windows:
    """Weights of neighbouring samples for each point; by :func:`divisor` they add up to one.

    Row k of ``weights`` is for the samples from ``firsts[k]`` to before ``lasts[k]``, and zeros
    follow. ``whole[k]`` says that all of a row are whole numbers and that no sum of them with
    samples up to 255 is too large for single precision.
    """

    firsts: Places
    lasts: Places
    weights: Floats
    whole: NDArray[np.bool_]


def windows(length: int, reduction: int, seen: int, points: Places) -> Windows:
    """Give the windows of some of the 64 points along a side.

    Args:
        length: pixels along the side.
        reduction: how many of them a sample is the mean of. Such a sample has the weights of its
            pixels together.
        seen: pixels along the side of the picture that is hashed instead, resampled from this
            one: a pixel of it is the mean of what it covers, also where that is less than one.
            Or ``NATIVE_SIZE``.
        points: which of the points, counted from 0.
    """
    if seen == NATIVE_SIZE:
        return _native(length, reduction, points)
    return _resampled(_native(seen, 1, points), seen, length, reduction)


def divisor(length: int, seen: int) -> float:
    """What the weights along a side of such a length are to be divided by."""
    return float(_box(length) ** 2) if seen == NATIVE_SIZE else float(_SHARES)


def _box(length: int) -> int:
    return -(-length // (2 * POINTS))


def _native(length: int, reduction: int, points: Places) -> Windows:
    """A box of ``ceil(length / 128)`` pixels is applied twice.

    At the edges it is cut off and its mean taken over what is left. Away from them the weights
    are 1, 2, 3 up to the size of the box and down again.
    """
    box = _box(length)
    ahead = (box + 2) // 2
    centres = ((points + 0.5) * length / POINTS).astype(np.intp)
    begins, ends = _boxes(centres, box - ahead, ahead, length)
    inner = np.minimum(begins[:, None] + np.arange(box), ends[:, None] - 1)
    lows, highs = _boxes(inner, box - ahead, ahead, length)
    counts = (ends - begins)[:, None]
    shares = np.where(np.arange(box) < counts, box * box / ((highs - lows) * counts), 0.0)
    firsts, lasts = lows[:, 0] // reduction, -(-highs[:, -1] // reduction)
    start = (firsts * reduction)[:, None]
    weights = _summed(lows - start, highs - start, shares, reduction)
    weights[np.arange(weights.shape[1]) >= (lasts - firsts)[:, None]] = 0.0
    whole = (shares == 1.0).all(axis=1) & (box * box * 255 < _EXACT)
    return Windows(firsts, lasts, weights, whole)


def _boxes(centres: Places, behind: int, ahead: int, length: int) -> tuple[Places, Places]:
    return np.maximum(0, centres - behind), np.minimum(length, centres + ahead)


def _summed(lows: Places, highs: Places, shares: Floats, reduction: int) -> Floats:
    """Add up the boxes of each row, then the weights of each block of ``reduction``."""
    blocks = -(-int(highs.max()) // reduction)
    across = blocks * reduction + 1
    row = across * np.arange(len(lows))[:, None]
    ups, downs = (
        np.bincount((row + places).ravel(), shares.ravel(), len(lows) * across)
        for places in (lows, highs)
    )
    heights = np.cumsum((ups - downs).reshape(-1, across), axis=1)[:, :-1]
    weights: Floats = heights.reshape(-1, blocks, reduction).sum(axis=2)
    return weights


def _resampled(native: Windows, seen: int, length: int, reduction: int) -> Windows:
    """Spread windows over a side of another length: each weight over what its pixel covers.

    The running totals of the weights are rounded, not each of them, so that the sums are right.
    """
    totals = np.cumsum(np.pad(native.weights, ((0, 0), (1, 1))), axis=1) / divisor(
        seen, NATIVE_SIZE
    )
    firsts = native.firsts * length // (seen * reduction)
    lasts = -(-native.lasts * length // (seen * reduction))
    edges = firsts[:, None] + np.arange(int((lasts - firsts).max()) + 1)
    pixels = np.minimum(edges * reduction, length) * (seen / length) - native.firsts[:, None]
    pixels = np.clip(pixels, 0.0, totals.shape[1] - 2.0)
    before = pixels.astype(np.intp)
    at, after = (np.take_along_axis(totals, before + step, axis=1) for step in (0, 1))
    running = np.rint((at + (after - at) * (pixels - before)) * _SHARES)
    whole = np.ones(len(firsts), np.bool_)
    return Windows(firsts, lasts, np.diff(running, axis=1), whole)
