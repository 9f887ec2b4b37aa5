"""Confine a process whose only task is to start one program on bytes that it is sent.

It is confined as a worker is, with less to read: no evidence. What it may do besides is start
processes, and of all programs only that one. The program itself may not even start processes.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hashmatch.jobs.confinement import kernel, landlock, limits, seccomp, trials
from hashmatch.jobs.confinement.confine import level_of, libraries
from hashmatch.jobs.confinement.levels import Level, Report, Trial
from hashmatch.jobs.confinement.system_calls import STARTED, STARTING

if TYPE_CHECKING:
    from collections.abc import Callable

_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER, linux/prctl.h
_FILES = 64
_OTHERS = ("/bin/sh", "/bin/true", sys.executable)
_ALLOWED, _REFUSED = 1, 77
_TO_BE_TRIED = frozenset({"start a program", "start a process"})


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the process may take, and each program it starts.

    ``memory`` in bytes beyond what it has, ``written`` bytes in a file of its own, in memory;
    ``seconds`` of processor time.
    """

    memory: int
    written: int
    seconds: int


def confine(
    target: Level, readable: tuple[bytes, ...], executable: tuple[bytes, ...], bounds: Bounds
) -> Report:
    """Give up for good what that does not need. For a process with one thread.

    Args:
        target: the strongest level to aim for.
        readable: libraries and other files that the program wants.
        executable: the program, and what the system starts to start it.
        bounds: what may be taken.

    Returns:
        What is in force, as found by trying.
    """
    with suppress(OSError):  # what outlives the one that it belongs to is waited for here
        kernel.prctl(_SUBREAPER, 1)
    die_with_parent()
    if target is Level.PROCESSES:
        return Report(Level.PROCESSES)
    found = _limits(bounds)
    if target is Level.LIMITS:
        return Report(level_of(found), found)
    with suppress(OSError):
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    if target is Level.LANDLOCK:
        with suppress(OSError):
            landlock.restrict((*readable, *libraries()), executable)
        found += (*trials.of_landlock(()), _other_program(executable))
    machine = kernel.machine()
    if machine is not None:
        with suppress(OSError):
            seccomp.install(machine, os.getpid(), STARTING)
        tried = [one for one in trials.of_seccomp(machine) if one.name not in _TO_BE_TRIED]
        found += (*tried, Trial("start a process, as the program", trials.SECCOMP, _shut_in()))
    return Report(level_of(found), found)


def shut_in() -> None:
    """Give up starting processes too, in the process that is about to become the program.

    Raises:
        OSError: the system does not allow it.
    """
    machine = kernel.machine()
    if machine is not None:
        seccomp.install(machine, os.getpid(), STARTED)


def die_with_parent() -> None:
    """Let the system end this process when the one that started it ends."""
    with suppress(OSError):
        kernel.prctl(kernel.PR_SET_DEATH_SIGNAL, signal.SIGKILL)


def _limits(bounds: Bounds) -> tuple[Trial, ...]:
    with suppress(OSError, ValueError):
        limits.apply(bounds.memory, _FILES, bounds.written)
        resource.setrlimit(resource.RLIMIT_CPU, (bounds.seconds, bounds.seconds))
    with suppress(OSError):
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    return trials.of_limits(bounds.memory)


def _other_program(executable: tuple[bytes, ...]) -> Trial:
    """Try to start a program that does nothing."""
    paths = [str(Path(one).resolve()) for one in _OTHERS]
    other = next((one for one in paths if os.fsencode(one) not in executable), "/")

    def act() -> None:
        os.execve(other, [other, "-c", ""], {})  # noqa: S606  # it is to be refused

    return Trial("start another program", trials.LANDLOCK, _refused_aside(act))


def _shut_in() -> bool:
    """Try, as the program will be, to start a process."""
    return _refused_aside(os.fork, before=shut_in)


def _refused_aside(act: Callable[[], object], before: Callable[[], object] = bool) -> bool:
    """Try something in a child, which it may cost."""
    child = os.fork()
    if not child:
        code = _ALLOWED
        try:
            before()
            code = _REFUSED if trials.refused(act) else _ALLOWED
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == _REFUSED
