"""A worker process: examines what it is sent, one batch at a time, over one pipe.

Decoders meet hostile files. They run here, in a child process, so that a crash costs one item.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.jobs.examine import Limits, examine
from hashmatch.model.outcomes import Failed, Reading

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from hashmatch.model.evidence import Item, Source
    from hashmatch.model.hashes import Algorithm

Result = Reading | Failed
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
        with _one_thread_each():
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
        self._process.join()

    def finish(self) -> None:
        """Let an idle process end by itself."""
        self.pipe.close()
        self._process.join()


class _one_thread_each:  # noqa: N801  # reads as the words it stands for
    """Keep numerical libraries of the child at one thread: the workers are the parallelism."""

    _NAMES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")

    def __enter__(self) -> None:
        self._before = {name: os.environ.get(name) for name in self._NAMES}
        os.environ.update(dict.fromkeys(self._NAMES, "1"))

    def __exit__(self, *_: object) -> None:
        for name, value in self._before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _serve(pipe: Connection, order: Order) -> None:
    # Ctrl-C reaches the whole process group; the parent decides what becomes of the work.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    while True:
        try:
            task: Task = pipe.recv()
        except (EOFError, OSError):  # the parent is done, or gone
            return
        pipe.send([_one(order, number, item, task.decode) for number, item in task.items])


def _one(order: Order, number: int, item: Item, decode: bool) -> Result:  # noqa: FBT001
    return examine(order.sources[number], item, order.algorithms, order.limits, decode=decode)
