"""Every format of this package, found by looking into the package."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING, cast

import hashmatch.formats
from hashmatch.errors import UsageError

if TYPE_CHECKING:
    from hashmatch.formats.interface import ListFormat


@cache
def all_formats() -> tuple[ListFormat, ...]:
    """Give every format in the order of recognition: surest sign first, then by name."""
    modules = (
        importlib.import_module(f"{hashmatch.formats.__name__}.{module.name}")
        for module in pkgutil.iter_modules(hashmatch.formats.__path__)
    )
    found = [cast("ListFormat", module.FORMAT) for module in modules if hasattr(module, "FORMAT")]
    return tuple(sorted(found, key=lambda one: (one.certainty, one.name)))


def by_name(name: str) -> ListFormat:
    """Give the format of that name.

    Raises:
        UsageError: there is none.
    """
    for one in all_formats():
        if one.name == name:
            return one
    msg = f"--format names no known format; expected one of {', '.join(sorted(names()))}"
    raise UsageError(msg)


def names() -> tuple[str, ...]:
    """Give the names of all formats in the order of recognition."""
    return tuple(one.name for one in all_formats())


def detect(head: bytes, file_name: str) -> ListFormat | None:
    """Give the first format that recognises the beginning of a list, or None.

    Args:
        head: the first ``interface.HEAD_SIZE`` bytes of the file.
        file_name: the name without folders.
    """
    for one in all_formats():
        if one.detect(head, file_name):
            return one
    return None
