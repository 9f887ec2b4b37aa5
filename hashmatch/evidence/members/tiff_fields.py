"""The fields of a directory as TIFF has it: what EXIF and the index of pictures are made of.

Source: TIFF 6.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

_MOST_FIELDS = 4096
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 7: 1, 9: 4, 13: 4}  # bytes of one value, by type


@dataclass(frozen=True, slots=True)
class Fields:
    """One directory: where each field of 12 bytes lies in ``tiff``, and the place of the next."""

    tiff: bytes
    order: Literal["little", "big"]
    places: dict[int, int]
    after: int

    def number(self, tag: int) -> int:
        """Give the first value of a field; 0 where it has none."""
        content = self.content(tag)
        size = _SIZES.get(self._number(self.places.get(tag, 0) + 2, 2), 4)
        return int.from_bytes(content[:size], self.order)

    def content(self, tag: int) -> bytes:
        """Give all of a field, as far as it is there."""
        place = self.places.get(tag)
        if place is None:
            return b""
        size = _SIZES.get(self._number(place + 2, 2), 0) * self._number(place + 4, 4)
        start = place + 8 if size <= 4 else self._number(place + 8, 4)
        return self.tiff[start : start + size]

    def following(self) -> Fields | None:
        """Give the next directory."""
        return _directory(self.tiff, self.order, self.after) if self.after else None

    def _number(self, place: int, size: int) -> int:
        return int.from_bytes(self.tiff[place : place + size], self.order)


def fields_at(tiff: bytes) -> Fields | None:
    """Read the first directory; None where it is no TIFF."""
    if not tiff.startswith((b"II*\0", b"MM\0*")):
        return None
    order: Literal["little", "big"] = "little" if tiff.startswith(b"II") else "big"
    return _directory(tiff, order, int.from_bytes(tiff[4:8], order))


def _directory(tiff: bytes, order: Literal["little", "big"], place: int) -> Fields | None:
    count = int.from_bytes(tiff[place : place + 2], order)
    end = place + 2 + 12 * count
    if place <= 0 or count > _MOST_FIELDS or end > len(tiff):
        return None
    places = {int.from_bytes(tiff[one : one + 2], order): one for one in range(place + 2, end, 12)}
    return Fields(tiff, order, places, int.from_bytes(tiff[end : end + 4], order))
