"""Single JSON values: decoded at the speed of C, and strictly."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashmatch.model.records import Json

DEEPEST = 64
"""Levels of objects and arrays that a value may have."""
_TOO_LARGE = 1 << 63


class JsonDecoder:
    """The standard decoder, noting what it would let pass.

    After a decoding, ``repeated`` tells that an object had a key twice (the last value is kept),
    and ``unfit`` that a number was none, or of more than 64 bits. ``opened`` is how many objects
    and arrays it holds, or more.
    """

    def __init__(self) -> None:
        self.repeated = False
        self.unfit = False
        self.opened = 0
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._object,
            parse_int=self._integer,
            parse_float=self._real,
            parse_constant=self._constant,
        )

    def decode(self, text: str, start: int) -> tuple[Json, int]:
        """Decode the value that begins at ``start``; give it and where it ends.

        Raises:
            ValueError: a ``JSONDecodeError``, or another for too deep nesting.
        """
        self.repeated = self.unfit = False
        try:
            value, end = self._decoder.raw_decode(text, start)
        except RecursionError:
            raise TooDeepError from None
        self.opened = text.count("{", start, end) + text.count("[", start, end)
        if self.opened > DEEPEST and _depth(value) > DEEPEST:
            raise TooDeepError
        return value, end

    def _object(self, pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        found = dict(pairs)
        if len(found) != len(pairs):
            self.repeated = True
        return found

    def _integer(self, text: str) -> int:
        if len(text) < 19:
            return int(text)
        if len(text) > 20 or not -_TOO_LARGE <= (value := int(text)) < _TOO_LARGE:
            self.unfit = True
            return 0
        return value

    def _real(self, text: str) -> float:
        value = float(text)
        if value in {float("inf"), -float("inf")}:
            self.unfit = True
        return value

    def _constant(self, _word: str) -> None:
        self.unfit = True


class TooDeepError(ValueError):
    """A value is nested more deeply than any list has need of."""


def _depth(value: Json) -> int:
    """Count the levels of a value, without recursion."""
    depth, level = 0, [value]
    while level := [
        inner
        for one in level
        if isinstance(one, dict | list)
        for inner in (one.values() if isinstance(one, dict) else [*one, None])
    ]:
        depth += 1
    return depth


def without_surrogates(value: Json) -> Json:
    """Replace unpaired surrogates, which no file can hold."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [without_surrogates(inner) for inner in value]
    if isinstance(value, dict):
        return {
            key.encode("utf-8", "replace").decode(): without_surrogates(inner)
            for key, inner in value.items()
        }
    return value
