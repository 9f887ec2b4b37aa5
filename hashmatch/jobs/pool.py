"""Several workers, one stable order: results come back as the items were given.

Items are read as they lie on the medium, see :mod:`hashmatch.jobs.windows`; a worker has its next
share before it is done with one. A worker that dies or takes too long costs no other item: what
it had begun is given out again, one item at a time, and each step of it is told; a step that does
it again is left out: a picture is read without decoding it, a container not looked into. Only if
even that fails is the item recorded as failed.
"""

from __future__ import annotations

import time
from collections import deque
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import wait
from typing import TYPE_CHECKING

from hashmatch.errors import UsageError
from hashmatch.evidence.filesystems import patience
from hashmatch.jobs import backlog, doubts, windows
from hashmatch.jobs.confinement.levels import Level, Report
from hashmatch.jobs.shares import BYTES_PER_SECOND, Busy, Share
from hashmatch.jobs.workers import Worker
from hashmatch.model.outcomes import Failed, Reason, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from multiprocessing.connection import Connection

    from hashmatch.jobs.shares import Found
    from hashmatch.jobs.windows import Numbered, Read, Span, Window
    from hashmatch.jobs.workers import Order, Received

START_SECONDS = 60.0
BASE_SECONDS = 60.0
"""A worker must say something of the share it has within so many seconds, and some for its bytes;
it tells what is done several times a second, so that this is the time for one item."""

_AHEAD = 2
"""Windows, full ones, that may wait for an item that takes long."""
_TOGETHER = 256
"""Entries that leave together; look-ups are cheaper for many."""
_LATEST = 1.0
"""Seconds that entries which are ready wait for others at most."""


