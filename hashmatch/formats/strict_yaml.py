"""YAML of which nothing is passed over: each key once, all of them texts, none left unread."""

from __future__ import annotations

from typing import Any, NoReturn

import yaml

from hashmatch.errors import HashSetError


def parsed(data: bytes, where: str) -> object:
    """Read a YAML document.

    Args:
        data: the file.
        where: what it is, for messages.

    Raises:
        HashSetError: it is not YAML, or has a key twice or one that is no text.
    """
    try:
        value: object = yaml.load(data, _Strict)  # noqa: S506 -- a SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
        msg = f"{where} is not YAML, or has a key twice or without quotes"
        raise HashSetError(msg) from None
    return value


def load(data: bytes, where: str) -> Reading:
    """Read a YAML document that is an object, as :func:`parsed`."""
    return Reading(parsed(data, where), where)


class Reading:
    """An object that is being read; what was not taken at the end is refused."""

    def __init__(self, value: object, where: str) -> None:
        if not isinstance(value, dict):
            msg = f"{where}: expected an object"
            raise HashSetError(msg)
        self._rest: dict[str, object] = dict(value)
        self._where = where

    def refuse(self, key: str, expected: str) -> NoReturn:
        """Say that the value of a key is not what it must be."""
        msg = f"{self._where}: {key} must be {expected}"
        raise HashSetError(msg)

    def text(self, key: str, otherwise: str | None = None) -> str:
        """Take a text; with ``otherwise`` the key may be missing."""
        value = self._rest.pop(key, otherwise)
        if not isinstance(value, str):
            self.refuse(key, "a text")
        return value

    def truth(self, key: str) -> bool | None:
        """Take true or false; None where the key is missing."""
        value = self._rest.pop(key, None)
        if value is not None and not isinstance(value, bool):
            self.refuse(key, "true or false")
        return value

    def inner(self, key: str) -> Reading:
        """Take an object, an empty one where the key is missing."""
        return Reading(self._rest.pop(key, {}), f"{self._where}: {key}")

    def texts(self, key: str) -> dict[str, str]:
        """Take an object whose values are texts, or numbers that are read as texts."""
        inner = self.inner(key)
        found: dict[str, str] = {}
        for name, value in inner._rest.items():  # noqa: SLF001 -- one of its own kind
            if isinstance(value, bool) or not isinstance(value, (str, int)) or value == "":
                inner.refuse(name, "a text or a whole number")
            found[name] = str(value)
        return found

    def truths(self, key: str) -> dict[str, bool]:
        """Take an object whose values are true or false."""
        inner = self.inner(key)
        return {name: inner.truth(name) is True for name in [*inner._rest]}  # noqa: SLF001

    def finish(self) -> None:
        """Refuse what is left: an unknown key means something that is not understood."""
        if self._rest:
            msg = f"{self._where}: unknown keys {', '.join(sorted(self._rest))}"
            raise HashSetError(msg)


class _Strict(yaml.SafeLoader):
    """YAML that refuses a key given twice, where the plain loader would take the last one."""


def _mapping(loader: _Strict, node: yaml.MappingNode) -> dict[Any, Any]:
    pairs = [
        (loader.construct_object(key, deep=True), loader.construct_object(value, deep=True))
        for key, value in node.value
    ]
    if not all(isinstance(key, str) for key, _ in pairs):
        raise yaml.constructor.ConstructorError(None, None, "keys must be quoted texts")
    if len({key for key, _ in pairs}) != len(pairs):
        raise yaml.constructor.ConstructorError(None, None, "a key stands twice")
    return dict(pairs)


_Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
