"""Statements of yes or no as lists spell them. What is absent or not understood stays unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashmatch.model.records import Json

_YES = ("1", "t", "true", "y", "yes", "wahr", "ja", "vrai", "oui", "verdadero", "si", "sí", "sim")
_NO = ("0", "f", "false", "n", "no", "falsch", "nein", "faux", "non", "falso", "não", "nao", "nee")
_WORDS = {**dict.fromkeys(_YES, True), **dict.fromkeys(_NO, False)}


def read_flag(value: Json) -> bool | None:
    """Read a statement; None when it says nothing, as null or an empty text does.

    Raises:
        ValueError: it says something that is neither yes nor no. The message does not hold it.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (str, int)):
        word = str(value).strip().lower()
        if word in _WORDS:
            return _WORDS[word]
        if not word:
            return None
    msg = "neither yes nor no"
    raise ValueError(msg)


def is_flag(value: Json) -> bool:
    """Tell whether :func:`read_flag` understands a value."""
    try:
        read_flag(value)
    except ValueError:
        return False
    return True
