"""Bring files from the disk before they are read, many at a time; files in memory cost nothing.

One reader that takes small files one after the other waits for the disk at each. Asking for all
of a batch first lets the system fetch them together and in the order that suits the disk. No access
time is changed: where the system would not let a file be tried without that, nothing is fetched.
What goes wrong goes wrong again when the file is read, and is told there.
"""

from __future__ import annotations

import errno
import fcntl
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hashmatch.model.evidence import Item

MOST = 8 << 20
"""Bytes asked for of one file; the system itself reads on ahead in a longer one."""


def fetch(opened: Callable[[bytes], int], items: Sequence[Item]) -> bool:
    """Have the beginnings of files fetched, unless those that are tried are in memory already.

    Args:
        opened: opens a path for reading; raises ``OSError``.
        items: what will be read next.

    Returns:
        Whether anything was asked for.
    """
    filled = [item for item in items if item.size]
    if not any(_absent(opened, filled[at]) for at in _tried(len(filled))):
        return False
    for item in filled:
        _ask(opened, item)
    return True


def _tried(count: int) -> list[int]:
    """The first, the middle and the last."""
    return sorted({0, count // 2, count - 1}) if count else []


def _absent(opened: Callable[[bytes], int], item: Item) -> bool:
    """Tell whether reading would have to wait; False where that cannot be told, or not quietly."""
    try:
        descriptor = opened(item.path)
    except OSError:
        return False
    try:
        if not _quiet(descriptor):
            return False
        os.preadv(descriptor, [bytearray(1)], 0, os.RWF_NOWAIT)
    except OSError as error:
        return error.errno == errno.EAGAIN
    finally:
        os.close(descriptor)
    return False


def _quiet(descriptor: int) -> bool:
    """Tell whether reading leaves the access time alone, by this descriptor or on the mount."""
    if fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_NOATIME:
        return True
    return bool(os.fstatvfs(descriptor).f_flag & (os.ST_NOATIME | os.ST_RDONLY))


def _ask(opened: Callable[[bytes], int], item: Item) -> None:
    try:
        descriptor = opened(item.path)
    except OSError:
        return
    try:
        os.posix_fadvise(descriptor, 0, min(item.size, MOST), os.POSIX_FADV_WILLNEED)
    except OSError:  # a file system that cannot: reading waits then
        return
    finally:
        os.close(descriptor)
