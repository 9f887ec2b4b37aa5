"""A worker process: examines what it is sent, one batch at a time, over one pipe.

Decoders meet hostile files. They run here, in a child process, so that a crash costs one item,
and confined by the kernel as far as it can.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING

from hashmatch.evidence import preload as evidence_preload
from hashmatch.evidence.folder import fetch_ahead
from hashmatch.evidence.folders import KEPT_OPEN
from hashmatch.jobs import unpacker
from hashmatch.jobs.confinement import answers, kernel
from hashmatch.jobs.confinement.confine import confine
from hashmatch.jobs.confinement.levels import Level, Report
from hashmatch.jobs.confinement.limits import AddressSpace
from hashmatch.jobs.examine import Aids, Limits
from hashmatch.jobs.examine_members import Depth, examine_whole
from hashmatch.jobs.guard import Guard, Spared
from hashmatch.jobs.packing import Packing
from hashmatch.jobs.reuse import Contents
from hashmatch.jobs.telling import Answer, Telling
from hashmatch.jobs.undisturbed import undisturbed
from hashmatch.model.evidence import Item
from hashmatch.model.profile import Profile
from hashmatch.model.secrets import Secrets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

    from hashmatch.jobs.packing import PackedMember, Result
    from hashmatch.model.evidence import Source
    from hashmatch.model.wanted import Wanted

_PATIENCE = 5.0  # seconds
_SHARE_LEFT_BEHIND = 4  # a quarter of the memory for one item
_MIDWAY = 60  # seconds; a process that stops in the middle of a message counts as lost
_CONTEXT = multiprocessing.get_context("spawn")  # a fresh process holds no open evidence


@dataclass(frozen=True, slots=True)
class Order:
    """What every worker of a run is told once.

    ``target`` is the confinement to aim for, ``least`` what a worker must reach to be used.
    ``unpacker`` says which programs may unpack what no library here does.
    """

    sources: tuple[Source, ...]
    wanted: Wanted
    limits: Limits
    target: Level = Level.LANDLOCK
    least: Level = Level.PROCESSES
    profile: Profile = field(default_factory=Profile)
    secrets: Secrets = field(default_factory=Secrets)
    unpacker: unpacker.Offer | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """Items to examine.

    ``wide`` when cores have nothing else to do. ``careful`` for an item that was out with a
    worker that was lost: each step of it is told before it is taken; ``spared`` are steps of it
    that ended workers, see :mod:`hashmatch.jobs.guard`.
    """

    items: tuple[tuple[int, Item], ...]
    wide: bool = False
    careful: bool = False
    spared: Spared = ()


@dataclass(frozen=True, slots=True)
class Received:
    """An answer that was checked."""

    results: list[Result | PackedMember]
    spent: bool
    step: int


class Worker:
    """One child process and the pipe to it. It is ``fresh`` until its report is received."""

    def __init__(self, order: Order) -> None:
        self.fresh = True
        self._packing = Packing(order.wanted.algorithms)
        self.pipe, theirs = _CONTEXT.Pipe()
        with suppress(OSError):  # of a kind that has no such limit
            kernel.bound_messages(self.pipe.fileno(), _MIDWAY)
        self._process = _CONTEXT.Process(target=_serve, args=(theirs, order), daemon=True)
        with calm_start():
            self._process.start()
        theirs.close()

    def send(self, task: Task) -> None:
        """Give it work; raises ``OSError`` when the process is gone or does not listen."""
        items = [
            (n, i.path, i.size, i.modified_ns, i.mode, i.identity, i.place) for n, i in task.items
        ]  # bare values travel at a third of the cost
        self.pipe.send((items, task.wide, task.careful, task.spared))

    def receive(self) -> Received | Report:
        """Take the next results; the first answer is a report on the worker itself.

        Returns:
            The report; or results, with members still packed (see :class:`Answer`).

        Raises:
            EOFError: the process ended or stopped without an answer, or sent something else.
        """
        try:
            answer = answers.read(self.pipe.recv_bytes(answers.MOST), Answer)
        except OSError:  # the pipe broke in the middle of an answer
            raise EOFError from None
        level = getattr(answer, "level", None)
        if isinstance(answer, Report) and isinstance(level, Level) and self.fresh:
            self.fresh = False
            return answer
        if isinstance(answer, Answer) and not self.fresh:
            with suppress(AttributeError):  # a field is missing
                step = answer.step if type(answer.step) is int else 0
                results = self._packing.unpacked(answer.results)
                return Received(results, answer.spent is True, step)
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

    An interruption is kept until the child has all it needs. The child inherits the blocking and
    gives it up when it is ready. The workers are the parallelism, so no library needs more.
    """
    resource_tracker.ensure_running()  # its first start would let interruptions through again
    threads = {name: os.environ.get(name) for name in _THREADS}
    with undisturbed(_INTERRUPTIONS):
        os.environ.update(dict.fromkeys(_THREADS, "1"))
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, _INTERRUPTIONS)
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            for name, value in threads.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value


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
    packing, met, queue = Packing(order.wanted.algorithms), Contents(), _Queue(pipe, order)
    depth = Depth(order.wanted, order.limits, order.profile, order.secrets)
    with AddressSpace() as space:
        report = _confined(order)
        if report is None:
            return
        pipe.send(report)
        most = space.bytes() + order.limits.memory // _SHARE_LEFT_BEHIND
        while True:
            task = queue.next()
            telling = Telling(pipe, packing)
            guard = Guard(task.spared, telling.step if task.careful else None)
            aids = Aids(met, task.wide)
            spent = False
            for number, item in task.items:
                source = order.sources[number]
                for one in examine_whole(source, item, depth, guard, aids):
                    telling.add(one)
                spent = space.bytes() > most
                if spent:
                    break
            telling.flush(spent=spent)


class _Queue:
    """The tasks that have come; what the next ones need is fetched while one is under way."""

    def __init__(self, pipe: Connection, order: Order) -> None:
        self._pipe, self._order = pipe, order
        self._tasks: deque[Task] = deque()

    def next(self) -> Task:
        """Give the next task; raises ``EOFError`` when there will be none."""
        while not self._tasks or self._pipe.poll(0):
            items, *rest = self._pipe.recv()
            task = Task(tuple((n, Item(*facts)) for n, *facts in items), *rest)
            fetch_ahead(self._order.sources, task.items)
            self._tasks.append(task)
        return self._tasks.popleft()


def _confined(order: Order) -> Report | None:
    """Load what decoders need, then give up everything else."""
    leave_terminal()  # before code of other packages could write to it
    beside = unpacker.start(order.unpacker, order.target)
    if order.target is not Level.PROCESSES:
        from hashmatch.hashing import preload  # noqa: PLC0415  # NumPy and decoders

        preload.load(videos=order.wanted.videos)
    images = any(source.kind in {"image", "device"} for source in order.sources)
    if images or order.profile.members:
        evidence_preload.load(file_systems=images, members=order.profile.members)
    for method in order.wanted.further:
        from hashmatch.hashing import hashers  # noqa: PLC0415  # with NumPy, and all that they load

        hashers.load(method)
    readable = [path for source in order.sources for path in source.readable]
    files = (KEPT_OPEN + 2) * len(readable)  # one more folder while another is closed, and the item
    report = confine(order.target, readable, order.limits.memory, files)
    return report if report is None or beside is None else beside.lend(report)


def leave_terminal() -> None:
    """Standard output is the parent's answer to people and programs; a terminal can be read too."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (1, 2):
        if descriptor == 1 or os.isatty(descriptor):
            os.dup2(nowhere, descriptor)
    os.close(nowhere)
