"""What the PhotoDNA value of a picture becomes when the picture is turned or mirrored.

A value is 6 x 6 cells, row by row from the upper left, of four bytes each: how much the picture
gets darker towards the right, the left, below and above. Turning a picture by a quarter or
mirroring it moves its cells and exchanges the four; so a turned copy can be looked for without
the picture. The rights holder publishes no description: this order of cells and bytes is the one
that an independent reimplementation is known to use, and it was not checked against a licensed
library. Were it another, values of turned pictures would not be found; others are, as ever.
"""

from __future__ import annotations

from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from hashmatch.model.hashes import VARIANTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SIDE, BINS = 6, 4
"""Cells along a side; bytes of a cell."""

_Order = tuple[int, ...]
"""For each byte of a value the place in another value that it is taken from."""

_RIGHT, _LEFT, _BELOW, _ABOVE = range(BINS)


def variants(value: bytes) -> Mapping[str, bytes]:
    """Give the values of a picture turned and mirrored, under the names of ``VARIANTS``.

    The names mean what they mean for other hashes: ``rot90`` is the value of the picture turned
    by a quarter against the clock, ``flipx`` of the picture upside down, ``flipy`` of the mirrored
    one. The values that a library computes from the turned pixels may differ by rounding.

    Args:
        value: 144 bytes.
    """
    return MappingProxyType(
        {name: bytes([value[at] for at in order]) for name, order in _orders().items()}
    )


@cache
def _orders() -> Mapping[str, _Order]:
    # Each line says where the cell in row y, column x comes from, and each of its bytes: in a
    # picture turned against the clock, what was above is at the left.
    quarter = _moved(lambda y, x: (x, SIDE - 1 - y), (_BELOW, _ABOVE, _LEFT, _RIGHT))
    upside_down = _moved(lambda y, x: (SIDE - 1 - y, x), (_RIGHT, _LEFT, _ABOVE, _BELOW))
    transposed = _moved(lambda y, x: (x, y), (_BELOW, _ABOVE, _RIGHT, _LEFT))
    half = _then(quarter, quarter)
    orders = (
        tuple(range(SIDE * SIDE * BINS)),
        quarter,
        half,
        _then(half, quarter),
        upside_down,
        _then(upside_down, half),
        transposed,
        _then(transposed, half),
    )
    return dict(zip(VARIANTS, orders, strict=True))


def _moved(source: Callable[[int, int], tuple[int, int]], bins: tuple[int, ...]) -> _Order:
    cells = [source(y, x) for y in range(SIDE) for x in range(SIDE)]
    return tuple(BINS * (SIDE * y + x) + one for y, x in cells for one in bins)


def _then(first: _Order, second: _Order) -> _Order:
    return tuple(first[at] for at in second)
