"""Find a plain border around a picture, so that the picture can be hashed without it.

Letterboxes, frames of any one colour, screenshots with plain bars: a perceptual hash of the whole
sees the border as part of the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hashmatch.hashing.grid import samples_of
from hashmatch.hashing.pdq import MIN_SIDE

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from hashmatch.hashing.grid import Raster

    Luma = NDArray[np.int64]
    Some = Callable[[int, int], Luma]

_SPREAD = 6  # grey levels: a line of the border deviates less than this from its own mean
_DRIFT = 12  # grey levels: and its mean no more than this from that of the outermost line
_SHARE = 3  # at most one part in so many is taken from each side
_SAMPLED = 256  # places along a line that are looked at
_AT_ONCE = 32  # lines looked at together


@dataclass(frozen=True, slots=True)
class Trimmed:
    """A picture without its border, as a raster: samples of whole lines are left out."""

    raster: Raster
    top: int
    bottom: int
    left: int
    right: int

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of what is left, in pixels of the picture."""
        return (
            _pixels(self.raster.size[0], self.raster.reduction, self.top, self.bottom),
            _pixels(self.raster.size[1], self.raster.reduction, self.left, self.right),
        )

    @property
    def reduction(self) -> int:
        """As that of the picture."""
        return self.raster.reduction

    def rows(self, first: int, last: int) -> NDArray[np.generic]:
        """Samples of some of the rows that are left."""
        return self.raster.rows(self.top + first, self.top + last)[:, self.left : self.right]


def _pixels(side: int, reduction: int, first: int, last: int) -> int:
    return min(side, last * reduction) - first * reduction


def trimmed(raster: Raster) -> Trimmed | None:
    """Take a plain border away; None where there is none.

    A line of samples belongs to the border while it is of nearly one grey and nearly that of the
    outermost line, up to a third of the picture on each side. Rows are looked at first, then
    columns between them, then rows again, for borders of different colours that overlap. Of long
    lines some samples evenly spread are looked at.
    """
    tall, wide = samples_of(raster)
    found = Trimmed(raster, 0, tall, 0, wide)
    found = _columns_off(_rows_off(found))
    if found.right - found.left < wide:
        found = _rows_off(found)
    left = found.bottom - found.top, found.right - found.left
    return None if left == (tall, wide) or min(found.size) < MIN_SIDE else found


def _rows_off(whole: Trimmed) -> Trimmed:
    every = -(-(whole.right - whole.left) // _SAMPLED)

    def some(first: int, last: int) -> Luma:
        return _luma(whole.raster.rows(first, last)[:, whole.left : whole.right : every])

    before, after = _plain(some, whole.top, whole.bottom, samples_of(whole.raster)[0])
    return Trimmed(whole.raster, whole.top + before, whole.bottom - after, whole.left, whole.right)


def _columns_off(whole: Trimmed) -> Trimmed:
    every = -(-(whole.bottom - whole.top) // _SAMPLED)
    if every == 1:
        sampled = whole.raster.rows(whole.top, whole.bottom)
    else:
        places = range(whole.top, whole.bottom, every)
        sampled = np.concatenate([whole.raster.rows(place, place + 1) for place in places])

    def some(first: int, last: int) -> Luma:
        return np.ascontiguousarray(_luma(sampled[:, first:last]).T)

    before, after = _plain(some, whole.left, whole.right, samples_of(whole.raster)[1])
    return Trimmed(whole.raster, whole.top, whole.bottom, whole.left + before, whole.right - after)


def _plain(some: Some, first: int, last: int, side: int) -> tuple[int, int]:
    """Count plain lines at the beginning and at the end, as far as a side may yet lose them."""
    most = side // _SHARE
    ahead = _run(lambda begin, end: some(first + begin, first + end), most - first)
    behind = _run(lambda begin, end: some(last - end, last - begin)[::-1], most - (side - last))
    return ahead, behind


def _run(lines: Some, most: int) -> int:
    """Count plain lines from the outermost one inwards."""
    outermost = lines(0, 1)
    if not _flat(outermost)[0]:
        return 0
    for begin in range(0, most, _AT_ONCE):
        some = lines(begin, min(begin + _AT_ONCE, most))
        level = abs(some.sum(axis=1) - outermost.sum()) <= _DRIFT * some.shape[1]
        other = np.flatnonzero(~(_flat(some) & level))
        if len(other):
            return begin + int(other[0])
    return max(0, most)


def _flat(lines: Luma) -> NDArray[np.bool_]:
    """Compare the spread of each line in whole numbers, the same on every processor."""
    count = lines.shape[1]
    squares, sums = (lines * lines).sum(axis=1), lines.sum(axis=1)
    flat: NDArray[np.bool_] = count * squares - sums * sums < (_SPREAD * count) ** 2
    return flat


def _luma(samples: NDArray[np.generic]) -> Luma:
    values = samples.astype(np.int64)
    if values.ndim == 2:
        return values
    luma: Luma = values @ np.array((299, 587, 114)) // 1000
    return luma
