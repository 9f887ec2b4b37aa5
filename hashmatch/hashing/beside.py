"""A second thread that digests the same bytes while the caller digests them in another way."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Sequence


class Updated(Protocol):
    """Something that takes bytes one part after the other."""

    def update(self, part: memoryview, /) -> None:
        """Take the next bytes."""


class Beside:
    """Digests that a thread of its own computes; without any there is no thread.

    Use as a context. Each part that :meth:`update` is given must stay as it is until
    :meth:`wait` returns.
    """

    def __init__(self, states: Sequence[Updated]) -> None:
        self.states = tuple(states)
        self._parts: queue.SimpleQueue[memoryview | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[Exception | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        if self.states:
            self._thread = threading.Thread(target=self._run, daemon=True)
            try:
                self._thread.start()
            except RuntimeError:  # no thread is to be had: the caller's own has to do
                self._thread = None
        return self

    def __exit__(self, *_: object) -> None:
        if self._thread is not None:
            self._parts.put(None)
            self._thread.join()

    def update(self, part: memoryview) -> None:
        """Begin to digest the next bytes."""
        if self._thread is not None:
            self._parts.put(part)
        else:
            for state in self.states:
                state.update(part)

    def wait(self) -> None:
        """Wait until the bytes given last are digested; raises what digesting them raised."""
        if self._thread is not None and (error := self._answers.get()) is not None:
            raise error

    def _run(self) -> None:
        while (part := self._parts.get()) is not None:
            error: Exception | None = None
            try:
                for state in self.states:
                    state.update(part)
            except Exception as found:  # noqa: BLE001  # raised again where somebody waits for it
                error = found
            self._answers.put(error)
