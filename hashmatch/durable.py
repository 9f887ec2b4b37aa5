"""Files that are whole on the disk under their name, or not there at all.

All are readable by their owner alone. Every function raises ``OSError`` when the disk does not
take the file; the caller says what that means.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PRIVATE = 0o600


def write_new(path: Path, content: bytes) -> None:
    """Write a file that must not exist yet, down to the disk.

    A file that cannot be written in full is removed again, so that half a file never stands in
    the way of a whole one. Its name is on the disk once :func:`sync_folder` was called.
    """
    _write(path, content, os.O_EXCL)


@contextmanager
def creating(path: Path) -> Iterator[BinaryIO]:
    """Write a file that must not exist yet, piece by piece; it is down on the disk at the end.

    Until then it has another name, with ``.unfinished`` at its end. When the block fails in
    whatever way, the file is removed again; a program that is killed leaves it unfinished.
    """
    if os.path.lexists(path):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    beside = path.with_name(path.name + ".unfinished")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE)
    own = beside
    try:
        with os.fdopen(handle, "wb") as out:
            yield out
            out.flush()
            os.fsync(handle)
        _name(beside, path)
        own = path
        sync_folder(path.parent)
    except BaseException:
        own.unlink(missing_ok=True)
        raise


def _name(beside: Path, path: Path) -> None:
    """Give a complete file its name, which nothing else has by then."""
    try:
        path.hardlink_to(beside)
    except FileExistsError:
        raise
    except OSError:  # a file system without links, as on many sticks
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from None
        beside.rename(path)
    else:
        beside.unlink()


def write(path: Path, content: bytes) -> None:
    """Write a file down to the disk, replacing what was there.

    A power cut may leave it cut short: where that matters, use :func:`replace`.
    """
    _write(path, content, os.O_TRUNC)


def replace(path: Path, content: bytes) -> None:
    """Put a file in the place of another in one step: readers find the old one or the new one."""
    beside = path.with_name(path.name + ".new")
    write(beside, content)
    beside.replace(path)
    sync_folder(path.parent)


def open_own(path: Path, flags: int) -> int:
    """Open a file that nobody else put there: a regular file with this one name, never a link.

    What stands there instead could lead into evidence, and must never be written to.

    Args:
        path: the file; made where it is missing and ``flags`` say so.
        flags: as of ``os.open``.

    Raises:
        FileExistsError: something else stands under the name.
    """
    try:
        handle = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, PRIVATE)
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENXIO}:
            raise FileExistsError(errno.EEXIST, "not a file of its own", str(path)) from None
        raise
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
        os.close(handle)
        raise FileExistsError(errno.EEXIST, "not a file of its own", str(path))
    return handle


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk: new, renamed and removed files."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write(path: Path, content: bytes, flag: int) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | flag
    handle = os.open(path, flags, PRIVATE)
    try:
        with os.fdopen(handle, "wb", buffering=0) as out:
            rest = memoryview(content)
            while rest:
                rest = rest[out.write(rest) :]
            os.fsync(handle)
    except OSError:
        path.unlink()
        raise
