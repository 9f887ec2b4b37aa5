"""Marks stand for the hashes that a record repeats in its own text.

A mark is two control characters, which JSON text never holds: for the spelling, for the place.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_LOWER, _UPPER, _BASE64 = "\x01", "\x02", "\x03"
_PLACES = tuple(chr(code) for code in range(4, 32) if chr(code) != "\n")
"""Marks of the first hashes of a record; the text of others stays as it is.

None may be a digit of a hash: the mark of one hash and what follows it could spell another.
"""


def marked(text: str, values: Sequence[bytes]) -> str:
    """Put marks in the place of the hashes of a record."""
    for mark, value in zip(_PLACES, values, strict=False):
        digits = value.hex()
        text = text.replace(digits, _LOWER + mark).replace(digits.upper(), _UPPER + mark)
        if len(value) > 64:  # PhotoDNA, whose usual spelling is base64
            text = text.replace(base64.b64encode(value).decode(), _BASE64 + mark)
    return text


def unmarked(text: str, values: Sequence[bytes]) -> str:
    """Put the hashes of a record back into its text."""
    for mark, value in zip(_PLACES, values, strict=False):
        digits = value.hex()
        text = text.replace(_LOWER + mark, digits).replace(_UPPER + mark, digits.upper())
        if len(value) > 64:
            text = text.replace(_BASE64 + mark, base64.b64encode(value).decode())
    return text
