"""Choose which frames of a video are hashed, and which of the hashes are kept.

Lists are often made at one frame a second, each tool counting from its own beginning, so the
evidence is asked about more densely than that. A hash within a few bits of the one kept before it,
see :data:`SAME`, and of no better quality says little new; the kept one stands for it until the
next. A listed frame that is near the one left out by so many bits less than the threshold is found
by the kept one for certain; one nearer to the threshold may be missed.

Source: Meta, ThreatExchange/vpdq (frames of a video as PDQ hashes).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hashmatch.hashing.pdq import hamming
from hashmatch.model.wanted import Effort

if TYPE_CHECKING:
    from hashmatch.model.hashes import FrameHash

SAME = {Effort.FAST: 10, Effort.STANDARD: 10, Effort.THOROUGH: 4}
"""Bits up to which a frame is taken for the one kept before it."""

MOST_KEPT = 100_000
"""Hashes kept of one stream; when they are full, every other goes and the gap doubles.

With the usual effort, more than five hours in which every frame differs from the one before.
"""

GAPS = {Effort.FAST: 1_000, Effort.STANDARD: 200, Effort.THOROUGH: 0}
"""Least time between hashed frames in milliseconds."""

_FIRST_WIDER = 100
_MOST_PASSED = 60  # frames that may go by unhashed: times in a broken file may stand still


@dataclass(slots=True)
class Sampler:
    """The frames of one stream in the order of decoding. What is kept does not depend on time.

    ``gap`` is the least time between hashed frames in milliseconds, 0 for every frame; ``same``
    the bits up to which a frame is taken for the one before. Frames whose times stand still or run
    back are hashed all the same, from time to time. ``thinned`` says that there were too many.
    """

    gap: int
    same: int
    most: int = MOST_KEPT
    kept: list[FrameHash] = field(default_factory=list)
    thinned: bool = False
    _last: int | None = None
    _passed: int = 0
    _stated: int = 0

    @classmethod
    def of(cls, effort: Effort) -> Sampler:
        """Give the sampler that an effort asks for."""
        return cls(GAPS[effort], SAME[effort])

    def due(self, at: int) -> bool:
        """Tell whether the frame at this millisecond is to be hashed; ask once for each."""
        since = None if self._last is None else at - self._last
        if since is None or since < 0 or since >= self.gap or self._passed >= _MOST_PASSED:
            self._last, self._passed = at, 0
            return True
        self._passed += 1
        return False

    def take(self, frame: FrameHash) -> None:
        """Keep the hash of a frame unless it is the last one again.

        One that looks the same but better is kept beside it: as a scene fades in, its first frames
        have too little structure to be compared. Where time stands still, moments go on by one
        millisecond, so that only where time runs back does it seem so.
        """
        last = self.kept[-1] if self.kept else None
        if last is not None and self._stands_for(last, frame):
            return
        still = last is not None and self._stated <= frame.at <= last.at
        self._stated = frame.at
        self.kept.append(replace(frame, at=last.at + 1) if last and still else frame)
        if len(self.kept) >= self.most:
            del self.kept[1::2]
            self.gap = self.gap * 2 or _FIRST_WIDER
            self.thinned = True

    def _stands_for(self, last: FrameHash, frame: FrameHash) -> bool:
        return frame.quality <= last.quality and hamming(last.value, frame.value) <= self.same
