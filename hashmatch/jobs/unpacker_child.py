"""The process beside a worker that runs a program on archives it is sent.

It never looks at what it passes on. For every run a process of its own starts the program and
hands on what that gives; when it ends, the system ends the program with it, so that one that
hangs can be got rid of by a process that may signal none.
"""

from __future__ import annotations

import json
import os
import select
import signal
import struct
import time
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

from hashmatch.jobs import unpacker_programs
from hashmatch.jobs.confinement import starter
from hashmatch.jobs.confinement.levels import Level
from hashmatch.jobs.unpacker_programs import ENVIRONMENT, SAMPLE, SAMPLE_CONTENT

if TYPE_CHECKING:
    from hashmatch.jobs.confinement.starter import Bounds
    from hashmatch.jobs.unpacker_programs import Program

BEGIN, PIECE, RUN, NEXT, STOP = b"B", b"P", b"R", b"N", b"S"
"""A new archive; bytes of it, after their number; run the program; give some of what it says, or
the end: nothing, and a byte on how it ended; give no more."""
SIZE = struct.Struct("<I")
ENDED, FAILED, SLOW, OVER = 0, 1, 2, 3
"""How a run ended: well; in trouble; it gave nothing for too long; the archive is too large."""
BLOCK = 256 << 10
SILENT = 30.0
"""Seconds that the program may take to give something more; a worker is given twice as long."""
_LINGER = 5.0
_MOMENT = 0.05  # for more, before what there is goes on
_PAUSE = 0.005
_VERSION_BYTES = 4096
_OWN = "/proc/self/fd"


def serve(ask: int, tell: int, paths: tuple[str, ...], target: Level, bounds: Bounds) -> NoReturn:
    """Be that process, until the other end of the pipes is closed.

    Args:
        ask: from where requests come.
        tell: where answers go.
        paths: programs, one of which is enough.
        target: how far to be confined.
        bounds: what may be taken.
    """
    os.chdir("/")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nowhere, descriptor)
    held = os.memfd_create("archive", os.MFD_CLOEXEC)
    shown = os.open(f"{_OWN}/{held}", os.O_RDONLY | os.O_CLOEXEC)
    _close_others({0, 1, 2, ask, tell, held, shown})
    programs = unpacker_programs.programs(paths)
    executable = tuple(path for one in programs for path in unpacker_programs.starters(one.path))
    wanted = (path for one in programs for path in one.kind.readable)
    readable = (*unpacker_programs.READABLE, *wanted)
    report = starter.confine(target, readable, executable, bounds)
    walls = target in {Level.LANDLOCK, Level.SECCOMP}
    child = _Child(ask, tell, (held, shown), walls=walls)
    named = next((told for one in programs if (told := child.tried(one))), ("", ""))
    trials = [(one.name, one.hindrance, one.refused) for one in report.trials]
    said = json.dumps({"level": report.level, "trials": trials, "unpacker": named}).encode()
    _send(tell, SIZE.pack(len(said)) + said)
    while True:
        child.serve()


def _close_others(kept: set[int]) -> None:
    """Let go of all that was open in the worker, such as its pipe to the parent."""
    for name in os.listdir(_OWN):  # noqa: PTH208  # names are enough
        if int(name) not in kept:
            with suppress(OSError):
                os.close(int(name))


