"""A worker decodes the same bytes once: what it learnt of a content is kept for further copies.

Every copy is still read and digested itself, and has an outcome of its own; equal SHA-256 means
equal bytes, and equal bytes give equal hashes, so results are the same with and without this.
Only what is certain is kept: not what failed, or is missing, for want of memory or time. No worker
is told what another found: one that a hostile file took over misleads nobody else.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from hashmatch.model.hashes import Algorithm
from hashmatch.model.outcomes import Picture, Reading, Reason, Video

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hashmatch.model.hashes import Digest

MOST = 100_000
"""Hash values that each worker keeps; one takes about 100 bytes."""
_OF_CHANCE = frozenset(
    {Reason.OUT_OF_MEMORY, Reason.TIME_LIMIT, Reason.WORKER_DIED, Reason.UNSUPPORTED}
)

Decoded = tuple["Picture | None", "Video | None"]


class Contents:
    """What decoding gave, by SHA-256; what was not asked for longest goes first."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._weight = 0
        self._kept: OrderedDict[bytes, Decoded] = OrderedDict()

    def find(self, digests: Iterable[Digest]) -> Decoded | None:
        """Give what decoding these bytes gave before."""
        value = sha256(digests) if self._kept else None
        if value is None or value not in self._kept:
            return None
        self._kept.move_to_end(value)
        return self._kept[value]

    def note(self, reading: Reading) -> None:
        """Keep what decoding gave, if there was something to decode and it is certain."""
        picture, video = reading.picture, reading.video
        value = sha256(reading.digests) if _certain(picture, video) else None
        if value is None or value in self._kept:
            return
        self._kept[value] = (picture, video)
        self._weight += _weight(picture, video)
        while self._weight > self._most:
            _, oldest = self._kept.popitem(last=False)
            self._weight -= _weight(*oldest)


def sha256(digests: Iterable[Digest]) -> bytes | None:
    """Give the SHA-256 among some digests."""
    return next((d.value for d in digests if d.algorithm is Algorithm.SHA256), None)


def _certain(picture: Picture | None, video: Video | None) -> bool:
    """A video is decoded within a time, so that only a whole one is certain."""
    if picture is not None:
        return not {picture.trouble, picture.damage} & _OF_CHANCE
    return video is not None and video.trouble is None and not video.partial


def _weight(picture: Picture | None, video: Video | None) -> int:
    hashes = sum(len(one.variants) for one in picture.hashes) if picture is not None else 0
    return 5 + hashes + (len(video.hashes) if video is not None else 0)
