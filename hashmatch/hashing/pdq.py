"""PDQ, the 256-bit perceptual hash, computed from pixels without ever holding them as floats.

Meta's filter (two passes of a box over rows and columns) and the choice of 64 x 64 points after it
are linear, and rows and columns do not mix. So the 64 x 64 grid is a weighted sum of rows followed
by a weighted sum of columns, each over a narrow window. The rows can be taken from anything that
gives a strip at a time.

The hash is that of the full-size picture, as ``pdqhash``, ThreatExchange and vPDQ compute it.
Meta's own C++ program first shrinks to 512 x 512 and differs from that by up to 28 bits.
Pictures whose halves mirror each other exactly leave coefficients that are nothing but rounding
noise; no two implementations need agree on those bits.

Source: Meta, ThreatExchange/pdq (hashing.pdf and pdqhashing.cpp).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

import numpy as np

from hashmatch.model.hashes import VARIANTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Singles = NDArray[np.float32]
    Places = NDArray[np.intp]

MIN_SIDE = 5
"""Below this many pixels a side there is nothing to hash."""

_GRID = 64
_STRIP = 1 << 18  # pixels held as floats at a time; stays in the processor's cache
_FINE = float(1 << 20)
_LUMA = np.array((0.299, 0.587, 0.114), np.float32).astype(np.float64)


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
class Pdq:
    """Hashes of the eight rotations and flips in the order of ``VARIANTS``; quality 0..100."""

    quality: int
    variants: tuple[bytes, ...]

    @property
    def value(self) -> bytes:
        """The hash of the picture as it is stored."""
        return self.variants[0]


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


def pdq(raster: Raster) -> Pdq:
    """Hash a picture, and its rotations and flips.

    Survives scaling, re-encoding and light edits; not cropping of more than about 2 %, borders,
    or rotation by odd angles.

    Raises:
        ValueError: a side is shorter than ``MIN_SIDE``.

    Units:
        Distance between two hashes in bits; up to 31 is commonly taken for the same picture.
        Quality below 50 marks a picture with too little structure to be compared.
    """
    if min(raster.size) < MIN_SIDE:
        msg = f"a picture needs at least {MIN_SIDE} pixels a side"
        raise ValueError(msg)
    grid = _grid(raster)
    return Pdq(_quality(grid), _variants(_transform(grid)))


def hamming(one: bytes, other: bytes) -> int:
    """Count the bits in which two hashes of equal length differ."""
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()


def _grid(raster: Raster) -> Floats:
    """Bring a picture down to 64 x 64 luma values."""
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
    return lines.reshape(_GRID, width, 3) @ _LUMA


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
    box = -(-length // (2 * _GRID))
    ahead = (box + 2) // 2
    place = np.arange(length)
    lows = np.maximum(0, place - (box - ahead))
    highs = np.minimum(length, place + ahead)
    windows = []
    for point in range(_GRID):
        centre = int((point + 0.5) * length / _GRID)
        inner = slice(lows[centre], highs[centre])
        windows.append(_window(lows[inner], highs[inner], box, reduction))
    return tuple(windows)


def _window(lows: Places, highs: Places, box: int, reduction: int) -> _Window:
    """Weights of the mean of means: one inner box for each place of the outer one."""
    divisor = float(box * box)
    shares = divisor / ((highs - lows) * len(lows))
    first = int(lows[0])
    steps = np.zeros(int(highs[-1]) - first + 1)
    np.add.at(steps, lows - first, shares)
    np.subtract.at(steps, highs - first, shares)
    before = first % reduction
    after = -(before + len(steps) - 1) % reduction
    weights = np.pad(np.cumsum(steps[:-1]), (before, after)).reshape(-1, reduction).sum(axis=1)
    whole = bool((shares == 1).all()) and divisor * 255 < 1 << 24
    kind = np.float32 if whole else np.float64
    return _Window(first // reduction, weights.astype(kind), divisor)


_DCT = np.ascontiguousarray(
    np.sqrt(2 / _GRID)
    * np.cos(np.pi / (2 * _GRID) * np.arange(1, 17)[None, :] * (2 * np.arange(_GRID)[:, None] + 1)),
    np.float32,
)
"""Column k: frequency k + 1 of the discrete cosine transform of 64 points; the mean is left out."""


def _transform(grid: Floats) -> Singles:
    """Give the 16 x 16 lowest frequencies but the mean.

    Summed in single precision one after the other, as the original does. A matrix product would
    add in an order that depends on the processor, and change bits of pictures without structure.
    """
    values = grid.astype(np.float32)
    tall = (_DCT[:, :, None] * values[:, None, :]).sum(axis=0)
    square: Singles = (np.ascontiguousarray(tall.T)[:, :, None] * _DCT[:, None, :]).sum(axis=0)
    return square


def _quality(grid: Floats) -> int:
    """Sum of the steps between neighbours, each cut to whole hundredths of the range."""
    down = np.trunc((grid[:-1] - grid[1:]) * 100 / 255)
    across = np.trunc((grid[:, :-1] - grid[:, 1:]) * 100 / 255)
    return min(100, int(np.abs(down).sum() + np.abs(across).sum()) // 90)


def _variants(dct: Singles) -> tuple[bytes, ...]:
    """Hash all rotations and flips: reversing a side only changes the sign of odd frequencies."""
    sign = np.where(np.arange(1, 17) % 2, np.float32(-1), np.float32(1))
    upside_down, mirrored = dct * sign[:, None], dct * sign
    turned = mirrored * sign[:, None]
    of = {
        "identity": dct,
        "rot90": mirrored.T,
        "rot180": turned,
        "rot270": upside_down.T,
        "flipx": upside_down,
        "flipy": mirrored,
        "transpose": dct.T,
        "antitranspose": turned.T,
    }
    return tuple(_bits(of[name]) for name in VARIANTS)


def _bits(dct: Singles) -> bytes:
    """One bit for each coefficient above the median, the last coefficient first."""
    flat = dct.ravel()
    median = np.partition(flat, 127)[127]  # the lower of the two in the middle
    return np.packbits((flat > median)[::-1]).tobytes()
