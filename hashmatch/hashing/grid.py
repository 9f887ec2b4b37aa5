"""Bring a picture down to 64 x 64 luma values, without ever holding it as floats.

Meta's filter (two passes of a box over rows and columns) and the choice of 64 x 64 points after it
are linear, and rows and columns do not mix. So the grid is a weighted sum of rows followed by a
weighted sum of columns, each over a narrow window. Seeing the picture at another size first is
linear too, and only changes the weights: no second picture is made. The rows can be taken from
anything that gives a strip at a time. The result does not depend on the processor: weights and
samples are whole numbers almost everywhere, and what little remains is rounded off.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

import numpy as np

from hashmatch.hashing.windows import NATIVE_SIZE, POINTS, divisor, windows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from hashmatch.hashing.windows import Windows

    Floats = NDArray[np.float64]

_STRIP = 1 << 18  # pixels held as floats at a time; stays in the processor's cache
_TOGETHER = 4  # points computed by one product: more of them waste work, fewer make more calls
_LONG = 1024  # samples a side; from here on work weighs more than calls
_KEPT = 1 << 14  # pixels a side; weights of longer sides are too large to be kept
_WIDE = 1 << 14  # samples a row; beyond it, lines of that length would take too much memory
_BAND = 1 << 22  # samples that are asked for at a time where rows are that long
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


def samples_of(raster: Raster) -> tuple[int, int]:
    """Rows and columns of samples; the last of them may stand for less than a whole block."""
    height, width = raster.size
    return -(-height // raster.reduction), -(-width // raster.reduction)


def grid_of(raster: Raster) -> Floats:
    """Filter a picture and take 64 x 64 points of it: luma 0..255."""
    found: Floats = grids_of(raster, (NATIVE_SIZE,))[0]
    return found


def grids_of(raster: Raster, seen: tuple[int, ...]) -> Floats:
    """Give one grid for each size at which the picture is seen, from one pass over its rows.

    Args:
        raster: the picture.
        seen: pixels a side, whatever the shape of the picture; ``NATIVE_SIZE`` for as it is.

    Shape:
        (sizes, 64, 64)
    """
    height, width = raster.size
    if samples_of(raster)[1] > _WIDE:
        sums = _columns_first(raster, seen)
    else:
        lines = _lines(raster, _row_blocks(height, raster.reduction, seen), len(seen))
        sums = _columns(lines, _column_blocks(width, raster.reduction, seen))
    return _luma(sums, [divisor(height, size) * divisor(width, size) for size in seen])


@dataclass(frozen=True, slots=True)
class _Block:
    """Weights of neighbouring points over all samples that any of them depends on."""

    first: int
    last: int
    weights: NDArray[np.floating]


def _lines(raster: Raster, blocks: Iterable[_Block], sizes: int) -> Floats:
    """Weighted sums of rows: (sizes, colours, 64, w). Reads each row about once and in order."""
    tall, wide = samples_of(raster)
    step = max(1, _STRIP // wide)
    begin = end = place = 0
    strip = np.empty((0, 0), np.float32)
    planes = np.empty((0,))
    for block in blocks:
        if block.last > end:
            begin, end = block.first, min(tall, max(block.last, block.first + step))
            strip = raster.rows(begin, end).astype(np.float32).reshape(end - begin, -1)
        if not place:
            planes = np.empty((sizes, strip.shape[1] // wide, POINTS, wide))
        sums = block.weights @ strip[block.first - begin : block.last - begin]
        lines = sums.reshape(sizes, len(sums) // sizes, wide, -1).transpose(0, 3, 1, 2)
        after = place + lines.shape[2]
        planes[:, :, place:after] = lines
        place = after
    return planes


def _columns(lines: Floats, blocks: Iterable[_Block]) -> Floats:
    """Weighted sums along the lines, still whole numbers: (sizes, colours, 64, 64)."""
    sizes, colours, _, wide = lines.shape
    lines = lines.reshape(sizes, -1, wide)
    values = np.empty((sizes, colours * POINTS, POINTS))
    place = 0
    for block in blocks:
        after, part = place + block.weights.shape[2], lines[:, :, block.first : block.last]
        np.matmul(part, block.weights, out=values[:, :, place:after])
        place = after
    return values.reshape(sizes, colours, POINTS, POINTS)


def _columns_first(raster: Raster, seen: tuple[int, ...]) -> Floats:
    """Weighted sums along very long rows, then of them: lines of such a length are never held."""
    (height, width), (tall, wide) = raster.size, samples_of(raster)
    step = max(1, _BAND // wide)
    first = raster.rows(0, min(step, tall))
    samples = np.empty((tall, wide, first.size // (len(first) * wide)), first.dtype)
    for begin in range(0, tall, step):
        part = raster.rows(begin, min(begin + step, tall))
        samples[begin : begin + step] = part.reshape(len(part), wide, -1)
    sums = []
    for size in seen:
        rows = _along(samples, _column_blocks(width, raster.reduction, (size,)))
        blocks = _row_blocks(height, raster.reduction, (size,))
        lines = [block.weights @ rows[:, block.first : block.last] for block in blocks]
        sums.append(np.concatenate(lines, axis=1))
    return np.array(sums)


def _along(samples: NDArray[np.generic], blocks: Iterable[_Block]) -> Floats:
    """Weighted sums along rows: (colours, h, 64)."""
    tall, _, colours = samples.shape
    sums = np.empty((colours, tall, POINTS))
    place = 0
    for block in blocks:
        after = place + block.weights.shape[2]
        step = max(1, _STRIP // block.weights.shape[1])
        for begin in range(0, tall, step):
            part = samples[begin : begin + step, block.first : block.last].astype(np.float64)
            sums[:, begin : begin + step, place:after] = np.moveaxis(part, 2, 0) @ block.weights
        place = after
    return sums


def _luma(sums: Floats, divisors: list[float]) -> Floats:
    """From weighted sums to means, and from colours to luma."""
    planes = sums / np.array(divisors)[:, None, None, None]
    if planes.shape[1] == 1:
        return _settled(planes[:, 0])
    red, green, blue = (planes[:, colour] * share for colour, share in enumerate(_LUMA))
    return _settled(red + green + blue)


def _settled(values: Floats) -> Floats:
    """Drop what another processor might add up differently, far below one grey level."""
    return np.round(values * _FINE) / _FINE


def _row_blocks(length: int, reduction: int, seen: tuple[int, ...]) -> Iterable[_Block]:
    """Weights of the same points of every size, one below the other."""
    if length > _KEPT:
        return _blocks(length, reduction, seen)
    return _kept_row_blocks(length, reduction, seen)


def _column_blocks(length: int, reduction: int, seen: tuple[int, ...]) -> Iterable[_Block]:
    """As :func:`_row_blocks`, in double precision: (sizes, samples, points)."""
    if length > _KEPT:
        return (_upright(block, len(seen)) for block in _blocks(length, reduction, seen))
    return _kept_column_blocks(length, reduction, seen)


@lru_cache(maxsize=64)
def _kept_row_blocks(length: int, reduction: int, seen: tuple[int, ...]) -> tuple[_Block, ...]:
    return tuple(_blocks(length, reduction, seen))


@lru_cache(maxsize=64)
def _kept_column_blocks(length: int, reduction: int, seen: tuple[int, ...]) -> tuple[_Block, ...]:
    blocks = _kept_row_blocks(length, reduction, seen)
    return tuple(_upright(block, len(seen)) for block in blocks)


def _blocks(length: int, reduction: int, seen: tuple[int, ...]) -> Iterator[_Block]:
    """Make the blocks; of a very long side the weights of one point at a time."""
    step = _TOGETHER if length < _LONG * reduction else 1
    at_once = POINTS if length <= _KEPT else step
    for begin in range(0, POINTS, at_once):
        points = np.arange(begin, begin + at_once)
        sides = [windows(length, reduction, size, points) for size in seen]
        for at in range(0, at_once, step):
            yield _block(sides, at, at + step)


def _upright(block: _Block, sizes: int) -> _Block:
    of_sizes = block.weights.reshape(sizes, -1, block.last - block.first).transpose(0, 2, 1)
    return _Block(block.first, block.last, np.ascontiguousarray(of_sizes, np.float64))


def _block(sides: list[Windows], begin: int, end: int) -> _Block:
    """Single precision where it is exact, double precision where a weight is a fraction."""
    part = slice(begin, end)
    first = min(int(side.firsts[begin]) for side in sides)
    last = max(int(side.lasts[end - 1]) for side in sides)
    exact = all(side.whole[part].all() for side in sides)
    number = np.float32 if exact else np.float64
    weights = np.zeros((len(sides) * (end - begin), last - first), number)
    rows = iter(weights)
    for side in sides:
        for point in range(begin, end):
            place, after = side.firsts[point], side.lasts[point]
            next(rows)[place - first : after - first] = side.weights[point, : after - place]
    return _Block(first, last, weights)
