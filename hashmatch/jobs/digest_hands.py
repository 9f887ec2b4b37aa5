"""Forked processes that answer one message after the other, each over two pipes.

A fork starts within milliseconds, because nothing has to be loaded again. It is for work on which
nothing hostile is decoded, in a process of one thread that holds no secret.
"""

from __future__ import annotations

import os
import signal
import struct
import warnings
from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

T = TypeVar("T")

_INTERRUPTIONS = {signal.SIGINT, signal.SIGTERM}
_LOOK_SECONDS = 2.0
_LENGTH = struct.Struct("<I")


class Hand(Generic[T]):
    """One forked process, the pipes to and from it, and the pieces of work that it has.

    At most so much may be asked at a time as fits into a pipe, and likewise be answered: else
    both sides might wait for the other to read.
    """

    def __init__(self, process: int, requests: int, answers: int) -> None:
        self.has: deque[T] = deque()
        self.answers = answers
        self._process = process
        self._requests = requests

    def take(self, work: T, message: bytes) -> bool:
        """Give it a piece of work; False when the process is gone."""
        try:
            _write(self._requests, message)
        except BrokenPipeError:
            return False
        self.has.append(work)
        return True

    def receive(self) -> tuple[T, bytes] | None:
        """Take one answer and say to what it is one; None when the process is gone."""
        length = _read(self.answers, _LENGTH.size)
        body = _read(self.answers, _LENGTH.unpack(length)[0]) if length else None
        return None if body is None else (self.has.popleft(), body)

    def end(self) -> None:
        """End the process now, whatever it is doing; may be called again."""
        if self._process:
            os.close(self._requests)
            os.close(self.answers)
            os.kill(self._process, signal.SIGKILL)
            os.waitpid(self._process, 0)
            self._process = 0


def forked(workers: int, answer: Callable[[bytes], bytes]) -> list[Hand[T]]:
    """Start processes; fewer where the system gives no more."""
    crew: list[Hand[T]] = []
    parents: list[int] = []  # ends that no child may hold, or nobody would see the parent's end
    for _ in range(workers):
        pipes: list[int] = []
        # An interruption waits until a child can no longer take it for its parent's.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, _INTERRUPTIONS)
        try:
            pipes += os.pipe()
            pipes += os.pipe()
            with warnings.catch_warnings():
                # Threads of numerical libraries are at rest here, and no child calls them.
                warnings.simplefilter("ignore", DeprecationWarning)
                process = os.fork()
            if not process:
                _serve(pipes[0], pipes[3], [*parents, pipes[1], pipes[2]], answer)
        except OSError:
            for one in pipes:
                os.close(one)
            break
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        theirs, requests, answers, ours = pipes
        os.close(theirs)
        os.close(ours)
        parents += [requests, answers]
        crew.append(Hand(process, requests, answers))
    return crew


def _serve(
    requests: int, answers: int, foreign: list[int], answer: Callable[[bytes], bytes]
) -> None:
    """Be the child: answer until nobody asks any more. Never returns."""
    code = 1
    try:
        # Ctrl-C reaches the whole process group; the parent decides what becomes of the work.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _INTERRUPTIONS)
        for one in foreign:
            os.close(one)
        _end_with(os.getppid())
        while (length := _read(requests, _LENGTH.size)) is not None:
            body = _read(requests, _LENGTH.unpack(length)[0])
            if body is None:
                break
            _write(answers, answer(body))
        code = 0
    finally:
        os._exit(code)  # what the parent has buffered is not this process's to write


def _end_with(parent: int) -> None:
    """End this process soon after its parent, even if that was killed amid a long file."""

    def look(_signal: int, _frame: FrameType | None) -> None:
        if os.getppid() != parent:
            os._exit(1)

    signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, _LOOK_SECONDS, _LOOK_SECONDS)


def _read(pipe: int, count: int) -> bytes | None:
    """Read so many bytes; None when the other end is closed before."""
    parts = []
    while count:
        part = os.read(pipe, count)
        if not part:
            return None
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def _write(pipe: int, body: bytes) -> None:
    content = _LENGTH.pack(len(body)) + body
    while content:
        content = content[os.write(pipe, content) :]
