"""Every list writer of this package, found by looking into the package."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING, cast

import hashmatch.formats.writers
from hashmatch.errors import UsageError

if TYPE_CHECKING:
    from hashmatch.formats.writers.interface import ListWriter


@cache
def all_writers() -> tuple[ListWriter, ...]:
    """Give every writer by name."""
    package = hashmatch.formats.writers
    modules = (
        importlib.import_module(f"{package.__name__}.{module.name}")
        for module in pkgutil.iter_modules(package.__path__)
    )
    found = [cast("ListWriter", module.WRITER) for module in modules if hasattr(module, "WRITER")]
    return tuple(sorted(found, key=lambda one: one.name))


def by_name(name: str) -> ListWriter:
    """Give the writer of that name.

    Raises:
        UsageError: there is none.
    """
    for one in all_writers():
        if one.name == name:
            return one
    known = ", ".join(one.name for one in all_writers())
    msg = f"--to names no way in which sets are written; expected one of {known}"
    raise UsageError(msg)
