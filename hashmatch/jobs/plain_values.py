"""Look at plain values that came from another process: of known kinds, in bounds.

Values of a wrong form raise what taking them apart raises, see :data:`BROKEN`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hashmatch.model.records import Json

BROKEN = (TypeError, ValueError, LookupError, AttributeError, OverflowError, RecursionError)
"""What values of a wrong form raise where they are taken apart."""

MOST = 1 << 53
"""As large a number as every reader of a record takes."""

LONGEST_TEXT = 1 << 16

_DEEPEST = 6
_WIDEST = 10_000
_SHA256 = re.compile("[0-9a-f]{64}")


def plain(value: object, depth: int = 0) -> Json:
    """See that a value is one of JSON, not too deep and not too wide, and give it back.

    Raises:
        ValueError: it is not.
    """
    if depth > _DEEPEST:
        raise ValueError
    if type(value) is dict and len(value) <= _WIDEST:
        texts(*value)
        _each(plain, value.values(), depth + 1)
    elif type(value) is list and len(value) <= _WIDEST:
        _each(plain, value, depth + 1)
    elif type(value) is str:
        texts(value)
    elif type(value) is int:
        numbers(abs(value))
    elif value is not None and type(value) is not bool:
        raise ValueError
    return cast("Json", value)


def _each(look: Callable[[object, int], object], values: Iterable[object], depth: int) -> None:
    for one in values:
        look(one, depth)


def listed(values: object, most: int) -> list[Any]:
    """Give a list of so many values at most back."""
    if type(values) is not list or len(values) > most:
        raise ValueError
    return values


def numbers(*values: object) -> None:
    """See that all are whole numbers from 0 on."""
    for one in values:
        if type(one) is not int or not 0 <= one <= MOST:
            raise ValueError


def record(value: object) -> dict[str, Json]:
    """Give a record of plain values back.

    Raises:
        ValueError: it is none.
    """
    if type(value) is not dict:
        raise ValueError
    plain(value)
    return value


def digests(values: object, count: int) -> tuple[str, ...]:
    """Give a list of so many SHA-256 back.

    Raises:
        ValueError: it is none.
    """
    found = listed(values, count)
    if len(found) < count:
        raise ValueError
    for one in found:
        if type(one) is not str or not _SHA256.fullmatch(one):
            raise ValueError
    return tuple(found)


def number(value: object) -> int:
    """Give a number back.

    Raises:
        ValueError: it is none.
    """
    numbers(value)
    return cast("int", value)


def text(value: object) -> str:
    """Give a text back.

    Raises:
        EOFError: it is none, or too long.
    """
    try:
        texts(value)
    except BROKEN:
        raise EOFError from None
    return cast("str", value)


def texts(*values: object) -> None:
    """See that all are texts that can be written as UTF-8, and not too long."""
    for one in values:
        if type(one) is not str or len(one) > LONGEST_TEXT:
            raise ValueError
        one.encode()
