"""Confine the calling process as far as the system can, and say how far that is."""

from __future__ import annotations

import os
import sys
import sysconfig
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import hashmatch
from hashmatch.jobs.confinement import kernel, landlock, limits, seccomp, trials
from hashmatch.jobs.confinement.levels import Level, Report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hashmatch.jobs.confinement.levels import Trial

RANDOM = b"/dev/urandom"
"""The library that reads PDF opens it for each document encrypted with AES-256, and gives up where
that is refused. Reading it tells nothing of anybody."""
_PACKAGES = frozenset({"site-packages", "dist-packages"})
_STEPS = (
    (trials.LIMITS, Level.LIMITS),
    (trials.SECCOMP, Level.SECCOMP),
    (trials.LANDLOCK, Level.LANDLOCK),
)


def confine(target: Level, readable: Sequence[bytes], memory: int, files: int) -> Report | None:
    """Give up for good what decoding does not need. For a process with one thread.

    Everything that decoders load should be loaded before; Python's own libraries stay readable,
    and :data:`RANDOM`. What the system lacks is left out; the report says what is in force, as
    found by trying.

    Args:
        target: the strongest level to aim for.
        readable: the evidence.
        memory: bytes that the process may take beyond what it has now.
        files: files and folders of evidence that may be open at one time.

    Returns:
        What is in force, or None when the process is now of no use: start another one and aim
        lower.
    """
    if target is Level.PROCESSES or sys.platform != "linux":
        return Report(Level.PROCESSES)
    found = _limits(memory, files)
    if target is not Level.LIMITS and _alone():
        found += walls(target, readable)
    return Report(level_of(found), found) if trials.able() else None


def walls(target: Level, readable: Sequence[bytes]) -> tuple[Trial, ...]:
    """Put up what the kernel has against reaching out of this thread, and try each.

    Args:
        target: Landlock is left out below its level.
        readable: the evidence.
    """
    found: tuple[Trial, ...] = ()
    with suppress(OSError):
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    if target is Level.LANDLOCK:
        with suppress(OSError):
            landlock.restrict((*readable, RANDOM, *libraries()))
        found += trials.of_landlock(readable)
    machine = kernel.machine()
    if machine is not None:
        with suppress(OSError):
            seccomp.install(machine, os.getpid())
        found += trials.of_seccomp(machine)
    return found


def libraries() -> tuple[bytes, ...]:
    """Where Python and its packages lie: a decoder may load a part of itself late.

    Other folders that Python looks into, such as the present one, are not among them.
    """
    paths = {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}
    paths |= {path for path in sys.path if Path(path).name in _PACKAGES}
    paths |= set(hashmatch.__path__)
    return tuple(os.fsencode(path) for path in sorted(paths))


def _limits(memory: int, files: int) -> tuple[Trial, ...]:
    with suppress(OSError, ValueError):
        limits.apply(memory, files)
    with suppress(OSError):  # no dump of what was being decoded, wherever the system puts dumps
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    return trials.of_limits(memory)


def _alone() -> bool:
    """Tell whether this is the only thread: those that run already would stay free."""
    try:
        return len(os.listdir("/proc/self/task")) == 1  # noqa: PTH208  # names are enough
    except OSError:
        return False


def level_of(found: tuple[Trial, ...]) -> Level:
    """A level is in force when every attempt against it, and those below it, was refused."""
    refused = {one.hindrance: True for one in found}
    for one in found:
        refused[one.hindrance] &= one.refused
    level = Level.PROCESSES
    for hindrance, reached in _STEPS:
        if not refused.get(hindrance, False):
            break
        level = reached
    return level
