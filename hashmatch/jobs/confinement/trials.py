"""Try what a confined worker must not be able to do. Where it works all the same, no harm is done.

Each attempt is one that changes nothing even when it is allowed: nothing is created, started,
sent or signalled.
"""

from __future__ import annotations

import errno
import mmap
import os
import threading
from typing import TYPE_CHECKING

from hashmatch.jobs.confinement import kernel
from hashmatch.jobs.confinement.levels import Trial

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hashmatch.jobs.confinement.kernel import Machine

LANDLOCK, SECCOMP, LIMITS = "landlock", "seccomp", "limits"

_REFUSALS = frozenset({errno.EPERM, errno.EACCES, errno.ENOSYS})
_SOCKET, _CLONE, _EXECUTE, _READ_MEMORY = (41, 198), (56, 220), (59, 221), (310, 270)
_UNIX, _STREAM = 1, 1  # AF_UNIX, SOCK_STREAM
_SHARED_HANDLERS = 0x00000800  # CLONE_SIGHAND: without CLONE_VM never a valid request


def of_landlock(readable: Sequence[bytes]) -> tuple[Trial, ...]:
    """Try to reach files; to be called before system calls are filtered.

    Args:
        readable: what may be read. When that is everything, reading elsewhere is not tried.
    """
    write = Trial("open a file for writing", LANDLOCK, refused(_open_for_writing))
    if any(path.rstrip(b"/") == b"" for path in readable):
        return (write,)
    return write, Trial("read outside the evidence", LANDLOCK, refused(_read_elsewhere))


def of_seccomp(machine: Machine) -> tuple[Trial, ...]:
    """Try system calls that no decoder needs."""

    def call(numbers: tuple[int, int], *arguments: int | bytes) -> int:
        return kernel.call(numbers[machine.column], *arguments)

    attempts: dict[str, Callable[[], object]] = {
        "open a file for writing": _open_for_writing,
        "make a socket": lambda: os.close(call(_SOCKET, _UNIX, _STREAM, 0)),
        "start a program": lambda: call(_EXECUTE, b"", 0, 0),
        "start a process": lambda: call(_CLONE, _SHARED_HANDLERS, 0, 0, 0, 0),
        "signal another process": lambda: os.kill(os.getppid(), 0),
        "read another process": lambda: call(_READ_MEMORY, os.getppid(), 0, 0, 0, 0, 0),
    }
    return tuple(Trial(name, SECCOMP, refused(act)) for name, act in attempts.items())


def of_limits(memory: int) -> tuple[Trial, ...]:
    """Try to take more memory than there is for one item; nothing of it is touched."""
    try:
        mmap.mmap(-1, memory + mmap.PAGESIZE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
    except (OSError, MemoryError):
        return (Trial("take more memory than allowed", LIMITS, refused=True),)
    return (Trial("take more memory than allowed", LIMITS, refused=False),)


def able() -> bool:
    """Tell whether what decoders need is still possible: memory, and a thread."""
    try:
        thread = threading.Thread(target=lambda: bytes(1 << 20))
        thread.start()
        thread.join()
    except (RuntimeError, MemoryError):
        return False
    return True


def refused(act: Callable[[], object]) -> bool:
    """Try something; an attempt that fails for its own fault is no proof of anything."""
    try:
        act()
    except OSError as error:
        return error.errno in _REFUSALS
    return False


def _open_for_writing() -> None:
    os.close(os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC))


def _read_elsewhere() -> None:
    os.close(os.open("/", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
