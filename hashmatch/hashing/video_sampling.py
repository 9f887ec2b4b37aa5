"""Choose which frames of a video are hashed, and which of the hashes are kept.

Lists are often made at one frame a second, each tool counting from its own beginning, so the
evidence is asked about more densely than that. A hash within :data:`SAME` bits of the one kept
before it says nothing new; the kept one stands for it until the next.

Source: Meta, ThreatExchange/vpdq (frames of a video as PDQ hashes).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hashmatch.hashing.pdq import hamming
from hashmatch.model.wanted import Effort

if TYPE_CHECKING:
    from hashmatch.model.hashes import FrameHash

SAME = 10
"""Bits up to which a frame is taken for the one kept before it."""

MOST_KEPT = 20_000
"""Hashes kept of one stream; when they are full, every other goes and the gap doubles."""

GAPS = {Effort.FAST: 1_000, Effort.STANDARD: 200, Effort.THOROUGH: 0}
"""Least time between hashed frames in milliseconds."""

_FIRST_WIDER = 100
_MOST_PASSED = 60  # frames that may go by unhashed: times in a broken file may stand still


@dataclass(slots=True)
class Sampler:
    """The frames of one stream in the order of decoding. What is kept does not depend on time.

    ``gap`` is the least time between hashed frames in milliseconds, 0 for every frame. Frames
    whose times stand still or run back are hashed all the same, from time to time.
    """

    gap: int
    most: int = MOST_KEPT
    kept: list[FrameHash] = field(default_factory=list)
    _last: int | None = None
    _passed: int = 0

    def due(self, at: int) -> bool:
        """Tell whether the frame at this millisecond is to be hashed; ask once for each."""
        since = None if self._last is None else at - self._last
        if since is None or since < 0 or since >= self.gap or self._passed >= _MOST_PASSED:
            self._last, self._passed = at, 0
            return True
        self._passed += 1
        return False

    def take(self, frame: FrameHash) -> None:
        """Keep the hash of a frame unless it is the last one again."""
        if self.kept and hamming(self.kept[-1].value, frame.value) <= SAME:
            return
        self.kept.append(frame)
        if len(self.kept) >= self.most:
            del self.kept[1::2]
            self.gap = self.gap * 2 or _FIRST_WIDER
