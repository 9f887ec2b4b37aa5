"""Canonical JSON out, strict JSON in: every key is expected and every value is of its type."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NoReturn

from hashmatch.custody import canonical as form
from hashmatch.errors import HashSetError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hashmatch.model.records import Json

_HEX = re.compile("(?:[0-9a-f]{2})+")


def canonical(value: Mapping[str, Json]) -> bytes:
    """Give the one byte form of a JSON object, as the custody record has it.

    Raises:
        HashSetError: a text in it is half a character, or a name is not in Unicode NFC.
    """
    try:
        return form.encode(value)
    except ValueError:
        msg = "a text given for this set holds half a character or is not in NFC; write it plainly"
        raise HashSetError(msg) from None


def parse(data: bytes, where: str) -> Fields:
    """Read a JSON object that :func:`canonical` wrote.

    Args:
        data: the bytes of the file.
        where: the file's name, for messages.

    Raises:
        HashSetError: not a JSON object, or not in canonical form.
    """
    try:
        return Fields(form.decode(data), where)
    except ValueError:
        msg = f"{where} is damaged: expected a JSON object in canonical form; restore the library"
        raise HashSetError(msg) from None


class Fields:
    """One object being read: each key is taken once with its type, none may be left over.

    Every method raises ``HashSetError`` naming the object and the key, never the value.
    """

    def __init__(self, value: object, where: str) -> None:
        if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
            msg = f"{where}: expected an object with text keys"
            raise HashSetError(msg)
        self._rest: dict[str, object] = dict(value)
        self._where = where

    def refuse(self, key: str, expected: str) -> NoReturn:
        """Say that the value of a key is not what it must be."""
        msg = f"{self._where}: {key} must be {expected}"
        raise HashSetError(msg)

    def value(self, key: str) -> object:
        """Take any value; the key must be there."""
        if key not in self._rest:
            msg = f"{self._where}: {key} is missing"
            raise HashSetError(msg)
        return self._rest.pop(key)

    def text(self, key: str) -> str:
        """Take a text that is not empty."""
        value = self.value(key)
        if not isinstance(value, str) or not value:
            self.refuse(key, "a text")
        return value

    def maybe_text(self, key: str) -> str | None:
        """Take a text or null."""
        value = self.value(key)
        if value is not None and not isinstance(value, str):
            self.refuse(key, "a text or null")
        return value

    def whole(self, key: str) -> int:
        """Take a whole number from 0."""
        value = self.value(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            self.refuse(key, "a whole number")
        return value

    def flag(self, key: str) -> bool:
        """Take true or false."""
        value = self.value(key)
        if not isinstance(value, bool):
            self.refuse(key, "true or false")
        return value

    def octets(self, key: str) -> bytes:
        """Take bytes written in lower-case hexadecimal."""
        text = self.text(key)
        if not _HEX.fullmatch(text):
            self.refuse(key, "hexadecimal")
        return bytes.fromhex(text)

    def inner(self, key: str) -> Fields:
        """Take an object."""
        return Fields(self.value(key), f"{self._where}: {key}")

    def maybe_inner(self, key: str) -> Fields | None:
        """Take an object or null."""
        value = self.value(key)
        return None if value is None else Fields(value, f"{self._where}: {key}")

    def each(self, key: str) -> list[Fields]:
        """Take a list of objects."""
        value = self.value(key)
        if not isinstance(value, list):
            self.refuse(key, "a list")
        return [Fields(one, f"{self._where}: {key} {i}") for i, one in enumerate(value, 1)]

    def texts(self, key: str) -> dict[str, str]:
        """Take an object whose values are texts."""
        inner = self.inner(key)
        return {name: inner.text(name) for name in inner.names()}

    def counts(self, key: str) -> dict[str, int]:
        """Take an object whose values are whole numbers."""
        inner = self.inner(key)
        return {name: inner.whole(name) for name in inner.names()}

    def names(self) -> list[str]:
        """List the keys that have not been taken yet, sorted."""
        return sorted(self._rest)

    def finish(self) -> None:
        """Refuse what is left: an unknown key means something that is not understood."""
        if self._rest:
            msg = f"{self._where}: unknown keys {', '.join(self.names())}"
            raise HashSetError(msg)