class _Child:
    """Holds one archive at a time, in memory, and runs the program on it."""

    def __init__(self, ask: int, tell: int, archive: tuple[int, int], *, walls: bool) -> None:
        self._ask, self._tell, self._walls = ask, tell, walls
        self._held, self._shown = archive
        self._program: Program | None = None
        self._over = False

    def tried(self, program: Program) -> tuple[str, str] | None:
        """Let a program say what it is, and unpack something; None where it does not, or is wrong.

        Otherwise it is used from now on.
        """
        start = _Start(program, program.kind.version, walls=self._walls)
        said = start.block(_VERSION_BYTES) or b""
        start.ended()
        found = program.kind.told.search(said)
        self._empty()
        self._keep(SAMPLE)
        start = self._unpacking(program)
        if found is None or (start.block(BLOCK), start.ended()) != (SAMPLE_CONTENT, True):
            return None
        self._program = program
        return program.kind.name, found[1].decode()

    def _unpacking(self, program: Program) -> _Start:
        """Start it on the archive that is held."""
        os.set_inheritable(self._shown, True)  # noqa: FBT003
        arguments = (*program.kind.unpack, f"{_OWN}/{self._shown}")
        return _Start(program, arguments, walls=self._walls)

    def serve(self) -> None:
        """Do what is asked next."""
        kind = _exactly(self._ask, 1)
        if kind == BEGIN:
            self._empty()
        elif kind == PIECE:
            self._keep(_exactly(self._ask, SIZE.unpack(_exactly(self._ask, SIZE.size))[0]))
        elif kind == RUN:
            self._run_aside()
        else:
            os._exit(1)

    def _empty(self) -> None:
        os.ftruncate(self._held, 0)
        os.lseek(self._held, 0, os.SEEK_SET)
        self._over = False

    def _keep(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view and not self._over:
                view = view[os.write(self._held, view) :]
        except OSError:  # more than may be written
            self._over = True

    def _run_aside(self) -> None:
        """Run it from a process that may end at any time, and clear up after it."""
        child = os.fork()
        if not child:
            code = 1
            try:
                starter.die_with_parent()
                self._run()
                code = 0
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        with suppress(ChildProcessError):  # the program, if it ended already
            while os.waitpid(-1, os.WNOHANG)[0]:
                continue
        if status:
            os._exit(1)  # nobody knows what was sent

    def _run(self) -> None:
        if self._program is None or self._over:
            if _exactly(self._ask, 1) == NEXT:
                self._end(OVER if self._over else FAILED)
            return
        start = self._unpacking(self._program)
        while _exactly(self._ask, 1) == NEXT:
            block = start.block(BLOCK)
            if not block:
                self._end(SLOW if block is None else ENDED if start.ended() else FAILED)
                return
            _send(self._tell, SIZE.pack(len(block)) + block)

    def _end(self, status: int) -> None:
        _send(self._tell, SIZE.pack(0) + bytes((status,)))


class _Start:
    """A program under way."""

    def __init__(self, program: Program, arguments: tuple[str, ...], *, walls: bool) -> None:
        self._output, its = os.pipe()
        self._child = os.fork()
        if not self._child:
            try:
                _prepare(its, walls=walls)
                command = [program.path, *arguments]
                os.execve(program.path, command, ENVIRONMENT)  # noqa: S606  # its only task
            finally:
                os._exit(127)
        os.close(its)
        self._poll = select.poll()
        self._poll.register(self._output)

    def block(self, most: int) -> bytes | None:
        """Give what it says; nothing at the end, None when it says nothing for too long."""
        parts: list[bytes] = []
        size = 0
        while size < most:
            if not self._poll.poll((_MOMENT if parts else SILENT) * 1000):
                return b"".join(parts) or None
            part = os.read(self._output, most - size)
            if not part:
                break
            parts.append(part)
            size += len(part)
        return b"".join(parts)

    def ended(self) -> bool:
        """Tell whether it ended well; one that says no more has little time for that."""
        end = time.monotonic() + _LINGER
        while time.monotonic() < end:
            child, status = os.waitpid(self._child, os.WNOHANG)
            if child:
                return status == 0
            time.sleep(_PAUSE)
        return False


def _prepare(output: int, *, walls: bool) -> None:
    """Make ready what is about to become the program."""
    starter.die_with_parent()
    for one in (signal.SIGPIPE, signal.SIGXFSZ):  # which Python ignores
        signal.signal(one, signal.SIG_DFL)
    os.dup2(output, 1)
    if walls:
        starter.shut_in()


def _exactly(pipe: int, size: int) -> bytes:
    """Read so many bytes; ends this process where there are no more."""
    parts: list[bytes] = []
    while size:
        part = os.read(pipe, min(size, BLOCK))
        if not part:
            os._exit(0)
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _send(pipe: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(pipe, view) :]
