"""Landlock: from now on this thread reads beneath some folders and opens nothing else.

Source: linux/landlock.h and the kernel's "Landlock: unprivileged access control".
"""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING

from hashmatch.jobs.confinement import kernel

if TYPE_CHECKING:
    from collections.abc import Iterable

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same numbers on every architecture
_VERSION = 1  # LANDLOCK_CREATE_RULESET_VERSION
_PATH_BENEATH = 1  # LANDLOCK_RULE_PATH_BENEATH
_EXECUTE, _READ_FILE, _READ_DIR = 1, 1 << 2, 1 << 3

# Rights on files by the version that brought them: 13 at first, then REFER, TRUNCATE, IOCTL_DEV.
_FILES = ((1, (1 << 13) - 1), (2, 1 << 13), (3, 1 << 14), (5, 1 << 15))
_NETWORK = ((4, 0b11),)  # BIND_TCP, CONNECT_TCP
_SCOPES = ((6, 0b11),)  # ABSTRACT_UNIX_SOCKET, SIGNAL
_SIZES = ((1, 8), (4, 16), (6, 24))  # of struct landlock_ruleset_attr


def version() -> int:
    """The version of Landlock that the kernel offers, 0 where there is none."""
    try:
        return kernel.call(_CREATE, None, 0, _VERSION)
    except OSError:
        return 0


def restrict(readable: Iterable[bytes], executable: Iterable[bytes] = ()) -> None:
    """Give up, for this thread and all it starts, every access to files but reading these.

    What is open stays open. Mounts beneath a folder belong to it. A path that is not there is left
    out: nothing can be read there anyway. ``no_new_privs`` must be set.

    Args:
        readable: folders, with all beneath them, and files.
        executable: programs that may be started, and what starts with them.

    Raises:
        OSError: the kernel has no Landlock, or does not allow it.
    """
    offered = version()
    ruleset = kernel.call(_CREATE, attributes(offered), size(offered), 0)
    try:
        for path in readable:
            _allow(ruleset, path, _READ_FILE)
        for path in executable:
            _allow(ruleset, path, _READ_FILE | _EXECUTE)
        kernel.call(_RESTRICT, ruleset, 0)
    finally:
        os.close(ruleset)


def attributes(offered: int) -> bytes:
    """Everything that a version can take away: rights on files, network, scopes."""
    parts = (_FILES, _NETWORK, _SCOPES)
    return struct.pack("=QQQ", *(sum(b for v, b in part if v <= offered) for part in parts))


def size(offered: int) -> int:
    """How much of :func:`attributes` a version knows, in bytes."""
    return max((size for least, size in _SIZES if least <= offered), default=0)


def _allow(ruleset: int, path: bytes, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        rights |= _READ_DIR if os.path.isdir(place) else 0  # noqa: PTH112  # number
        kernel.call(_ADD, ruleset, _PATH_BENEATH, struct.pack("=Qi", rights, place), 0)
    finally:
        os.close(place)
