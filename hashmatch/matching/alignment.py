"""Which stretches of a video agree with a list of frames, and how long they agree in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hashmatch.model.hits import Frames

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

GAP = 5_000
"""Frames that agree belong together up to so many milliseconds apart.

Lists often hold one frame a second, and where the picture moves, frames between two that agree
need not agree with any.
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """When a frame of a video is shown: from ``first`` to before the next; milliseconds.

    ``series`` numbers what goes forward in time: moments of different ones are not comparable.
    """

    first: int
    last: int
    series: int


@dataclass(frozen=True, slots=True)
class Aligned:
    """What agrees, and how many different listed frames the best run in order has."""

    frames: Frames
    in_order: int


class _Runs:
    """The best runs that end with each listed frame, while one goes through the video.

    A run that ends with a listed frame goes on with that frame, or with a later one. So of all the
    runs that end with it only the newest needs to be known: as long as any can still go on, the
    newest goes on from the best of them.
    """

    def __init__(self, of: int) -> None:
        self._series = -1
        self._begins = np.zeros(of, np.int64)
        self._ends = np.full(of, -GAP, np.int64)
        self._different = np.zeros(of, np.int64)

    def take(self, frame: Shown, near: NDArray[np.intp]) -> tuple[int, int]:
        """Go on with a frame that agrees with listed ones.

        Returns:
            milliseconds of the longest run that ends with it, and the most different listed
            frames that a run which ends with it has; each frame of the video adds one at most.
        """
        if frame.series != self._series:
            self._series = frame.series
            self._ends[:] = -GAP
        alive = np.flatnonzero(self._ends[: int(near[-1]) + 1] > frame.first - GAP)
        before = np.concatenate(([frame.first], self._begins[alive]))
        begins = np.minimum.accumulate(before)[np.searchsorted(alive, near, "right")]
        before = np.maximum.accumulate(np.concatenate(([0], self._different[alive])))
        below = before[np.searchsorted(alive, near, "left")]
        as_far = before[np.searchsorted(alive, near, "right")]
        self._different[near] = np.maximum(below + 1, as_far)
        self._begins[near] = begins
        self._ends[near] = frame.last
        return frame.last - int(begins.min()), int(self._different[near].max())


def align(rows: Sequence[tuple[int, NDArray[np.intp]]], shown: Sequence[Shown], of: int) -> Aligned:
    """Measure an agreement.

    A run are frames of one series that agree with listed frames which never go back, each less
    than :data:`GAP` after the end of the one before. Frames in between that agree with other
    listed frames do not end it. What it takes grows as comparing the frames with the list does.

    Args:
        rows: number of each frame that agrees, ascending, and the places in the list that it is
            near, ascending; at least one.
        shown: for each frame of the video, when; ascending within a series.
        of: how many frames are listed.
    """
    matched = np.zeros(of, bool)
    runs = _Runs(of)
    longest, in_order = 0, 0
    for frame, near in rows:
        matched[near] = True
        lasting, different = runs.take(shown[frame], near)
        longest, in_order = max(longest, lasting), max(in_order, different)
    frames = Frames(
        matched=int(matched.sum()),
        of=of,
        agreeing=len(rows),
        asked=len(shown),
        longest=longest,
        ranges=_merged([(shown[frame].first, shown[frame].last) for frame, _ in rows]),
    )
    return Aligned(frames, in_order)


def _merged(spans: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Join what belongs together; times begin anew with each series."""
    ranges: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if ranges and first - ranges[-1][1] < GAP:
            ranges[-1] = (ranges[-1][0], max(last, ranges[-1][1]))
        else:
            ranges.append((first, last))
    return tuple(ranges)
