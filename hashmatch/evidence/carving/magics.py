"""Find where files may begin, by their first bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hashmatch.evidence.carving.registry import WALKERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.carving.registry import Walker

_MAGICS = tuple((at, magic, one) for one in WALKERS.values() for at, magic in one.MAGICS)
REACH = max(at + len(magic) for at, magic, _ in _MAGICS)
"""Bytes of a file that tell whether one may begin."""

_WORD = 4


def beginnings(piece: bytes, align: int, stop: int) -> list[tuple[int, Walker]]:
    """Give the places before ``stop`` at which a file may begin, in order.

    Args:
        piece: what is searched; up to :data:`REACH` bytes beyond ``stop`` are looked at.
        align: only multiples of this are places.
        stop: where to end.
    """
    if align % _WORD:
        found = set(_anywhere(piece, align, stop))
    else:
        found = set(_aligned(piece, align, stop))
    order = list(WALKERS)
    places = sorted(found, key=lambda one: (one[0], order.index(one[1])))
    return [(place, WALKERS[name]) for place, name in places]


def _anywhere(piece: bytes, align: int, stop: int) -> Iterator[tuple[int, str]]:
    for at, magic, walker in _MAGICS:
        place = piece.find(magic, at, stop + at + len(magic) - 1)
        while place >= 0:
            if not (place - at) % align:
                yield place - at, walker.NAME
            place = piece.find(magic, place + 1, stop + at + len(magic) - 1)


def _aligned(piece: bytes, align: int, stop: int) -> Iterator[tuple[int, str]]:
    """Compare one word of each place, then the rest of the few that agree."""
    import numpy as np  # noqa: PLC0415  # for carving only

    whole = piece[: len(piece) // _WORD * _WORD]
    words = np.frombuffer(whole, np.uint32)
    for at, magic, walker in _MAGICS:
        given = magic[:_WORD]
        mask = np.frombuffer((b"\xff" * len(given)).ljust(_WORD, b"\0"), np.uint32)[0]
        value = np.frombuffer(given.ljust(_WORD, b"\0"), np.uint32)[0]
        column = words[at // _WORD :: align // _WORD]
        for row in np.flatnonzero((column & mask) == value).tolist():
            place = row * align
            if place < stop and piece.startswith(magic, place + at):
                yield place, walker.NAME
