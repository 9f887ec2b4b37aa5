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
_WITHIN = 2  # borders that are looked for within the first
_EDGES = (0, 2, 8)  # samples that an edge between two borders is wide: it may be soft, or ring
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
    return _within(Trimmed(raster, 0, tall, 0, wide), 0)


def inmost(outer: Trimmed) -> Trimmed | None:
    """Take away borders within a border that was found; None where there are none.

    Up to two more, each of its own grey, of all borders together no more than a third of the
    picture on each side.
    """
    found = None
    for _ in range(_WITHIN):
        further = [_within(found or outer, edge) for edge in _EDGES]
        least = min((one for one in further if one), key=_area, default=None)
        if least is None:
            break
        found = least
    return found


def _area(left: Trimmed) -> int:
    return (left.bottom - left.top) * (left.right - left.left)


def _within(outer: Trimmed, edge: int) -> Trimmed | None:
    """Take one border away from what is left, behind edges of some samples."""
    tall, wide = samples_of(outer.raster)
    top, bottom = outer.top + edge, outer.bottom - edge
    left, right = outer.left + edge, outer.right - edge
    most_rows, most_columns = tall // _SHARE, wide // _SHARE
    if min(most_rows - top, bottom - tall + most_rows) < 0:
        return None
    if min(most_columns - left, right - wide + most_columns) < 0:
        return None
    inner = Trimmed(outer.raster, top, bottom, left, right)
    every = -(-(right - left) // _SAMPLED)
    rows = _Plain(
        lambda first, last: _luma(inner.rows(first, last)[:, ::every]),
        *(bottom - top, most_rows - top, bottom - tall + most_rows),
    )
    above, below, grey = rows.ends(None)
    columns = _Plain(
        _columns(inner, above, below),
        *(right - left, most_columns - left, right - wide + most_columns),
    )
    before, behind, _ = columns.ends(grey)
    if (below - above, behind - before) == (bottom - top, right - left):
        return None
    found = Trimmed(outer.raster, top + above, top + below, left + before, left + behind)
    return None if min(found.size) < MIN_SIDE else found


def _columns(raster: Trimmed, top: int, bottom: int) -> Some:
    """Give columns between two rows, of every so-many-th row if there are many."""
    every = -(-(bottom - top) // _SAMPLED)
    if (bottom - top) * (raster.right - raster.left) <= _SMALL:
        sampled = raster.rows(top, bottom)[::every]
    else:
        places = range(top, bottom, every)
        sampled = np.concatenate([raster.rows(place, place + 1) for place in places])
    return lambda first, last: np.ascontiguousarray(_luma(sampled[:, first:last]).T)


@dataclass(frozen=True, slots=True)
class _Plain:
    """Lines of luma in one direction, how many there are, and how many may be of the border."""

    some: Some
    side: int
    most_first: int
    most_last: int

    def ends(self, grey: int | None) -> tuple[int, int, int | None]:
        """First line, line behind the last, and grey of the border, which may be known before."""
        first, grey = self._run(self.some, self.most_first, grey)
        last, grey = self._run(self._from_behind, self.most_last, grey)
        return first, self.side - last, grey

    def _from_behind(self, begin: int, end: int) -> Luma:
        return self.some(self.side - end, self.side - begin)[::-1]

    def _run(self, lines: Some, most: int, grey: int | None) -> tuple[int, int | None]:
        """Count plain lines from the outermost one inwards."""
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
