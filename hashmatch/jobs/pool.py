"""Several workers, one stable order: results come back as the items were given.

A worker that dies or takes too long costs no other item: what it had is given out again, one item
at a time; the item that does it again is read once more without decoding; only if even that
fails is it recorded as failed.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field, replace
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, TypeVar

from hashmatch.errors import UsageError
from hashmatch.jobs.confinement.levels import Level, Report
from hashmatch.jobs.examine import undecoded
from hashmatch.jobs.workers import Task, Worker
from hashmatch.model.evidence import Item
from hashmatch.model.outcomes import Failed, ItemError, Reading, Reason, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from multiprocessing.connection import Connection

    from hashmatch.jobs.workers import Answer, Order, Result
    from hashmatch.model.outcomes import Skipped

BATCH_ITEMS = 64
BATCH_BYTES = 8 << 20
START_SECONDS = 60.0
BASE_SECONDS = 60.0
BYTES_PER_SECOND = 1 << 20
"""A batch may take a base time and one second more for each MiB: far slower than any disk."""

Numbered = tuple[int, "Item | Failed | Skipped"]
Read = tuple[int, "Item | None", "Reading | Failed | Skipped"]
T = TypeVar("T")


@dataclass(slots=True)
class _Batch:
    """Entries in their order, and what is known of each; items are what is sent out."""

    entries: list[Numbered]
    results: dict[int, Result] = field(default_factory=dict)

    def waiting(self) -> list[int]:
        return [
            at
            for at, (_, entry) in enumerate(self.entries)
            if isinstance(entry, Item) and at not in self.results
        ]

    def reads(self) -> Iterator[Read]:
        for at, (source, entry) in enumerate(self.entries):
            if isinstance(entry, Item):
                yield source, entry, self.results[at]
            else:
                yield source, None, entry


@dataclass(frozen=True, slots=True)
class _Share:
    """A part of a batch that one worker has, or will get.

    ``again`` is set for an item that was out with a worker that was lost; ``spared`` says why it
    is now read without decoding it.
    """

    batch: _Batch
    places: tuple[int, ...]
    again: bool = False
    spared: Reason | None = None

    def task(self) -> Task:
        chosen = (self.batch.entries[at] for at in self.places)
        items = tuple((n, entry) for n, entry in chosen if isinstance(entry, Item))
        return Task(items, decode=self.spared is None)

    def seconds(self) -> float:
        """How much longer than the base it may take, for its bytes."""
        return sum(i.size for _, i in self.task().items) / BYTES_PER_SECOND


class Pool:
    """Examines numbered entries with several workers.

    Memory is bounded by the batches under way, a few for each worker.
    """

    def __init__(self, order: Order, workers: int, *, base_seconds: float = BASE_SECONDS) -> None:
        self._order = order
        self._base_seconds = base_seconds
        self._report: Report | None = None
        self._idle: list[Worker] = []
        self._busy: dict[Connection, tuple[Worker, _Share, float]] = {}
        self._again: deque[_Share] = deque()
        self._window = 3 * workers
        self._start(workers)

    def _start(self, workers: int) -> None:
        try:
            self._idle.extend(Worker(self._order) for _ in range(workers))
        except OSError as error:
            self.close()
            msg = (
                f"{workers} workers cannot be started ({error.strerror}); ask for fewer: --workers"
            )
            raise UsageError(msg) from None

    def report(self) -> Report:
        """How far the workers are confined, by what each has found: the weakest speaks for all.

        Waits until all that were there at first have answered. Where one cannot work confined as
        far as was asked for, all are started again a level lower.

        Raises:
            UsageError: that is less than what the order wants at least.
        """
        while self._report is None:
            reports = [worker.report(START_SECONDS) for worker in self._idle]
            lower = self._order.target.weaker
            if None not in reports or lower is None:
                for report in reports:
                    self._note(report or Report(Level.PROCESSES))
            else:
                self._order = replace(self._order, target=lower)
                for worker in self._idle:
                    worker.stop()
                self._idle.clear()
                self._start(len(reports))
        return self._report

    def _note(self, report: Report) -> None:
        """Take what a worker says of itself into account."""
        if not report.level.reaches(self._order.least):
            msg = (
                f"worker processes can be confined by '{report.level}' only, and "
                f"'{self._order.least}' is required; see 'hashmatch doctor', "
                "or set HASHMATCH_CONFINE=auto"
            )
            raise UsageError(msg)
        if self._report is None or self._report.level.reaches(report.level):
            self._report = report

    def read(self, entries: Iterable[Numbered]) -> Iterator[list[Read]]:
        """Yield lists of results; together they hold every entry once, in the order given.

        Raises:
            UsageError: as :meth:`report` does.
        """
        self.report()
        batches = _batched(entries)
        pending: deque[_Batch] = deque()
        more = True
        while more or pending:
            while more and len(pending) < self._window and self._idle and not self._again:
                batch = next(batches, None)
                more = batch is not None
                if batch is not None:
                    pending.append(batch)
                    self._give_out(_Share(batch, tuple(batch.waiting())))
            while self._again and self._idle:
                self._give_out(self._again.popleft())
            while pending and not pending[0].waiting():
                yield list(pending.popleft().reads())
            if self._busy and (len(pending) >= self._window or not self._idle or not more):
                self._collect()

    def _give_out(self, share: _Share) -> None:
        if not share.places:
            return
        last = len(self._idle) - 1
        fresh = (at for at, worker in enumerate(self._idle) if share.again and worker.fresh)
        worker = self._idle.pop(next(fresh, last))
        starting = START_SECONDS if worker.fresh else 0.0
        self._busy[worker.pipe] = (worker, share, self._deadline(share) + starting)
        try:
            worker.send(share.task())
        except OSError:  # already dead: the answer will not come, _collect sees the end of file
            return

    def _deadline(self, share: _Share) -> float:
        return _now() + self._base_seconds + share.seconds()

    def _collect(self) -> None:
        """Wait until something is answered, ends or runs out of time."""
        soonest = min(deadline for _, _, deadline in self._busy.values())
        answered = wait(list(self._busy), timeout=max(0.0, soonest - _now()))
        for pipe in [p for p in self._busy if p in answered]:
            worker, share, _ = self._busy.pop(pipe)
            try:
                answer = worker.receive()
            except EOFError:
                self._lost(worker, share, Reason.WORKER_DIED)
                continue
            if isinstance(answer, Report):  # of a new worker, which begins only now
                self._busy[pipe] = (worker, share, self._deadline(share))
                self._note(answer)
            else:
                self._take(worker, share, answer)
        for pipe in [p for p, (_, _, deadline) in self._busy.items() if deadline < _now()]:
            worker, share, _ = self._busy.pop(pipe)
            self._lost(worker, share, Reason.TIME_LIMIT)

    def _take(self, worker: Worker, share: _Share, answer: Answer) -> None:
        """Keep results; what may be the worker's fault is given once more, to a fresh one."""
        found = dict(zip(share.places, _marked(share, answer.results), strict=False))
        if len(found) < len(share.places):
            self._again.append(replace(share, places=share.places[len(found) :]))
        doubtful = [at for at in found if self._is_doubtful(share, at, found[at])]
        if doubtful or answer.spent:
            worker.stop()
            worker = Worker(self._order)
        self._idle.append(worker)
        for at in () if share.again else doubtful:
            del found[at]
            self._again.append(_Share(share.batch, (at,), again=True))
        share.batch.results.update(found)

    def _is_doubtful(self, share: _Share, at: int, result: Result) -> bool:
        """Tell whether another worker might do better.

        One that has worked may have less memory left, and what was mounted anew since it was
        confined is refused to it. A refusal is its own when the parent is not refused.
        """
        if isinstance(result, Reading):
            decoded = result.picture or result.video
            return decoded is not None and decoded.trouble is Reason.OUT_OF_MEMORY
        if result.reason is Reason.OUT_OF_MEMORY:
            return True
        number, entry = share.batch.entries[at]
        if result.reason is not Reason.PERMISSION or not isinstance(entry, Item):
            return False
        try:
            self._order.sources[number].open(entry).close()
        except ItemError:
            return False
        return True

    def _lost(self, worker: Worker, share: _Share, reason: Reason) -> None:
        worker.stop()
        self._idle.append(Worker(self._order))
        if not share.again:
            self._again.extend(_Share(share.batch, (at,), again=True) for at in share.places)
        elif share.spared is None:
            self._again.append(_Share(share.batch, share.places, again=True, spared=reason))
        else:
            path = share.task().items[0][1].path
            share.batch.results[share.places[0]] = Failed(path, Stage.READ, reason)

    def close(self) -> None:
        """End all workers at once."""
        for worker, _, _ in self._busy.values():
            worker.stop()
        for worker in self._idle:
            worker.finish()
        self._busy.clear()
        self._idle.clear()


def _marked(share: _Share, results: list[Result]) -> list[Result]:
    """Note on an item that was read without decoding why that was so."""
    if share.spared is None:
        return results
    return [r if isinstance(r, Failed) else undecoded(r, share.spared) for r in results]


def _batched(entries: Iterable[Numbered]) -> Iterator[_Batch]:
    group: list[Numbered] = []
    size = 0
    for source, entry in entries:
        group.append((source, entry))
        size += entry.size if isinstance(entry, Item) else 0
        if len(group) >= BATCH_ITEMS or size >= BATCH_BYTES:
            yield _Batch(group)
            group, size = [], 0
    if group:
        yield _Batch(group)


def _now() -> float:
    return time.monotonic()
