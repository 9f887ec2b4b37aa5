"""Files of a case on the disk: written so that a power cut loses nothing, opened without tricks."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from io import BufferedReader
    from pathlib import Path

_MISSING = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENXIO}


def write(path: Path, content: bytes) -> None:
    """Write a file, replacing what was there, down to the disk; readable by its owner alone.

    A power cut may leave it cut short: write under another name and rename where that matters.
    """
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())


def replace(path: Path, content: bytes) -> None:
    """Write a file so that under its name only the old or the whole new content is ever found."""
    beside = path.with_name(path.name + ".new")
    write(beside, content)
    beside.rename(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk: new, renamed and removed files."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def open_regular(path: Path) -> BufferedReader:
    """Open a regular file for reading; never a link, and without waiting at a pipe.

    Raises:
        OSError: it cannot be opened; :func:`is_missing` tells absence from other trouble.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    stream = os.fdopen(handle, "rb") if _is_regular(handle) else None
    if stream is None:
        os.close(handle)
        raise FileNotFoundError(errno.ENOENT, "not a regular file", str(path))
    return stream


def is_missing(error: OSError) -> bool:
    """Tell whether no regular file stands there, as opposed to one that cannot be read."""
    return error.errno in _MISSING


def _is_regular(handle: int) -> bool:
    return stat.S_ISREG(os.fstat(handle).st_mode)
