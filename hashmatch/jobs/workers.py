"""A worker process: examines what it is sent, one batch at a time, over one pipe.

Decoders meet hostile files. They run here, in a child process, so that a crash costs one item,
and confined by the kernel as far as it can.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING

from hashmatch.evidence.folders import KEPT_OPEN
from hashmatch.jobs.confinement import answers
from hashmatch.jobs.confinement.confine import confine
from hashmatch.jobs.confinement.levels import Level, Report
from hashmatch.jobs.confinement.limits import AddressSpace
from hashmatch.jobs.examine import Limits, examine
from hashmatch.model.hashes import Method
from hashmatch.model.outcomes import Failed, Reading

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

    from hashmatch.model.evidence import Item, Source
    from hashmatch.model.wanted import Wanted

Result = Reading | Failed
_PATIENCE = 5.0  # seconds
_SHARE_LEFT_BEHIND = 4  # a quarter of the memory for one item
_CONTEXT = multiprocessing.get_context("spawn")  # a fresh process holds no open evidence


@dataclass(frozen=True, slots=True)
class Order:
    """What every worker of a run is told once.

    ``target`` is the confinement to aim for, ``least`` what a worker must reach to be used.
    """

    sources: tuple[Source, ...]
    wanted: Wanted
    limits: Limits
    target: Level = Level.LANDLOCK
    least: Level = Level.PROCESSES


@dataclass(frozen=True, slots=True)
class Task:
    """Items to examine; ``decode`` is False for an item whose decoding killed a worker."""

    items: tuple[tuple[int, Item], ...]
    decode: bool = True


@dataclass(slots=True)
class Answer:
    """Results of a task in its order; only the first of them from a worker that is ``spent``.

    Such a worker should be replaced: the limit is on all that it holds, so what items have left
    behind would be missing for others.
    """

    results: list[Result]
    spent: bool = False

    def sound(self) -> bool:
        """Tell whether there are results, and nothing else; a worker may send anything."""
        results: object = self.results
        return (
            isinstance(results, list)
            and bool(results)
            and all(isinstance(one, Reading | Failed) for one in results)
        )


class Worker:
    """One child process and the pipe to it. It is ``fresh`` until its report is received."""

    def __init__(self, order: Order) -> None:
        self.fresh = True
        self.pipe, theirs = _CONTEXT.Pipe()
        self._process = _CONTEXT.Process(target=_serve, args=(theirs, order), daemon=True)
        with calm_start():
            self._process.start()
        theirs.close()

    def send(self, task: Task) -> None:
        """Give it work; raises ``OSError`` when the process is gone."""
        self.pipe.send(task)

    def receive(self) -> Answer | Report:
        """Take the results of the last task; the first answer is a report on the worker itself.

        Raises:
            EOFError: the process ended without an answer, or sent something else.
        """
        try:
            answer = answers.read(self.pipe.recv_bytes(answers.MOST), Answer)
        except OSError:  # the pipe broke in the middle of an answer
            raise EOFError from None
        if isinstance(answer, Report) and self.fresh:
            self.fresh = False
            return answer
        if isinstance(answer, Answer) and not self.fresh and answer.sound():
            return answer
        raise EOFError

    def report(self, seconds: float) -> Report | None:
        """Wait for the report of a new worker; None when it ended or takes too long."""
        try:
            answer = self.receive() if self.pipe.poll(seconds) else None
        except (EOFError, OSError):
            return None
        return answer if isinstance(answer, Report) else None

    def stop(self) -> None:
        """End the process now, whatever it is doing."""
        self.pipe.close()
        self._process.kill()
        self._process.join(_PATIENCE)  # one that waits for a dead disk cannot even be killed

    def finish(self) -> None:
        """Let an idle process end by itself."""
        self.pipe.close()
        self._process.join()


_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
_INTERRUPTIONS = {signal.SIGINT, signal.SIGTERM}


@contextmanager
def calm_start() -> Iterator[None]:
    """Start a child without half-started ones, and with one thread for numerical libraries.

    An interruption is kept until the child has all it needs. Handlers keep it, because blocking
    alone would let another thread of a library take the signal; the child inherits the blocking
    and gives it up when it is ready. The workers are the parallelism, so no library needs more.
    """
    resource_tracker.ensure_running()  # its first start would let interruptions through again
    threads = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    kept: list[int] = []
    handlers = {s: signal.signal(s, lambda s, _: kept.append(s)) for s in _INTERRUPTIONS}
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, _INTERRUPTIONS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for one, handler in handlers.items():
            signal.signal(one, handler)
        for name, value in threads.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        for again in kept:
            signal.raise_signal(again)


def calm_signals() -> None:
    """Leave Ctrl-C, which reaches the whole process group, to the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _INTERRUPTIONS)


def _serve(pipe: Connection, order: Order) -> None:
    calm_signals()
    with suppress(EOFError, OSError):  # the parent is done, or gone
        _work(pipe, order)
    os._exit(0)  # there is nothing to tidy up, and what libraries would do at exit is not allowed


def _work(pipe: Connection, order: Order) -> None:
    with AddressSpace() as space:
        report = _confined(order)
        if report is None:
            return
        pipe.send(report)
        most = space.bytes() + order.limits.memory // _SHARE_LEFT_BEHIND
        while True:
            task: Task = pipe.recv()
            answer = Answer([])
            for number, item in task.items:
                answer.results.append(_one(order, number, item, task.decode))
                answer.spent = space.bytes() > most
                if answer.spent:
                    break
            pipe.send(answer)


def _confined(order: Order) -> Report | None:
    """Load what decoders need, then give up everything else."""
    if order.target is not Level.PROCESSES:
        from hashmatch.hashing import preload  # noqa: PLC0415  # NumPy and decoders

        preload.load()
    for method in set(order.wanted.methods) - {Method.PDQ, Method.VPDQ}:
        from hashmatch.hashing import hashers  # noqa: PLC0415  # with NumPy, and all that they load

        hashers.load(method)
    leave_terminal()
    readable = [source.location for source in order.sources]
    files = (KEPT_OPEN + 2) * len(readable)  # one more folder while another is closed, and the item
    return confine(order.target, readable, order.limits.memory, files)


def leave_terminal() -> None:
    """Standard output is the parent's answer to people and programs; a terminal can be read too."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (1, 2):
        if descriptor == 1 or os.isatty(descriptor):
            os.dup2(nowhere, descriptor)
    os.close(nowhere)


def _one(order: Order, number: int, item: Item, decode: bool) -> Result:  # noqa: FBT001
    return examine(order.sources[number], item, order.wanted, order.limits, decode=decode)