class Pool:
    """Examines numbered entries with several workers.

    Memory is bounded by the windows under way, by :data:`hashmatch.jobs.backlog.HELD`, and by what
    may come out of one item for each worker.

    Args:
        order: what every worker is told.
        workers: how many processes.
        base_seconds: time for an item beyond that for its bytes, and for opening a locked volume.
        span: how far the order of reading may depart from that of the entries.
    """

    def __init__(
        self,
        order: Order,
        workers: int,
        *,
        base_seconds: float = BASE_SECONDS,
        span: Span | None = None,
    ) -> None:
        self._order = order
        self._base_seconds = base_seconds + (patience.SECONDS if order.secrets.count else 0)
        self._span = span or windows.SPAN
        self._report: Report | None = None
        self._more_bytes = 0
        self._most_inside = 2 * order.profile.limits.count + _TOGETHER
        self._crew: dict[Connection, Busy] = {}
        self._pending: deque[Window] = deque()
        self._waiting: deque[Share] = deque()
        self._again: deque[Share] = deque()
        self._start(workers)

    def _start(self, workers: int) -> None:
        try:
            for _ in range(workers):
                self._add()
        except OSError as error:
            self.close()
            msg = (
                f"{workers} workers cannot be started ({error.strerror}); ask for fewer: --workers"
            )
            raise UsageError(msg) from None

    def _add(self) -> None:
        worker = Worker(self._order)
        self._crew[worker.pipe] = Busy(worker, deque())

    def report(self) -> Report:
        """How far the workers are confined, by what each has found: the weakest speaks for all.

        Waits until all that were there at first have answered. Where one cannot work confined as
        far as was asked for, all are started again a level lower.

        Raises:
            UsageError: that is less than what the order wants at least.
        """
        while self._report is None:
            reports = [one.worker.report(START_SECONDS) for one in self._crew.values()]
            lower = self._order.target.weaker
            if None not in reports or lower is None:
                for report in reports:
                    self._note(report or Report(Level.PROCESSES))
            else:
                self._order = replace(self._order, target=lower)
                self.close()
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

    def read(self, entries: Iterable[Numbered], *, more_bytes: int = 0) -> Iterator[list[Read]]:
        """Yield lists of results; together they hold every entry once, in the order given.

        Args:
            entries: what to read.
            more_bytes: how much larger an item may be than its entry says.

        Raises:
            UsageError: as :meth:`report` does.
        """
        self.report()
        self._more_bytes = more_bytes
        more = windows.windows(entries, self._span)
        left = _now()
        while True:
            full = backlog.is_full(self._pending, self._crew.values())
            self._give_missing() if full else self._give_out(more)
            if reads := self._leaving(at_once=full or _now() - left > _LATEST):
                left = _now()
                yield reads
            elif self._pending:
                self._collect()
            else:
                return

    def _leaving(self, *, at_once: bool) -> list[Read]:
        """Take what is ready of the first window, if that is enough or all of it."""
        while self._pending:
            window = self._pending[0]
            ready = window.ready()
            whole = window.given + ready == len(window.entries)
            if whole:
                self._pending.popleft()
            if ready and (whole or at_once or ready >= _TOGETHER):
                return window.take(ready)
            if not whole:
                break
        return []

    def _give_out(self, more: Iterator[Window]) -> None:
        """Give the workers as much as they take; what is done again goes before all else."""
        while self._again and (idle := [o for o in self._crew.values() if not o.shares]):
            fresh = [one for one in idle if one.worker.fresh]
            self._give((fresh or idle)[0], self._again.popleft(), wide=False)
        while not self._again and (self._waiting or self._open(more)):
            share = next((one for one in self._waiting if self._allowed(one)), None)
            takers = [one for one in self._crew.values() if share and one.takes(share)]
            if share is None or not takers:
                return
            self._waiting.remove(share)
            last = share.large and not self._waiting and not self._open(more)
            self._give(min(takers, key=lambda one: len(one.shares)), share, wide=last)

    def _give_missing(self) -> None:
        """Give out the item that the others wait for, alone, if nobody has it yet."""
        window, place = backlog.first_missing(self._pending)
        for shares in (self._again, self._waiting):
            share = backlog.holding(shares, window, place)
            takers = [one for one in self._crew.values() if share and one.takes(share)]
            if share and takers and self._allowed(share):
                taker = min(takers, key=lambda one: len(one.shares))
                self._give(taker, backlog.alone(shares, share, place), wide=False)

    def _open(self, more: Iterator[Window]) -> bool:
        """Begin another window where there is room for it."""
        under_way = sum(len(one.entries) for one in self._pending)
        window = next(more, None) if under_way < _AHEAD * self._span.entries else None
        if window is None:
            return False
        self._pending.append(window)
        self._waiting.extend(Share(window, places) for places in window.batches())
        return bool(self._waiting) or self._open(more)

    def _allowed(self, share: Share) -> bool:
        """Tell whether its disk is not read at another place already."""
        disk = share.disk
        return disk is None or all(
            other.disk != disk for one in self._crew.values() for other in one.shares
        )

    def _give(self, busy: Busy, share: Share, *, wide: bool) -> None:
        busy.shares.append(share)
        if len(busy.shares) == 1:
            self._await(busy, START_SECONDS if busy.worker.fresh else 0.0)
        with suppress(OSError):  # already dead: the answer will not come, _collect sees it
            busy.worker.send(share.task(wide=wide))

    def _await(self, busy: Busy, more: float = 0.0, *, begins: bool = True) -> None:
        """Say until when something is to be heard; where an item begins, until when all of it."""
        beyond = self._order.profile.limits.seconds + self._more_bytes / BYTES_PER_SECOND
        busy.wait(_now() + more, self._base_seconds, beyond if begins else None)

    def _collect(self) -> None:
        """Wait until something is answered, ends or runs out of time."""
        busy = {pipe: one for pipe, one in self._crew.items() if one.shares}
        soonest = min(one.deadline for one in busy.values())
        answered = wait(list(busy), timeout=max(0.0, soonest - _now()))
        for pipe in [p for p in busy if p in answered]:
            one = busy.pop(pipe)
            try:
                answer = one.worker.receive()
            except EOFError:
                self._lost(one, Reason.WORKER_DIED)
                continue
            if isinstance(answer, Report):  # of a new worker, which begins only now
                self._await(one)
                self._note(answer)
            else:
                self._take(one, answer)
        for one in [o for o in self._crew.values() if o.shares and o.deadline < _now()]:
            self._lost(one, Reason.TIME_LIMIT, at_once=one.deadline >= one.end)

    def _take(self, busy: Busy, answer: Received) -> None:
        """Keep results; what may be the worker's fault is given once more, to a fresh one."""
        share = busy.shares.popleft()
        got_on = busy.got_on(answer)
        found = busy.sorted_out(share, answer)
        if len(found) < len(share.places):
            busy.shares.appendleft(share.after(len(found)))
        again = self._kept(share, found)
        if busy.shares and len(busy.inside) > self._most_inside:
            self._lost(busy, Reason.LIMIT_COUNT, at_once=True)
        elif again or answer.spent or (busy.inside and not busy.shares):
            self._replace(busy)
        elif found and backlog.runs_ahead(busy, self._pending, self._crew.values()):
            self._replace(busy)  # what it has left is given out again in its turn
        elif busy.shares and got_on:
            self._await(busy, begins=bool(found))

    def _kept(self, share: Share, found: dict[int, Found]) -> bool:
        """Keep results; tell whether there are some that are the worker's fault, perhaps."""
        doubtful = False
        for at, one in found.items():
            entry = share.window.entries[at]
            if doubts.doubtful(self._order.sources, entry, one.result, one.inside):
                doubtful = True
                if not share.again:
                    self._again.append(Share(share.window, (at,), again=True))
                    continue
            share.window.put(at, one.result, one.inside, one.weight)
        return doubtful

    def _replace(self, busy: Busy) -> None:
        """Start another worker in the place of one; what that has not done goes back."""
        busy.worker.stop()
        del self._crew[busy.worker.pipe]
        self._waiting.extendleft(reversed(busy.shares))
        self._add()

    def _lost(self, busy: Busy, reason: Reason, *, at_once: bool = False) -> None:
        share = busy.shares.popleft()
        self._replace(busy)
        if not share.again:
            self._again.extend(share.again_alone())
        elif (less := share.sparing(busy.step, reason, at_once=at_once)) is not None:
            self._again.append(less)
        else:
            (place,) = share.places
            failed = Failed(share.window.item(place).path, Stage.READ, reason)
            share.window.results[place] = failed

    def close(self) -> None:
        """End all workers at once."""
        for one in self._crew.values():
            end = one.worker.stop if one.shares or one.worker.fresh else one.worker.finish
            end()
        self._crew.clear()


def _now() -> float:
    return time.monotonic()
