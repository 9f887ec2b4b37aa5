"""Short numbers that stand for hashes, and the fingerprints by which findings are known again.

A print holds 64 bits: the first 32 of the value, and 32 mixed from all of it. Two values with
one print are as rare as two random values that agree in 64 bits. What leaves the program is only
the digest of a print, cut to 64 bits: it tells nobody a value that they do not hold already.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Prints = NDArray[np.uint64]
    Bytes = NDArray[np.uint8]

_WORDS = 36  # of 32 bits, in the longest value: PhotoDNA's 144 bytes
_FACTORS = np.frombuffer(
    b"".join(hashlib.sha256(f"print {at}".encode()).digest()[:8] for at in range(_WORDS)), "<u8"
) | np.uint64(1)
_HALF = np.uint64(32)
LENGTH = 16
"""Hexadecimal digits of a finding's fingerprint."""


def prints(values: Bytes) -> Prints:
    """Give the print of each row; never 0, which stands for an absent value.

    Args:
        values: one hash in each row; the length is a multiple of four bytes.
    """
    words = np.ascontiguousarray(values).view(">u4")
    mixed = np.zeros(len(words), np.uint64)
    for at in range(words.shape[1]):
        mixed += words[:, at].astype(np.uint64) * _FACTORS[at]
    found = (words[:, 0].astype(np.uint64) << _HALF) | (mixed >> _HALF)
    return np.maximum(found, np.uint64(1))


def print_of(value: bytes) -> int:
    """Give the print of one value."""
    return int(prints(np.frombuffer(value, np.uint8)[None, :])[0])


def lead(number: int) -> str:
    """Give the first eight hexadecimal digits of the value behind a print."""
    return f"{number >> 32:08x}"


def fingerprint(rule: str, kind: str | None, *parts: object) -> str:
    """Give what a finding is known by again, wherever its record moves: ``HM102:md5:0123…``.

    Args:
        rule: id of the rule.
        kind: algorithm or method; None where the finding is about no single value.
        parts: the print of the value, or words that tell findings of one rule apart.
    """
    told = "\n".join([rule, kind or "", *map(str, parts)])
    cut = hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:LENGTH]
    return f"{rule}:{kind or 'list'}:{cut}"
