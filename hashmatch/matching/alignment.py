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
class Aligned:
    """What agrees, and how many different listed frames the best run in order has."""

    frames: Frames
    in_order: int


@dataclass(slots=True)
class _Run:
    """Frames that agree, near each other in time, with listed frames that never go back."""

    first: int
    last: int
    place: int
    different: int = 1

    def goes_on(self, begins: int, ends: int, near: NDArray[np.intp]) -> bool:
        """Take the next frame into the run when it follows, in the video and in the list."""
        later = near[near >= self.place]
        if not 0 <= begins - self.last < GAP or not len(later):
            return False
        self.different += int(later[0]) > self.place
        self.last, self.place = ends, int(later[0])
        return True


def align(
    rows: Sequence[tuple[int, NDArray[np.intp]]],
    ends: Sequence[int],
    moments: Sequence[int],
    of: int,
) -> Aligned:
    """Measure an agreement.

    A run takes the earliest listed frame that does not go back; it is found by going through the
    video once, so that of overlapping runs the first is measured. A frame stands for the time
    until the next.

    Args:
        rows: number of each frame that agrees, ascending, and the places in the list that it is
            near, ascending; at least one.
        ends: for each frame of the video, when the next one begins; milliseconds.
        moments: for each frame of the video, when it begins; milliseconds.
        of: how many frames are listed.
    """
    matched = np.zeros(of, bool)
    runs: list[_Run] = []
    spans: list[tuple[int, int]] = []
    for frame, near in rows:
        matched[near] = True
        first, last = moments[frame], ends[frame]
        if not runs or not runs[-1].goes_on(first, last, near):
            runs.append(_Run(first, last, int(near[0])))
        spans.append((first, last))
    frames = Frames(
        matched=int(matched.sum()),
        of=of,
        agreeing=len(rows),
        asked=len(moments),
        longest=max(one.last - one.first for one in runs),
        ranges=_merged(spans),
    )
    return Aligned(frames, max(one.different for one in runs))


def _merged(spans: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Join what belongs together; times begin anew with each stream of a video."""
    ranges: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if ranges and first - ranges[-1][1] < GAP:
            ranges[-1] = (ranges[-1][0], max(last, ranges[-1][1]))
        else:
            ranges.append((first, last))
    return tuple(ranges)
