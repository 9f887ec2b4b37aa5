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
_SMALL = 1 << 20  # samples; so many rows are asked for together, more of them singly


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

    A line of samples belongs to the border while it is of nearly one grey, and nearly that of the
    outermost line, up to a third of the picture on each side. All sides have the same grey: a page
    with white margins between black bars keeps its margins. Rows are looked at first, then columns
    between them; of long lines, samples evenly spread.
    """
    tall, wide = samples_of(raster)
    every = -(-wide // _SAMPLED)
    rows = _Plain(lambda first, last: _luma(raster.rows(first, last)[:, ::every]), tall)
    top, bottom, grey = rows.ends(None)
    columns = _Plain(_columns(raster, top, bottom), wide)
    left, right, _ = columns.ends(grey)
    found = Trimmed(raster, top, bottom, left, right)
    whole = (bottom - top, right - left) == (tall, wide)
    return None if whole or min(found.size) < MIN_SIDE else found


def _columns(raster: Raster, top: int, bottom: int) -> Some:
    """Give columns between two rows, of every so-many-th row if there are many."""
    every = -(-(bottom - top) // _SAMPLED)
    if (bottom - top) * samples_of(raster)[1] <= _SMALL:
        sampled = raster.rows(top, bottom)[::every]
    else:
        places = range(top, bottom, every)
        sampled = np.concatenate([raster.rows(place, place + 1) for place in places])
    return lambda first, last: np.ascontiguousarray(_luma(sampled[:, first:last]).T)


@dataclass(frozen=True, slots=True)
class _Plain:
    """Lines of luma in one direction, and how many of them there are."""

    some: Some
    side: int

    def ends(self, grey: int | None) -> tuple[int, int, int | None]:
        """First line, line behind the last, and grey of the border, which may be known before."""
        first, grey = self._run(self.some, grey)
        last, grey = self._run(self._from_behind, grey)
        return first, self.side - last, grey

    def _from_behind(self, begin: int, end: int) -> Luma:
        return self.some(self.side - end, self.side - begin)[::-1]

    def _run(self, lines: Some, grey: int | None) -> tuple[int, int | None]:
        """Count plain lines from the outermost one inwards."""
        most = self.side // _SHARE
        outermost = lines(0, 1)
        if most == 0 or not _flat(outermost)[0]:
            return 0, grey
        here = int(outermost.sum()) // outermost.shape[1]
        if grey is not None and abs(here - grey) > _DRIFT:
            return 0, grey
        for begin in range(0, most, _AT_ONCE):
            some = lines(begin, min(begin + _AT_ONCE, most))
            level = abs(some.sum(axis=1) - here * some.shape[1]) <= _DRIFT * some.shape[1]
            other = np.flatnonzero(~(_flat(some) & level))
            if len(other):
                return begin + int(other[0]), here
        return most, here


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
