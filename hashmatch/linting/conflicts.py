"""What two categories of one file mean beside each other, in the words of the stated scheme."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hashmatch.linting.columns import category_number
from hashmatch.model.hits import Disposition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from hashmatch.db.profiles import Profile

    Choice = NDArray[np.bool_]
    Codes = NDArray[np.uint64]

_PLAIN = "other category than"


def told(
    profile: Profile | None, chosen: Choice, ours: Codes, theirs: Codes
) -> Iterator[tuple[Choice, str]]:
    """Split chosen pairs of records by what their two categories are.

    Codes are named only where both belong to the scheme: any other text may be content.

    Args:
        profile: the scheme, where one was stated.
        chosen: which pairs are in conflict.
        ours: numbers of the later records' codes.
        theirs: numbers of the earlier records' codes.

    Yields:
        Some of the chosen pairs, and the words for them.
    """
    codes = sorted(profile.categories) if profile else []
    left = chosen.copy()
    for one in codes:
        mine = chosen & (ours == np.uint64(category_number(one)))
        for other in codes if mine.any() else ():
            some = mine & (theirs == np.uint64(category_number(other)))
            if profile is not None and some.any():
                left &= ~some
                yield some, f"{_words(profile, one, other)}; {_PLAIN}"
    yield left, _PLAIN


def _words(profile: Profile, one: str, other: str) -> str:
    meanings = profile.disposition(one), profile.disposition(other)
    mixed = (meanings[0] is Disposition.BENIGN) != (meanings[1] is Disposition.BENIGN)
    end = "benign hides nothing, a hit is a conflict" if mixed else "a hit shows both"
    return f"code {one} ({meanings[0]}) against {other} ({meanings[1]}) of {profile.name}, {end}"
