"""Tells PDQ hashes from SHA-256 digests, which are 64 digits too and would never hit as PDQ.

A bit of a PDQ says whether one of 256 numbers lies above their median, so that half of the bits
are 1: never more, and fewer only where numbers are equal, as in pictures with little structure.
The bits of a digest fall as coins do.
Source: Facebook, "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm" (2019).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hashmatch.errors import HashSetError

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_VALUES = 8
"""Fewer values say too little about what they are."""

_BALANCED = (126, 130)
_STEP = 1 << 16


def check(values: NDArray[np.uint8]) -> None:
    """Refuse values that were stated to be PDQ and are not.

    There is no word to import them nevertheless: taken for PDQ they could not hit anything.

    Shape:
        values (n, 32).

    Raises:
        HashSetError: of at least ``LEAST_VALUES`` more than a third do not have about as many 1
            as 0 bits, and some have more 1 bits than any PDQ has.
    """
    least, most = _BALANCED
    many = few = 0
    for start in range(0, len(values), _STEP):
        ones = np.bitwise_count(values[start : start + _STEP]).sum(axis=1, dtype=np.int64)
        many += int((ones > most).sum())
        few += int((ones < least).sum())
    if len(values) >= LEAST_VALUES and many and 3 * (many + few) > len(values):
        msg = (
            f"{many + few} of {len(values)} values cannot be PDQ, in which half of the bits are 1: "
            "these look like SHA-256; say so with --type sha256 or --map sha256=COLUMN"
        )
        raise HashSetError(msg)
