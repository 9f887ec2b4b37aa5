"""Limits of the operating system on what a worker may take. They cannot be raised again.

There is no limit on processes: the system counts those of the whole user and counts threads too,
so any number would at times take from a decoder the thread that it needs.
"""

from __future__ import annotations

import os
import resource

_PAGES = "/proc/self/statm"  # first number: address space in pages
_OTHERS = 64  # files open besides evidence: pipe, libraries, modules


def apply(memory: int, files: int, written: int = 0) -> None:
    """Bound address space, open files, core dumps and the size of files written.

    Args:
        memory: bytes that may be taken beyond what this process has now.
        files: files and folders of evidence that may be open at one time.
        written: bytes that a file may grow to, of those that may be written at all.

    Raises:
        OSError: it is not known how many files are open.
        ValueError: the system refuses a limit.
    """
    with AddressSpace() as space:
        _set(resource.RLIMIT_AS, space.bytes() + memory)
    _set(resource.RLIMIT_NOFILE, files + _open_now() + _OTHERS)
    _set(resource.RLIMIT_CORE, 0)
    _set(resource.RLIMIT_FSIZE, written)


class AddressSpace:
    """How much address space this process has; also told when files can be opened no more."""

    def __init__(self) -> None:
        try:
            self._pages = os.open(_PAGES, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            self._pages = -1

    def __enter__(self) -> AddressSpace:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pages >= 0:
            os.close(self._pages)

    def bytes(self) -> int:
        """The address space at this moment, 0 where the system does not say."""
        if self._pages < 0:
            return 0
        return int(os.pread(self._pages, 100, 0).split()[0]) * resource.getpagesize()


def _set(kind: int, most: int) -> None:
    """Lower a limit for good; one that is lower already stays."""
    _, hard = resource.getrlimit(kind)
    value = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (value, value))


def _open_now() -> int:
    return max(int(name) for name in os.listdir("/proc/self/fd")) + 1  # noqa: PTH208
