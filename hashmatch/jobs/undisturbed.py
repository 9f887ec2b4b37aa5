"""Put off interruptions until a block of work is whole."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator


@contextmanager
def undisturbed(signals: Collection[signal.Signals]) -> Iterator[None]:
    """Keep signals that arrive in the block, and raise them again when it was left.

    Handlers keep them: blocking alone would let a thread of a library take the signal, and the
    program would be interrupted all the same. For the main thread only.
    """
    kept: list[int] = []
    handlers = {one: signal.signal(one, lambda number, _: kept.append(number)) for one in signals}
    try:
        yield
    finally:
        for one, handler in handlers.items():
            signal.signal(one, handler)
        for again in kept:
            signal.raise_signal(again)
