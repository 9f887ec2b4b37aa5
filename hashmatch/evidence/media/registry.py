"""Every form of image of this package, found by looking into the package."""

from __future__ import annotations

import importlib
import os
import pkgutil
import stat
from functools import cache
from typing import TYPE_CHECKING, cast

import hashmatch.evidence.media
from hashmatch.errors import UsageError
from hashmatch.evidence.folders import open_quietly
from hashmatch.evidence.media.interface import HEAD_SIZE, TAIL_SIZE, MediumError
from hashmatch.evidence.trouble import reason_of
from hashmatch.model import names as texts

if TYPE_CHECKING:
    from hashmatch.evidence.media.interface import Form

_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK


@cache
def all_forms() -> tuple[Form, ...]:
    """Give every form in the order of recognition: surest sign first, then by name."""
    folder = hashmatch.evidence.media
    modules = (
        importlib.import_module(f"{folder.__name__}.{module.name}")
        for module in pkgutil.iter_modules(folder.__path__)
    )
    found = [cast("Form", module) for module in modules if hasattr(module, "CERTAINTY")]
    return tuple(sorted(found, key=lambda one: (one.CERTAINTY, one.NAME)))


def names() -> tuple[str, ...]:
    """Give the names of all forms in the order of recognition."""
    return tuple(one.NAME for one in all_forms())


def by_name(name: str) -> Form:
    """Give the form of that name.

    Raises:
        UsageError: there is none.
    """
    for one in all_forms():
        if name == one.NAME:
            return one
    msg = f"'{name}' names no known form of image; expected one of {', '.join(sorted(names()))}"
    raise UsageError(msg)


def find(path: bytes) -> Form | None:
    """Tell of what form a file or device is, by its content first.

    An unknown file is never taken for a raw image: that would make an empty list of what it holds.

    Args:
        path: absolute; a link to a file or device is followed.

    Returns:
        The form that is surest of it, or None where none recognises it.

    Raises:
        MediumError: it cannot be read, or is neither a regular file nor a block device.
    """
    head, tail = _ends(path)
    for one in all_forms():
        if one.recognise(head, tail, path):
            return one
    return None


def _ends(path: bytes) -> tuple[bytes, bytes]:
    where = texts.shown(path)
    try:
        descriptor = open_quietly(path, _FLAGS)
        try:
            mode = os.fstat(descriptor).st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISBLK(mode)):
                msg = f"{where} is neither a regular file nor a block device; name an image of it"
                raise MediumError(msg)
            if stat.S_ISBLK(mode):  # a medium whatever it holds, a bad first sector included
                return b"", b""
            size = os.lseek(descriptor, 0, os.SEEK_END)
            head = os.pread(descriptor, HEAD_SIZE, 0)
            return head, os.pread(descriptor, TAIL_SIZE, max(size - TAIL_SIZE, 0))
        finally:
            os.close(descriptor)
    except OSError as error:
        msg = f"{where} cannot be read ({reason_of(error)}); check the path and your permissions"
        raise MediumError(msg) from None
