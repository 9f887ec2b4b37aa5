"""The kinds of containers: every module of this package that has the words of a container."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from hashmatch.evidence.members.interface import Container

_LATE = 10


@cache
def containers() -> tuple[Container, ...]:
    """Give every kind, in the order in which they are tried.

    A module's ``RANK``, 10 where it has none, says when it is tried; a special kind of another
    kind of container goes before it. Among equals the name decides.
    """
    package = __name__.rpartition(".")[0]
    found = [
        importlib.import_module(f"{package}.{one.name}")
        for one in pkgutil.iter_modules(importlib.import_module(package).__path__)
    ]
    kinds = [one for one in found if hasattr(one, "NAME") and hasattr(one, "members")]
    kinds.sort(key=lambda one: (getattr(one, "RANK", _LATE), one.NAME))
    return tuple(cast("list[Container]", kinds))


def names() -> tuple[str, ...]:
    """Give the names of all kinds, in alphabetical order."""
    return tuple(sorted(one.NAME for one in containers()))


def recognise(head: bytes, name: bytes) -> Container | None:
    """Find out what kind of container this is; None where it is none that is known.

    Args:
        head: its first 4096 bytes, or all there are.
        name: its own name, without folders.
    """
    for one in containers():  # every file is asked this; a loop costs less than a generator
        if one.recognise(head, name):
            return one
    return None


def reads_forward(kind: Container) -> bool:
    """Tell whether a kind never needs to go back in what it reads."""
    return bool(getattr(kind, "FORWARD", False))
