"""When the content of images is digested as a whole, and how far that is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verify(StrEnum):
    """How much is done to show that an image is what it was when it was made, and stayed so.

    Digested before anything else is read of it and again at the end, only before, or not at all.
    """

    FULL = "full"
    BEFORE = "before"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Checking:
    """How far the digesting of an exhibit is, in bytes; ``again`` when the run is at its end."""

    label: str
    done: int
    total: int
    again: bool = False
