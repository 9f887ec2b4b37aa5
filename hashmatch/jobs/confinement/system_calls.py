"""The system calls that reading, hashing and decoding need, and under which conditions.

Source: asm/unistd_64.h for x86-64, asm-generic/unistd.h for aarch64.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

Numbers = tuple[int | None, int | None]
"""On x86-64 and on aarch64; None where there is no such call."""

# Reading what is open or may be opened; writing to what is open: the pipe to the parent.
_FILES: dict[str, Numbers] = {
    "read": (0, 63),
    "write": (1, 64),
    "lseek": (8, 62),
    "close": (3, 57),
    "fstat": (5, 80),
    "newfstatat": (262, 79),
    "statx": (332, 291),
    "pread64": (17, 67),
    "readv": (19, 65),
    "preadv": (295, 69),
    "preadv2": (327, 286),
    "writev": (20, 66),
    "close_range": (436, 436),
    "dup": (32, 23),
    "dup2": (33, None),
    "dup3": (292, 24),
    "poll": (7, None),
    "ppoll": (271, 73),
    "select": (23, None),
    "pselect6": (270, 72),
    "stat": (4, None),
    "lstat": (6, None),
    "access": (21, None),
    "faccessat": (269, 48),
    "faccessat2": (439, 439),
    "readlink": (89, None),
    "readlinkat": (267, 78),
    "getdents64": (217, 61),
    "getcwd": (79, 17),
    "statfs": (137, 43),
    "fstatfs": (138, 44),
    "fadvise64": (221, 223),
}
_MEMORY: dict[str, Numbers] = {
    "mmap": (9, 222),
    "munmap": (11, 215),
    "mprotect": (10, 226),
    "mremap": (25, 216),
    "brk": (12, 214),
    "madvise": (28, 233),
    "mincore": (27, 232),
}
# Threads of its own, and waiting for them: some decoders have no other way.
_THREADS: dict[str, Numbers] = {
    "futex": (202, 98),
    "set_robust_list": (273, 99),
    "get_robust_list": (274, 100),
    "rseq": (334, 293),
    "set_tid_address": (218, 96),
    "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123),
    "sched_getparam": (143, 121),
    "sched_getscheduler": (145, 120),
    "getcpu": (309, 168),
    "membarrier": (324, 283),
    "arch_prctl": (158, None),
    "exit": (60, 93),
    "exit_group": (231, 94),
}
_SIGNALS: dict[str, Numbers] = {
    "restart_syscall": (219, 128),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "rt_sigpending": (127, 136),
    "rt_sigtimedwait": (128, 137),
    "sigaltstack": (131, 132),
}
_QUESTIONS: dict[str, Numbers] = {
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115),
    "nanosleep": (35, 101),
    "gettimeofday": (96, 169),
    "time": (201, None),
    "getrandom": (318, 278),
    "getpid": (39, 172),
    "getppid": (110, 173),
    "gettid": (186, 178),
    "getuid": (102, 174),
    "geteuid": (107, 175),
    "getgid": (104, 176),
    "getegid": (108, 177),
    "getrusage": (98, 165),
    "times": (100, 153),
    "getrlimit": (97, 163),
    "sysinfo": (99, 179),
    "uname": (63, 160),
}
ALLOWED = _FILES | _MEMORY | _THREADS | _SIGNALS | _QUESTIONS
"""Calls that are allowed whatever their arguments are."""

CONDITIONAL: dict[str, Numbers] = {
    "open": (2, None),
    "openat": (257, 56),
    "clone": (56, 220),
    "kill": (62, 129),
    "tgkill": (234, 131),
    "ioctl": (16, 29),
    "fcntl": (72, 25),
    "prlimit64": (302, 261),
}

_ALL = 0xFFFFFFFF
_NOT_FOR_READING = os.O_ACCMODE | os.O_CREAT | os.O_TRUNC
_CLONE_THREAD = 0x00010000  # linux/sched.h
_CLONE_NEW = 0x7E020000  # CLONE_NEWNS to CLONE_NEWNET
_IOCTLS = (0x5401, 0x5450, 0x5451)  # TCGETS, FIONCLEX, FIOCLEX; never TIOCSTI, which types
_FCNTLS = (0, 1, 2, 3, 1030)  # F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC; no F_SETOWN


@dataclass(frozen=True, slots=True)
class Only:
    """A condition on a call: these bits of one word of its arguments have one of these values.

    Two words of 32 bits make one argument, the lower first.
    """

    word: int
    values: tuple[int, ...]
    mask: int = _ALL


Use = tuple[Numbers, tuple[Only, ...]]
"""A call and all the conditions under which it is allowed."""

STARTED: tuple[Use, ...] = (((59, 221), ()),)
"""What a program needs besides that is to be started: execve. Which ones, Landlock says."""

STARTING: tuple[Use, ...] = (
    *STARTED,
    ((56, 220), (Only(0, (0,), _CLONE_NEW),)),  # clone: also a process, in no world of its own
    ((61, 260), ()),  # wait4
    ((293, 59), ()),  # pipe2
    ((77, 46), ()),  # ftruncate
    ((157, 167), (Only(0, (1, 22)), Only(2, (2, 9)))),  # prctl: to die with its parent, a filter
)
"""What a process needs besides that starts others."""


def conditional(process: int) -> tuple[Use, ...]:
    """The calls that are allowed for some uses only.

    Args:
        process: the id of the process, the only one it may signal.
    """
    itself = (Only(0, (process,)),)
    uses = {
        "open": (Only(2, (0,), _NOT_FOR_READING),),
        "openat": (Only(4, (0,), _NOT_FOR_READING),),
        "clone": (Only(0, (_CLONE_THREAD,), _CLONE_THREAD),),  # a thread, never a process
        "kill": itself,
        "tgkill": itself,
        "ioctl": (Only(2, _IOCTLS),),
        "fcntl": (Only(2, _FCNTLS),),
        "prlimit64": (Only(4, (0,)), Only(5, (0,))),  # asks, sets nothing
    }
    return tuple((CONDITIONAL[name], conditions) for name, conditions in uses.items())
