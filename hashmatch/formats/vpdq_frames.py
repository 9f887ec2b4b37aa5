"""Frames of a video with a PDQ hash each, gathered into the one record of the video."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from hashmatch.formats.hash_text import VPDQ, read_hash
from hashmatch.model.hashes import PerceptualHash
from hashmatch.model.records import Dropped, HashRecord, Loss

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.model.records import Json, ListEvent

_BEST = 100


class Frames:
    """The frames read so far, and what was lost of them. Equal frames are kept: time differs."""

    __slots__ = ("_losses", "_numbers", "kept")

    def __init__(self) -> None:
        self.kept: list[PerceptualHash] = []
        self._numbers: list[Json] = []
        self._losses: list[Loss] = []

    def take(self, value: str, quality: str, at: str, number: str | None = None) -> None:
        """Read a frame: its hash, its quality from 0 to 100, its time in seconds.

        A quality or time that is none is lost alone; a frame that ends before its time is cut off.
        """
        found = read_hash(VPDQ, value) if at else Loss.MALFORMED
        if isinstance(found, PerceptualHash):
            self.kept.append(replace(found, quality=self._quality(quality), at=self._time(at)))
            self._numbers.append(number)
        else:
            self.lose(found if isinstance(found, Loss) else Loss.NO_HASH)

    def lose(self, reason: Loss) -> None:
        """Note that a frame, or a value of one, was lost."""
        self._losses.append(reason)

    def events(self, place: int) -> Iterator[ListEvent]:
        """Yield what was lost, and the record of the video if a frame is left."""
        if not self.kept:
            yield Dropped(place, self._losses[0] if self._losses else Loss.NO_HASH)
            return
        for reason in self._losses:
            yield Dropped(place, reason, whole=False)
        numbered = any(number is not None for number in self._numbers)
        fields: dict[str, Json] = {"frames": self._numbers} if numbered else {}
        yield HashRecord(place, perceptual=tuple(self.kept), fields=fields)

    def _quality(self, text: str) -> int | None:
        if text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= _BEST:
            return int(text)
        self.lose(Loss.BAD_VALUE)
        return None

    def _time(self, text: str) -> float | None:
        """Times may be written as 1.23e+03."""
        try:
            at = float(text)
        except ValueError:
            at = -1
        if math.isfinite(at) and at >= 0:
            return at
        self.lose(Loss.BAD_VALUE)
        return None


def take_listed(frames: Frames, listed: Json) -> None:
    """Take the frames of a JSON list of texts: ``"<hash>,<quality>,<seconds>"``."""
    for one in listed if isinstance(listed, list) else ():
        cells = one.split(",") if isinstance(one, str) else []
        if len(cells) == 3:
            frames.take(*cells)
        else:
            frames.lose(Loss.MALFORMED)
