"""Videos against sets: whose listed frames, and which single pictures, their frames are near.

A listed video is found by how much of it is there, not by how much of the evidence it makes up: a
clip in a long compilation is a hit. It takes a share of the listed frames, or a run of a few that
agree in the order of the list; one frame alone may be a title or a test card that many share. A
single listed picture is found by any frame.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hashmatch.matching import alignment
from hashmatch.model.bands import Band, band
from hashmatch.model.hashes import Method
from hashmatch.model.hits import Near

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from hashmatch.db.installed import InstalledSet
    from hashmatch.matching.near import Limits
    from hashmatch.model.hashes import FrameHash, PerceptualHash
    from hashmatch.model.outcomes import Reading, Video

METHODS = (Method.VPDQ, Method.PDQ)
"""Where one record agrees by both, the video says more than the picture."""

RUN = 3
"""So many different listed frames that agree in order, close together, are enough."""

_ASKED = 512  # frames asked at a time: one listed hash may stand beside very many records
_ROWS = 16  # frames whose distances to all of a record's are held at a time
_RENDERING = "video-frame"
_VARIANT = "identity"


@dataclass(frozen=True, slots=True)
class _Frames:
    """The frames of a video that may be asked about, and when each is shown."""

    frames: tuple[FrameHash, ...]
    shown: tuple[alignment.Shown, ...]


def search(
    installed: InstalledSet, readings: Sequence[Reading], limits: Limits
) -> Iterator[tuple[int, int, Near]]:
    """Find every record of which enough agrees with a video.

    Frames and listed frames below the quality gate are passed over. A threshold beyond the
    last band holds for pictures only.

    Yields:
        number of the reading, record number, and how near; once per pair, sorted.

    Raises:
        HashSetError: a file of the set was altered.
    """
    for number, reading in enumerate(readings):
        if reading.video is None or not reading.video.hashes or not installed.has_near(METHODS):
            continue
        asked = _asked(reading.video, limits.quality_gate)
        found: dict[int, Near] = {}
        for method in METHODS:
            for record, agreeing in _candidates(installed, method, asked, limits).items():
                if record in found:
                    continue
                near = _compared(installed, record, method, asked, agreeing, limits)
                if near is not None:
                    found[record] = near
        for record in sorted(found):
            yield number, record, found[record]


def radius(limits: Limits) -> int:
    """The distance up to which frames agree: the run's own, and never a lead's."""
    most = limits.threshold
    while band(Method.VPDQ, most) is Band.LEAD:
        most -= 1
    return most


def _asked(video: Video, gate: int) -> _Frames:
    """Choose frames; where time does not go on, another stream or the frames within a border begin.

    The last frame of each is shown until the end of the video.
    """
    chosen: list[tuple[FrameHash, alignment.Shown]] = []
    series = 0
    for place, one in enumerate(video.hashes, 1):
        after = video.hashes[place].at if place < len(video.hashes) else -1
        last = after if after > one.at else max(one.at, video.length)
        if one.quality >= gate:
            chosen.append((one, alignment.Shown(one.at, last, series)))
        series += after <= one.at
    return _Frames(tuple(one for one, _ in chosen), tuple(shown for _, shown in chosen))


def _candidates(
    installed: InstalledSet, method: Method, asked: _Frames, limits: Limits
) -> dict[int, list[int]]:
    """Give for each record that any frame is near the numbers of these frames, in order."""
    found: dict[int, list[int]] = defaultdict(list)
    within = radius(limits)
    for start in range(0, len(asked.frames), _ASKED):
        values = [one.value for one in asked.frames[start : start + _ASKED]]
        hits = installed.near_hits(method, values, within)
        pairs = np.unique(np.stack((hits.record.astype(np.int64), hits.query + start)), axis=1)
        for record, frame in zip(*pairs.tolist(), strict=True):
            found[record].append(frame)
    return found


def _compared(
    installed: InstalledSet,
    record: int,
    method: Method,
    asked: _Frames,
    agreeing: list[int],
    limits: Limits,
) -> Near | None:
    """Compare frames with all that a record lists; None when too little agrees."""
    listed = _listed(installed.record(record).perceptual, method, limits.quality_gate)
    theirs = np.frombuffer(b"".join(one.value for one in listed), "<u8").reshape(-1, 4)
    within = radius(limits)
    best: tuple[int, int, int] | None = None
    rows: list[tuple[int, NDArray[np.intp]]] = []
    for start in range(0, len(agreeing), _ROWS):
        some = agreeing[start : start + _ROWS]
        ours = np.frombuffer(b"".join(asked.frames[at].value for at in some), "<u8").reshape(-1, 4)
        distances = _distances(ours, theirs)
        for at, row in zip(some, distances, strict=True):
            near = np.flatnonzero(row <= within)
            if len(near):
                rows.append((at, near))
                nearest = int(near[row[near].argmin()])
                this = (int(row[nearest]), at, nearest)
                best = this if best is None else min(best, this)
    if best is None:
        return None
    aligned = alignment.align(rows, asked.shown, len(theirs))
    frames = aligned.frames
    enough = frames.matched * 100 >= limits.video_coverage * frames.of
    if method is Method.VPDQ and not enough and aligned.in_order < RUN:
        return None
    distance, at, nearest = best
    return Near(
        method=method,
        distance=distance,
        threshold=within,
        quality=asked.frames[at].quality,
        list_quality=listed[nearest].quality,
        variant=_VARIANT,
        rendering=_RENDERING,
        frames=frames,
    )


def _distances(ours: NDArray[np.uint64], theirs: NDArray[np.uint64]) -> NDArray[np.uint16]:
    """Bits between each of (n, 4) and each of (m, 4) words: (n, m). A word at a time is fastest."""
    distances = np.zeros((len(ours), len(theirs)), np.uint16)
    for own, other in zip(ours.T, np.ascontiguousarray(theirs.T), strict=True):
        distances += np.bitwise_count(own[:, None] ^ other[None, :])
    return distances


def _listed(hashes: tuple[PerceptualHash, ...], method: Method, gate: int) -> list[PerceptualHash]:
    """The record's frames that may be compared, by time where all have one, else as listed."""
    own = [
        one
        for one in hashes
        if one.method is method and (one.quality is None or one.quality >= gate)
    ]
    timed = [(one.at, place, one) for place, one in enumerate(own) if one.at is not None]
    return [one for _, _, one in sorted(timed)] if len(timed) == len(own) else own
