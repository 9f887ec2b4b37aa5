"""A worker process: examines what it is sent, one batch at a time, over one pipe.

Decoders meet hostile files. They run here, in a child process, so that a crash costs one item.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING

from hashmatch.jobs.examine import Limits, examine
from hashmatch.model.outcomes import Failed, Reading

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

    from hashmatch.model.evidence import Item, Source
    from hashmatch.model.hashes import Algorithm

Result = Reading | Failed
_PATIENCE = 5.0  # seconds
_CONTEXT = multiprocessing.get_context("spawn")  # a fresh process holds no open evidence


@dataclass(frozen=True, slots=True)
class Order:
    """What every worker of a run is told once."""

    sources: tuple[Source, ...]
    algorithms: tuple[Algorithm, ...]
    limits: Limits


@dataclass(frozen=True, slots=True)
class Task:
    """Items to examine; ``decode`` is False for an item whose decoding killed a worker."""

    items: tuple[tuple[int, Item], ...]
    decode: bool = True


class Worker:
    """One child process and the pipe to it."""

    def __init__(self, order: Order) -> None:
        self.pipe, theirs = _CONTEXT.Pipe()
        self._process = _CONTEXT.Process(target=_serve, args=(theirs, order), daemon=True)
        with _calm_start():
            self._process.start()
        theirs.close()

    def send(self, task: Task) -> None:
        """Give it work; raises ``OSError`` when the process is gone."""
        self.pipe.send(task)

    def receive(self) -> list[Result]:
        """Take the results of the last task.

        Raises:
            EOFError: the process ended without an answer.
        """
        try:
            results: list[Result] = self.pipe.recv()
        except OSError:  # the pipe broke in the middle of an answer
            raise EOFError from None
        return results

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
def _calm_start() -> Iterator[None]:
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


def _serve(pipe: Connection, order: Order) -> None:
    # Ctrl-C reaches the whole process group; the parent decides what becomes of the work.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _INTERRUPTIONS)
    while True:
        try:
            task: Task = pipe.recv()
        except (EOFError, OSError):  # the parent is done, or gone
            return
        results = [_one(order, number, item, task.decode) for number, item in task.items]
        try:
            pipe.send(results)
        except OSError:  # the parent is gone
            return


def _one(order: Order, number: int, item: Item, decode: bool) -> Result:  # noqa: FBT001
    return examine(order.sources[number], item, order.algorithms, order.limits, decode=decode)
