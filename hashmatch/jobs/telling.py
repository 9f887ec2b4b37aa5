"""How a worker tells what it found: several results together, several times a second."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.jobs.packing import weight

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from hashmatch.jobs.packing import Packed, Packing, Result
    from hashmatch.model.outcomes import Member

_SILENCE = 0.25  # seconds until a worker tells what it has so far
_TOGETHER = 256  # results that it tells together at most
_WEIGHT = 4 << 20  # bytes of results; names may be long, and no message is taken that is too long


@dataclass(frozen=True, slots=True)
class Answer:
    """The next results of a task in its order; those that are missing follow.

    Members of an item stand before the item itself. ``step`` is the one that comes now, where a
    task is careful. ``spent``: no more follow, and the worker should be replaced. The limit is on
    all that it holds, so what items have left behind would be missing for others.
    """

    results: list[Packed]
    spent: bool = False
    step: int = 0


class Telling:
    """Gathers results and sends them, several times a second and before they are too many."""

    def __init__(self, pipe: Connection, packing: Packing) -> None:
        self._pipe, self._packing = pipe, packing
        self._results: list[Packed] = []
        self._step = self._weight = 0
        self._told = time.monotonic()

    def add(self, one: Member | Result) -> None:
        """Take one result."""
        packed = self._packing.packed(one)
        self._results.append(packed)
        self._weight += weight(packed)
        late = time.monotonic() - self._told > _SILENCE
        if late or len(self._results) >= _TOGETHER or self._weight >= _WEIGHT:
            self.flush()

    def step(self, number: int) -> None:
        """Say at once which step comes now."""
        self._step = number
        self._send(Answer(self._results, step=number))

    def flush(self, *, spent: bool = False) -> None:
        """Send what there is; that no more follows is said even where all was sent before."""
        if self._results or spent:
            self._send(Answer(self._results, spent, self._step))

    def _send(self, answer: Answer) -> None:
        self._pipe.send(answer)
        self._results, self._weight, self._told = [], 0, time.monotonic()
