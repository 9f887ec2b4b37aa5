"""Stretches of bytes: what some of them leave free."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def gaps(taken: Sequence[tuple[int, int]], size: int) -> Iterator[tuple[int, int]]:
    """Yield the stretches, as offset and size, that none of some stretches covers, in order.

    Args:
        taken: offset and end of each, in any order.
        size: of what holds them, in bytes.
    """
    at = 0
    for offset, end in sorted(taken):
        if min(offset, size) > at:
            yield at, min(offset, size) - at
        at = max(at, end)
    if at < size:
        yield at, size - at
