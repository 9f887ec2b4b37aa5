"""The parent's side of one listing process: start it, give it orders, wait for its answers."""

from __future__ import annotations

import multiprocessing
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from hashmatch.jobs import lister_child, workers
from hashmatch.jobs.confinement import answers, kernel
from hashmatch.jobs.confinement.levels import Level, Report
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from hashmatch.jobs.lister_child import Listable

_MOST_PULSES = 1 << 16
"""Signs of life without anything else, at most one each second, before they are no sign of it."""

_MIDWAY = 60  # seconds; a process that stops in the middle of a message counts as lost
_CONTEXT = multiprocessing.get_context("spawn")  # a fresh process holds no open evidence


class LostError(Exception):
    """The process is of no use any more."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class Process:
    """One listing process and the pipe to it."""

    def __init__(self, source: Listable, level: Level, memory: int) -> None:
        self._pipe, theirs = _CONTEXT.Pipe()
        with suppress(OSError):  # of a kind that has no such limit
            kernel.bound_messages(self._pipe.fileno(), _MIDWAY)
        arguments = (theirs, source, level, memory)
        self._process = _CONTEXT.Process(target=lister_child.serve, args=arguments, daemon=True)
        with workers.calm_start():
            self._process.start()
        theirs.close()

    def report(self, seconds: float) -> Report | None:
        """Wait for what it says of its confinement; None when it ended or takes too long."""
        try:
            answer = self._read(seconds)
        except (EOFError, OSError, LostError):
            return None
        return answer if isinstance(answer, Report) and isinstance(answer.level, Level) else None

    def send(self, *words: object) -> None:
        """Give an order; raises ``OSError`` when the process is gone."""
        self._pipe.send(words)

    def answer(self, seconds: float) -> tuple[str, list[Any]]:
        """Take the next answer that is more than a sign of life.

        Raises:
            EOFError: the process ended, or sent something else.
            LostError: it said nothing for so many seconds.
        """
        for _ in range(_MOST_PULSES):
            found = self._read(seconds)
            if type(found) is not tuple or not found or type(found[0]) is not str:
                raise EOFError
            if found[0] != "busy":
                return found[0], [*found[1:]]
        raise LostError(Reason.TIME_LIMIT)

    def _read(self, seconds: float) -> object:
        if not self._pipe.poll(seconds):
            raise LostError(Reason.TIME_LIMIT)
        return answers.read(self._pipe.recv_bytes(answers.MOST))

    def stop(self) -> None:
        """End the process now, whatever it is doing."""
        self._pipe.close()
        self._process.kill()
        self._process.join(5.0)  # one that waits for a dead disk cannot even be killed
