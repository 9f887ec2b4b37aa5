"""Regular rows of a list, checked and decoded many at once; the others one by one.

What a format may call regular is decided so that both ways say exactly the same.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from hashmatch.errors import HashSetError
from hashmatch.model.hashes import Algorithm
from hashmatch.model.records import HashRecord, RecordBatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from hashmatch.formats.hash_text import Kind
    from hashmatch.model.records import FastEvent, ListEvent

Row = TypeVar("Row")

_ROWS = 1 << 12
_FEW = 1 << 5


def in_batches(
    rows: Iterable[Row],
    regular: Callable[[Sequence[Row]], RecordBatch | None],
    single: Callable[[Row], Iterator[ListEvent]],
) -> Iterator[FastEvent]:
    """Give rows as batches where they are regular, else as the events of each row.

    Args:
        rows: in the order of their places.
        regular: gives all rows as one batch, or None when one of them is not regular.
        single: gives the events of one row.
    """
    remaining = iter(rows)
    while block := list(islice(remaining, _ROWS)):
        yield from _halved(block, regular, single)


def _halved(
    block: Sequence[Row],
    regular: Callable[[Sequence[Row]], RecordBatch | None],
    single: Callable[[Row], Iterator[ListEvent]],
) -> Iterator[FastEvent]:
    """Split a block around the rows that are not regular, so that one does not slow all."""
    batch = regular(block)
    if batch is not None:
        yield batch
    elif len(block) <= _FEW:
        for row in block:
            yield from single(row)
    else:
        middle = len(block) // 2
        yield from _halved(block[:middle], regular, single)
        yield from _halved(block[middle:], regular, single)


def whole(kind: Kind, texts: Sequence[str]) -> bytes | None:
    """Read a column of digests; None unless every cell is nothing but its hexadecimal digits."""
    if not isinstance(kind.target, Algorithm) or {*map(len, texts)} != {2 * kind.size}:
        return None
    try:
        values = bytes.fromhex("".join(texts))
    except ValueError:
        return None
    # Blanks between digits are passed over by fromhex: such values come out too short.
    return values if len(values) == kind.size * len(texts) else None


def singly(events: Iterable[FastEvent]) -> Iterator[ListEvent]:
    """Give the records of batches one by one."""
    for event in events:
        if isinstance(event, RecordBatch):
            yield from event.records()
        else:
            yield event


def requiring_any(events: Iterable[FastEvent], otherwise: str) -> Iterator[FastEvent]:
    """Pass events on, and refuse a list that has not a single record.

    Raises:
        HashSetError: neither record nor batch came; ``otherwise`` says what was found.
    """
    found = False
    for event in events:
        found = found or isinstance(event, HashRecord | RecordBatch)
        yield event
    if not found:
        raise HashSetError(otherwise)
