"""Meet the files and folders of a case without tricks: real ones only, never through a link."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from io import BufferedReader
    from pathlib import Path

_MISSING = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENXIO}


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


def is_folder(path: Path) -> bool:
    """Tell whether a folder stands there itself, not a link to one.

    Raises:
        OSError: nothing stands there, or it cannot be looked at.
    """
    return stat.S_ISDIR(path.lstat().st_mode)


def is_file(path: Path) -> bool:
    """Tell whether a regular file stands there itself; raises as :func:`is_folder`."""
    return stat.S_ISREG(path.lstat().st_mode)


def is_missing(error: OSError) -> bool:
    """Tell whether no regular file stands there, as opposed to one that cannot be read."""
    return error.errno in _MISSING


def _is_regular(handle: int) -> bool:
    return stat.S_ISREG(os.fstat(handle).st_mode)
