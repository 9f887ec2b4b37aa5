"""Numbers that name a person in Thailand: telephone numbers and citizen ids, told with care.

A hash list is full of digits, so that a number by itself is taken for personal only where its
form says so: separators in the usual places, words around it, or a whole column of valid check
digits. Digits inside words, hexadecimal or longer numbers are nothing.
Source: numbering plan of NBTC; check digit of the Department of Provincial Administration.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_ALONE = r"(?<![\w.+/-]){}(?![\w/-]|\.\d)"
_CITIZEN = re.compile(_ALONE.format(r"([1-8][ -]?\d{4}[ -]?\d{5}[ -]?\d{2}[ -]?\d)"))
_PARTED = re.compile(r"[1-8]([ -])\d{4}\1\d{5}\1\d{2}\1\d")
_MOBILE = re.compile(_ALONE.format(r"0[689]\d{8}"))
_THAI = {0x0E50 + value: str(value) for value in range(10)}
_LENGTH = 13
_FEWEST = 3  # one number in eleven has a valid check digit by chance


def in_ascii(text: str) -> str:
    """Give a text with Thai digits as the usual ones; as long as before."""
    return text if text.isascii() else text.translate(_THAI)


def is_valid(number: str) -> bool:
    """Tell whether 13 digits end with the check digit of a citizen id."""
    total = sum(int(digit) * (_LENGTH - at) for at, digit in enumerate(number[: _LENGTH - 1]))
    return (11 - total % 11) % 10 == int(number[-1])


def holds_citizen_id(text: str) -> bool:
    """Tell whether a text that is more than a number holds a citizen id."""
    return any(
        is_valid(re.sub("[ -]", "", found[1]))
        for found in _CITIZEN.finditer(text)
        if found[1] != text or _PARTED.fullmatch(text)
    )


def citizen_ids(texts: Sequence[str]) -> list[int]:
    """Give the numbers of the cells of a column that holds nothing but citizen ids.

    A column of other long numbers, such as times in milliseconds, has an invalid one soon.
    """
    if max(map(len, texts), default=0) != _LENGTH:
        return []
    found = [at for at, text in enumerate(texts) if text]
    sure = len(found) >= _FEWEST and all(
        len(texts[at]) == _LENGTH and texts[at][0] in "12345678" and is_valid(texts[at])
        for at in found
    )
    return found if sure else []


def holds_mobile(text: str) -> bool:
    """Tell whether words hold a mobile number that is written without separators."""
    return any(found[0] != text.strip() for found in _MOBILE.finditer(text))
