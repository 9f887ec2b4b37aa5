"""The one byte form of a JSON object, so that equal content means equal bytes.

UTF-8; keys sorted and in Unicode NFC; no blanks; whole numbers only. A line that is not byte for
byte what :func:`encode` would write is refused, never repaired: a pretty-printed, reordered or
re-encoded record is a changed record.
"""

from __future__ import annotations

import json
import unicodedata
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Mapping

_NOT_CANONICAL = "not in canonical form"


def encode(mapping: Mapping[str, object]) -> bytes:
    """Give the canonical bytes of a mapping, without a line end.

    Values are ``int``, ``str``, ``bool``, ``None``, ``list`` and ``dict`` with ``str`` keys.

    Raises:
        ValueError: another type (floats above all), a key that is not in NFC, a lone surrogate.
    """
    _refuse_foreign(mapping)
    return _text(mapping).encode()


def decode(line: bytes) -> dict[str, object]:
    """Read one canonical line, without its line end.

    Raises:
        ValueError: the line is anything but the canonical form of a JSON object. The message
            never holds the line.
    """
    try:
        value = _DECODER.decode(line.decode())
        # Escapes are not written above U+007F, so an ASCII line has ASCII keys if it compares
        # equal, and the reader lets no float through: the text alone decides.
        again = _text(value).encode() if line.isascii() else encode(value)
    except (ValueError, RecursionError):
        raise ValueError(_NOT_CANONICAL) from None
    if again != line or not isinstance(value, dict):
        raise ValueError(_NOT_CANONICAL)
    return value


def _refuse_foreign(value: object) -> None:
    kind = type(value)
    if kind is str or kind is int or value is None or kind is bool:
        return
    if kind is dict:
        for key, inner in value.items():  # type: ignore[attr-defined]
            if type(key) is not str or not (key.isascii() or unicodedata.is_normalized("NFC", key)):
                msg = "a key is not text in Unicode NFC"
                raise ValueError(msg)
            _refuse_foreign(inner)
    elif kind is list:
        for inner in value:  # type: ignore[attr-defined]
            _refuse_foreign(inner)
    elif not isinstance(value, str | int):  # enumerations whose members are text or numbers
        msg = f"a value of type {kind.__name__} has no canonical form"
        raise ValueError(msg)


def _refuse_number(_: str) -> NoReturn:
    raise ValueError(_NOT_CANONICAL)


_text = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
).encode
_DECODER = json.JSONDecoder(parse_float=_refuse_number, parse_constant=_refuse_number)
