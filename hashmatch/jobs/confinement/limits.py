"""Limits of the operating system on what a worker may take. They cannot be raised again.

There is no limit on processes: the system counts those of the whole user and counts threads too,
so any number would at times take from a decoder the thread that it needs.
"""

from __future__ import annotations

import os
import resource
from pathlib import Path

_PAGES = Path("/proc/self/statm")  # first number: address space in pages
_OTHERS = 64  # files open besides evidence: pipe, libraries, modules


def apply(memory: int, files: int) -> None:
    """Bound address space, open files, core dumps and the size of files written.

    Args:
        memory: bytes that may be taken beyond what this process has now.
        files: files and folders of evidence that may be open at one time.

    Raises:
        OSError: it is not known how much the process has.
        ValueError: the system refuses a limit.
    """
    now = int(_PAGES.read_text("ascii").split()[0]) * resource.getpagesize()
    _set(resource.RLIMIT_AS, now + memory)
    _set(resource.RLIMIT_NOFILE, files + _open_now() + _OTHERS)
    _set(resource.RLIMIT_CORE, 0)
    _set(resource.RLIMIT_FSIZE, 0)


def _set(kind: int, most: int) -> None:
    """Lower a limit for good; one that is lower already stays."""
    _, hard = resource.getrlimit(kind)
    value = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (value, value))


def _open_now() -> int:
    return max(int(name) for name in os.listdir("/proc/self/fd")) + 1  # noqa: PTH208
