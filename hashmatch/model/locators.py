"""Locators: one readable line that names any item from the exhibit down, and its id.

``EVIDENCE ("!" kind [":" path] (";" key ["=" value])*)*``. Only ``! ; %``, what cannot be seen or
makes other characters be seen otherwise, and bytes that are not UTF-8 are written as ``%XX``; other
scripts stay readable, and a locator can be typed as it is shown. Paths have ``/`` between names and
are never normalised. What follows EVIDENCE is called the *place* of an item.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from hashmatch.model import names

_KIND = re.compile(r"[a-z0-9][a-z0-9+.-]*")
_KEY = re.compile(r"[a-z][a-z0-9]*")
_ESCAPED = re.compile("[!;%]")
_BROKEN = re.compile("%(?![0-9A-F]{2})")
_CODE = re.compile(rb"%([0-9A-F]{2})")


@dataclass(frozen=True, slots=True)
class Layer:
    """One step down: into a partition, a file system, a container.

    ``path`` is raw bytes, None where the step has none. A value of None is a bare key.
    """

    kind: str
    path: bytes | None = None
    keys: tuple[tuple[str, bytes | None], ...] = ()

    def key(self, name: str) -> bytes | None:
        """Give the value of a key; None when it is bare or not there."""
        return dict(self.keys).get(name)

    def has(self, name: str) -> bool:
        """Tell whether a key is there."""
        return name in dict(self.keys)

    def number(self, name: str) -> int:
        """Give the value of a key as a whole number.

        Raises:
            ValueError: there is none, or it is not a decimal number.
        """
        value = self.key(name)
        if value is None or not value.isdigit():
            msg = f"the locator needs a number for '{name}'"
            raise ValueError(msg)
        return int(value)

    def __str__(self) -> str:
        path = "" if self.path is None else f":{_escaped(self.path)}"
        keys = "".join(
            f";{key}" if value is None else f";{key}={_escaped(value)}" for key, value in self.keys
        )
        return f"{self.kind}{path}{keys}"


def layer(kind: str, path: bytes | None = None, **keys: str | bytes | int | None) -> Layer:
    """Make a layer; numbers become decimal, text UTF-8. A key given as None is bare."""
    values = ((key, None if value is None else _bytes(value)) for key, value in keys.items())
    return Layer(kind, path, tuple(values))


def place(layers: tuple[Layer, ...]) -> str:
    """Write layers as the part of a locator after EVIDENCE, without the first mark."""
    return "!".join(map(str, layers))


def parse_place(text: str) -> tuple[Layer, ...]:
    """Read back what :func:`place` wrote.

    Raises:
        ValueError: it is no place; says what is wrong.
    """
    return tuple([_layer(part) for part in text.split("!")]) if text else ()


def locator(label: str, where: str) -> str:
    """Write a whole locator.

    Args:
        label: what the case calls the exhibit.
        where: the place in it.
    """
    return f"{label}!{where}"


def parse(text: str) -> tuple[str, tuple[Layer, ...]]:
    """Read a locator.

    Returns:
        The label of the exhibit, and the layers.

    Raises:
        ValueError: it is no locator; says what is wrong.
    """
    name, mark, where = text.partition("!")
    if not mark or not name or not where:
        msg = "a locator looks like EV01!dir:/folder/name: an exhibit, then '!' and a place in it"
        raise ValueError(msg)
    return name, parse_place(where)


def label(number: int) -> str:
    """Name the exhibit that is a run's source of a number, which counts from 0."""
    return f"EV{number + 1:02d}"


def in_folder(path: bytes) -> str:
    """Give the place of an entry of a folder."""
    return "dir:/" + _escaped(path)


def item_id(text: str) -> str:
    """Give the id of the item that a locator names: stable in every run and on every machine."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _bytes(value: str | bytes | int) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogateescape")


def _escaped(value: bytes) -> str:
    text = value.decode("utf-8", "surrogateescape")
    if text.isprintable() and not _ESCAPED.search(text):
        return text
    return "".join(_codes(char) if _is_escaped(char) else char for char in text)


def _is_escaped(char: str) -> bool:
    return char in "!;%" or names.is_hidden(char)


def _codes(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "surrogateescape"))


def _unescaped(text: str) -> bytes:
    if "%" not in text:
        return text.encode()
    if _BROKEN.search(text):
        msg = "'%' in a locator stands before two digits of 0-9 A-F; write a real one as %25"
        raise ValueError(msg)
    return _CODE.sub(lambda found: bytes.fromhex(found[1].decode()), text.encode())


def _layer(text: str) -> Layer:
    head, *keys = text.split(";")
    kind, colon, path = head.partition(":")
    if not _KIND.fullmatch(kind):
        msg = f"a locator has no step of the kind '{kind}'"
        raise ValueError(msg)
    found: list[tuple[str, bytes | None]] = []
    for pair in keys:
        key, sign, value = pair.partition("=")
        if not _KEY.fullmatch(key):
            msg = f"'{key}' is no key of a locator"
            raise ValueError(msg)
        found.append((key, _unescaped(value) if sign else None))
    return Layer(kind, _unescaped(path) if colon else None, tuple(found))
