"""Which blocks of an image cannot be content: two lie in one place, or on what describes it."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from itertools import pairwise
from typing import TYPE_CHECKING

from hashmatch.evidence.media.interface import MediumError
from hashmatch.model import names

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hashmatch.evidence.media.stored import Stored


def clashing(
    file: Stored, places: Iterable[int], length: int, kept: Sequence[tuple[int, int]]
) -> frozenset[int]:
    """Give those places whose blocks are no content of their own.

    Of two blocks that share bytes neither is believed: nothing says which of them is right.

    Args:
        file: of the image. Places beyond its end are passed over: reading tells of them.
        places: of all blocks that are stored, in bytes.
        length: of each of them, in bytes.
        kept: first byte and end of each stretch that describes the image.

    Raises:
        MediumError: there are more than the file has room for.
    """
    found = array("Q")
    most = file.size // length + 1
    for place in places:
        if place < file.size:
            found.append(place)
            if len(found) > most:
                msg = f"{names.shown(file.path)} is damaged: it names more blocks than it can hold"
                raise MediumError(msg)
    ordered = sorted(found)
    wrong: set[int] = set()
    for one, following in pairwise(ordered):
        if following < one + length:
            wrong.update((one, following))
    for start, end in kept:
        if start < end:
            first = bisect_left(ordered, max(0, start - length + 1))
            wrong.update(ordered[first : bisect_left(ordered, end)])
    return frozenset(wrong)
