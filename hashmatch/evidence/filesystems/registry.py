"""Every kind of file system of this package, found by looking into the package.

A kind is a module with ``NAME``, ``recognise`` and ``mount`` at its top
(:class:`hashmatch.evidence.filesystems.interface.Kind`). Importing it must not load a library
that parses evidence. ``ORDER``, 50 where a module has none, says when it is asked: kinds that
others may leave traces of are asked later.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import hashmatch.evidence.filesystems
from hashmatch.evidence.filesystems import unsupported
from hashmatch.evidence.filesystems.interface import MountError
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.filesystems.interface import FileSystem, Kind
    from hashmatch.evidence.media.interface import Medium
    from hashmatch.evidence.volume import Opened
    from hashmatch.model.secrets import Secrets

UNKNOWN = (
    "no file system that hashmatch knows; if the volume is in use, it may be encrypted or of a "
    "rare kind: mount it read-only and scan the folder"
)
"""What would help where nothing is recognised."""

_USUAL = 50


@cache
def all_kinds() -> tuple[Kind, ...]:
    """Give every kind in the order in which they are asked."""
    package = hashmatch.evidence.filesystems
    modules = (
        cast("Any", importlib.import_module(f"{package.__name__}.{module.name}"))
        for module in pkgutil.iter_modules(package.__path__)
    )
    found = [module for module in modules if hasattr(module, "NAME") and hasattr(module, "mount")]
    found.sort(key=lambda one: (getattr(one, "ORDER", _USUAL), one.NAME))
    return tuple(cast("Kind", one) for one in found)


def names() -> tuple[str, ...]:
    """Give the names of all kinds in the order in which they are asked."""
    return tuple(one.NAME for one in all_kinds())


def recognised(content: Medium) -> Iterator[Kind]:
    """Yield the kinds whose signatures a volume holds, in the order in which they are asked."""
    for kind in all_kinds():
        if kind.recognise(content):
            yield kind


def refused(content: Medium) -> MountError | None:
    """Say why nothing on a volume can be read, by its signatures alone; None where a kind is known.

    Reads little: whether what is recognised is whole, only mounting tells.
    """
    refusal = unsupported.first_sign(content)
    if refusal is None and next(recognised(content), None) is not None:
        return None
    refusal = refusal or unsupported.last_sign(content)
    if refusal is None:
        return MountError(Reason.UNKNOWN_FILE_SYSTEM, UNKNOWN)
    return MountError(refusal.reason, refusal.advice)


def mount(opened: Opened, secrets: Secrets) -> FileSystem:
    """Make the file system of a volume readable.

    Where several kinds recognise it, as a volume that was formatted anew may keep traces of what
    it held, the first that can be read is taken.

    Raises:
        MountError: none is recognised, or what is recognised cannot be read.
    """
    trouble = refused(opened.content)
    if trouble is not None:
        raise trouble
    for kind in recognised(opened.content):
        try:
            return kind.mount(opened, secrets)
        except MountError as error:
            trouble = trouble or error
    raise trouble or MountError(Reason.UNKNOWN_FILE_SYSTEM, UNKNOWN)
