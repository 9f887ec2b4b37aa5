"""Locators and facts of items without the names in them, for reports that withhold names.

What stays is what the tool itself made: kinds of layers, numbers of partitions, offsets, numbers of
entries. Everything that somebody may have chosen becomes ``*``.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from hashmatch.model.locators import Layer, locator, parse_place

if TYPE_CHECKING:
    from hashmatch.model.facts import Facts

HIDDEN = "*"

_LABEL = re.compile(r"EV\d{2,6}")
_PARTITION = re.compile(rb"p\d{1,9}")
_TABLES = frozenset({"mbr", "gpt", "apm"})
_NUMBERED = frozenset({"off", "len", "n", "id", "vol", "runs"})
_NUMBERS = re.compile(rb"[0-9][0-9,.:+-]{0,99}")


def masked_locator(text: str) -> str:
    """Write a locator that says where an item lies and not what it is called."""
    label, _, place = text.partition("!")
    return locator(label if _LABEL.fullmatch(label) else HIDDEN, masked_place(place))


def masked_place(text: str) -> str:
    """Do the same for a locator without its exhibit; ``*`` alone where it cannot be read."""
    try:
        layers = parse_place(text)
    except ValueError:
        return HIDDEN
    return "!".join(_layer(one) for one in layers)


def masked_facts(facts: Facts) -> Facts:
    """Leave out notes, which may hold names, and the names in where extents lie."""
    return replace(facts, notes=(), extents_on=masked_place(facts.extents_on))


def _layer(one: Layer) -> str:
    path = "" if one.path is None else f":{_path(one)}"
    return f"{one.kind}{path}" + "".join(_key(*pair) for pair in one.keys)


def _path(one: Layer) -> str:
    path = one.path or b""
    return path.decode() if one.kind in _TABLES and _PARTITION.fullmatch(path) else HIDDEN


def _key(name: str, value: bytes | None) -> str:
    if value is None:
        return f";{name}"
    plain = name in _NUMBERED and _NUMBERS.fullmatch(value)
    return f";{name}={value.decode() if plain else HIDDEN}"
