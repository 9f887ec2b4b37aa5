"""System calls that Python does not offer, made through the C library. Linux only."""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys
from dataclasses import dataclass

PR_SET_DEATH_SIGNAL = 1  # linux/prctl.h
PR_SET_DUMPABLE = 4
PR_SET_NO_NEW_PRIVS = 38
_SOL_SOCKET = 1  # asm-generic/socket.h
_TIMEOUTS = (20, 21)  # SO_RCVTIMEO, SO_SNDTIMEO


@dataclass(frozen=True, slots=True)
class Machine:
    """A processor architecture, as the kernel names it in a system call filter.

    ``column`` is the place of its numbers in the table of calls. ``alien`` is the first number of
    calls of a second kind that the architecture also takes, or None.
    """

    audit: int
    column: int
    alien: int | None = None


MACHINES = {
    "x86_64": Machine(0xC000003E, 0, alien=0x40000000),  # AUDIT_ARCH_X86_64, __X32_SYSCALL_BIT
    "aarch64": Machine(0xC00000B7, 1),  # AUDIT_ARCH_AARCH64
}
"""Source: linux/audit.h and asm/unistd.h."""


def machine() -> Machine | None:
    """This machine, or None where its system calls are not known here."""
    wide = ctypes.sizeof(ctypes.c_void_p) == 8  # a 32-bit Python makes other calls
    return MACHINES.get(platform.machine()) if wide else None


def call(number: int, *arguments: int | bytes | None) -> int:
    """Make a system call.

    Args:
        number: of the call on this machine.
        arguments: numbers, or bytes that the kernel reads; never anything that it writes.

    Raises:
        OSError: as the kernel says.
    """
    words = [a if isinstance(a, bytes) else ctypes.c_long(a or 0) for a in arguments]
    library = ctypes.CDLL(None, use_errno=True)
    result = int(library.syscall(ctypes.c_long(number), *words))
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result


def prctl(option: int, value: int, extra: int = 0) -> None:
    """Change what holds for this process or thread.

    Raises:
        OSError: as the kernel says.
    """
    library = ctypes.CDLL(None, use_errno=True)
    zero = ctypes.c_ulong(0)
    if library.prctl(option, ctypes.c_ulong(value), ctypes.c_ulong(extra), zero, zero):
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def bound_messages(descriptor: int, seconds: int) -> None:
    """Let a read from a pair of sockets, or a write to it, fail when nothing moves for so long.

    Raises:
        OSError: it is no socket.
    """
    library = ctypes.CDLL(None, use_errno=True)
    limit = struct.pack("ll", seconds, 0)  # struct timeval
    for option in _TIMEOUTS if sys.platform == "linux" else ():
        if library.setsockopt(descriptor, _SOL_SOCKET, option, limit, len(limit)):
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error))
