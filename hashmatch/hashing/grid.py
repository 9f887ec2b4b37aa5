"""Bring a picture down to 64 x 64 luma values, without ever holding it as floats.

Meta's filter (two passes of a box over rows and columns) and the choice of 64 x 64 points after it
are linear, and rows and columns do not mix. So the grid is a weighted sum of rows followed by a
weighted sum of columns, each over a narrow window. The rows can be taken from anything that gives
a strip at a time. The result does not depend on the processor: weights and samples are whole
numbers almost everywhere, and what little remains is rounded off.

Source: Meta, ThreatExchange/pdq; Jarosz, "Fast Image Convolutions", 2001.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Places = NDArray[np.intp]

POINTS = 64
"""Points along each side of the grid."""

_STRIP = 1 << 18  # pixels held as floats at a time; stays in the processor's cache
_LUMA = np.array((0.299, 0.587, 0.114), np.float32).astype(np.float64)
_FINE = float(1 << 20)


class Raster(Protocol):
    """Something that has pixels and gives some of its rows."""

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the picture, in pixels."""

    @property
    def reduction(self) -> int:
        """How many pixels of the picture, in each direction, a sample is the mean of."""

    def rows(self, first: int, last: int) -> NDArray[np.generic]:
        """Samples of rows ``first`` to before ``last``: (n, w) grey or (n, w, 3) RGB, 0..255."""


@dataclass(frozen=True, slots=True)
class Pixels:
    """An array as a raster: (H, W) grey or (H, W, 3) RGB."""

    array: NDArray[np.generic]
    reduction: int = 1

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.array.shape[0], self.array.shape[1]

    def rows(self, first: int, last: int) -> NDArray[np.generic]:
        """A view of some rows."""
        return self.array[first:last]


def grid_of(raster: Raster) -> Floats:
    """Filter a picture and take 64 x 64 points of it: luma 0..255."""
    height, width = raster.size
    tall, wide = (-(-side // raster.reduction) for side in raster.size)
    step = max(1, _STRIP // wide)
    lines = []
    begin = end = 0
    strip = np.empty((0, 0), np.float32)
    for window in _windows(height, raster.reduction):
        if window.last > end:
            begin, end = window.first, min(tall, max(window.last, window.first + step))
            strip = raster.rows(begin, end).astype(np.float32).reshape(end - begin, -1)
        lines.append(window.mean(strip[window.first - begin : window.last - begin]))
    luma = _luma(np.array(lines), wide)
    columns = [
        window.mean(luma[:, window.first : window.last].T)
        for window in _windows(width, raster.reduction)
    ]
    return _settled(np.array(columns).T)


def _luma(lines: Floats, width: int) -> Floats:
    if lines.shape[1] == width:
        return lines
    return lines.reshape(POINTS, width, 3) @ _LUMA


def _settled(values: Floats) -> Floats:
    """Drop what another processor might add up differently, far below one grey level."""
    return np.round(values * _FINE) / _FINE


@dataclass(frozen=True, slots=True)
class _Window:
    """The samples one of the 64 points depends on, and how much each counts.

    Away from the edges the weights are whole numbers. Their sums with whole samples are exact in
    single precision, in whatever order a processor adds them.
    """

    first: int
    weights: NDArray[np.floating]
    divisor: float

    @property
    def last(self) -> int:
        return self.first + len(self.weights)

    def mean(self, samples: NDArray[np.floating]) -> Floats:
        """Weighted mean over the first axis."""
        return (self.weights @ samples).astype(np.float64) / self.divisor


@lru_cache(maxsize=512)
def _windows(length: int, reduction: int) -> tuple[_Window, ...]:
    """Give the windows of the 64 points along a side.

    A box of ``ceil(length / 128)`` pixels is applied twice; at the edges it is cut off and its
    mean taken over what is left. With a reduction, a sample stands for its block of pixels and
    has their weights together.
    """
    box = -(-length // (2 * POINTS))
    ahead = (box + 2) // 2
    place = np.arange(length)
    lows = np.maximum(0, place - (box - ahead))
    highs = np.minimum(length, place + ahead)
    windows = []
    for point in range(POINTS):
        centre = int((point + 0.5) * length / POINTS)
        inner = slice(lows[centre], highs[centre])
        windows.append(_window(lows[inner], highs[inner], box, reduction))
    return tuple(windows)


def _window(lows: Places, highs: Places, box: int, reduction: int) -> _Window:
    """The mean of means over the inner boxes from ``lows`` to before ``highs``."""
    first, before = divmod(int(lows[0]), reduction)
    cut_off = len(lows) < box or highs[0] - lows[0] < box or highs[-1] - lows[-1] < box
    if cut_off or box * box * 255 >= 1 << 24:
        shares = box * box / ((highs - lows) * len(lows))
        start = lows[0] - before
        weights = _summed(lows - start, highs - start, shares, reduction)
        return _Window(first, weights, float(box * box))
    return _Window(first, _whole(box, before, reduction), float(box * box))


@lru_cache(maxsize=512)
def _whole(box: int, before: int, reduction: int) -> NDArray[np.float32]:
    """Weights away from the edges: 1, 2, 3 up to ``box`` and down again, then folded."""
    lows = np.arange(before, before + box)
    return _summed(lows, lows + box, np.ones(box), reduction).astype(np.float32)


def _summed(lows: Places, highs: Places, shares: Floats, reduction: int) -> Floats:
    """Add up boxes of different weight, then the weights of each block of ``reduction``."""
    blocks = -(-int(highs[-1]) // reduction)
    steps = np.zeros(blocks * reduction + 1)
    np.add.at(steps, lows, shares)
    np.subtract.at(steps, highs, shares)
    weights: Floats = np.cumsum(steps)[:-1].reshape(blocks, reduction).sum(axis=1)
    return weights
