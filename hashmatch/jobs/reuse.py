"""Decode the same bytes once: what was learnt from a content is kept for its next copies.

Every copy is still read and digested itself, and has an outcome of its own; equal SHA-256 means
equal bytes, and equal bytes give equal hashes, so results are the same with and without this.
Only what is certain is kept: not what failed for want of memory or time.
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
"""Hash values that are kept, in each worker and in the parent; one takes about 100 bytes."""
_OF_ONE_SIZE = 4  # contents of one size that a worker is told of
_TOLD = 1000  # hash values told with one task, so that a pipe takes them
_OF_CHANCE = frozenset(
    {Reason.OUT_OF_MEMORY, Reason.TIME_LIMIT, Reason.WORKER_DIED, Reason.UNSUPPORTED}
)

Decoded = tuple["Picture | None", "Video | None"]
Known = tuple[bytes, "Picture | None", "Video | None"]
"""SHA-256 of a content, and what decoding it gave."""


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

    def get(self, value: bytes) -> Decoded | None:
        """As :meth:`find`, by the value alone; does not count as asked for."""
        return self._kept.get(value)

    def note(self, reading: Reading) -> bytes | None:
        """Keep what decoding gave, if there was something to decode and it is certain.

        Returns:
            The SHA-256 of what is kept.
        """
        picture, video = reading.picture, reading.video
        if not _certain(picture, video):
            return None
        value = sha256(reading.digests)
        if value is not None:
            self.keep(value, picture, video)
        return value

    def keep(self, value: bytes, picture: Picture | None, video: Video | None) -> None:
        """Keep what is known of a content."""
        if value in self._kept:
            return
        self._kept[value] = (picture, video)
        self._weight += _weight(picture, video)
        while self._weight > self._most:
            _, oldest = self._kept.popitem(last=False)
            self._weight -= _weight(*oldest)


class Seen:
    """What the parent knows of contents, by their size: a hint to the worker that gets a copy."""

    def __init__(self, most: int = MOST) -> None:
        self._contents = Contents(most)
        self._by_size: OrderedDict[int, list[bytes]] = OrderedDict()
        self._most = most

    def note(self, size: int, reading: Reading) -> None:
        """Take a result into account."""
        value = self._contents.note(reading)
        if value is None:
            return
        values = self._by_size.setdefault(size, [])
        if value not in values:
            values.append(value)
            del values[:-_OF_ONE_SIZE]
        if len(self._by_size) > self._most // 10:
            self._by_size.popitem(last=False)

    def of(self, sizes: Iterable[int]) -> tuple[Known, ...]:
        """Give what is known of contents of these sizes."""
        if not self._by_size:
            return ()
        values = {value for size in sizes for value in self._by_size.get(size, ())}
        told: list[Known] = []
        room = _TOLD
        for value in sorted(values):
            decoded = self._contents.get(value)
            room -= _weight(*decoded) if decoded is not None else 0
            if decoded is not None and room >= 0:
                told.append((value, *decoded))
        return tuple(told)


def sha256(digests: Iterable[Digest]) -> bytes | None:
    """Give the SHA-256 among some digests."""
    return next((d.value for d in digests if d.algorithm is Algorithm.SHA256), None)


def _certain(picture: Picture | None, video: Video | None) -> bool:
    """A video is decoded within a time, so that only a whole one is certain."""
    if picture is not None:
        return picture.trouble not in _OF_CHANCE
    return video is not None and video.trouble is None and not video.partial


def _weight(picture: Picture | None, video: Video | None) -> int:
    hashes = sum(len(one.variants) for one in picture.hashes) if picture is not None else 0
    return 5 + hashes + (len(video.hashes) if video is not None else 0)
