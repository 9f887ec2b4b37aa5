"""Digests of whole files and nothing else, at the speed of the digests themselves.

A scan reads with :mod:`hashmatch.hashing.digests`, which also keeps content for decoders. Where
only digests are wanted, that costs a quarter more on small files; hence this second, narrow way.
"""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING, Protocol

from hashmatch.hashing.beside import Beside
from hashmatch.model.hashes import Algorithm
from hashmatch.model.outcomes import ItemError, Reason, Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

_AT_ONCE = 1 << 20
"""A file of up to so many bytes is one read, and one call for each digest."""

_SLICE = 256 << 10
"""Bytes given to each digest in turn: small enough to stay in the processor's cache."""

_WIDE = 256 << 20
"""A file of so many bytes on is digested by two threads, where that was allowed."""

_MAKERS = {
    Algorithm.MD5: hashlib.md5,
    Algorithm.SHA1: hashlib.sha1,
    Algorithm.SHA256: hashlib.sha256,
    Algorithm.SHA384: hashlib.sha384,
    Algorithm.SHA512: hashlib.sha512,
}

_COSTS = {
    Algorithm.MD5: 140,
    Algorithm.SHA1: 55,
    Algorithm.SHA256: 58,
    Algorithm.SHA384: 160,
    Algorithm.SHA512: 160,
}
"""Time for the same bytes, in proportion, on processors with instructions for SHA."""

QUICK = tuple(_MAKERS)
"""The algorithms that can be computed in this way, in the order of columns."""


class Readable(Protocol):
    """An unbuffered binary stream."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Read some bytes, 0 at the end."""


class Running(Protocol):
    """A digest that is being computed."""

    def update(self, part: memoryview, /) -> None:
        """Take the next bytes."""


class Quick:
    """Computes some digests of one stream after the other. Not to be shared by threads.

    With ``wide`` a large file is digested by a second thread, too, each with some of the
    algorithms; it is read once all the same. Where no thread is to be had, one does it all.
    """

    def __init__(self, algorithms: Sequence[Algorithm], *, wide: bool = False) -> None:
        self._makers = [partial(_MAKERS[one], usedforsecurity=False) for one in algorithms]
        self._buffer = memoryview(bytearray(_AT_ONCE))
        self._shares = _shares(algorithms) if wide and len(algorithms) > 1 else None

    def read(self, stream: Readable, size: int) -> tuple[int, list[str]]:
        """Read a stream to its end, once.

        Args:
            stream: opened for binary reading, at its beginning; left open.
            size: how long the file system says that it is. A first read of just so many bytes
                is taken for all of it: whoever calls makes sure that the file has not changed.

        Returns:
            The number of bytes, and the digests in hexadecimal in the order asked for.

        Raises:
            ItemError: a read failed. No digest of a part is ever returned.
        """
        buffer = self._buffer
        count = _some(stream, buffer)
        if count == size and count < _AT_ONCE:
            part = buffer[:count]
            return count, [make(part).hexdigest() for make in self._makers]
        states = [make() for make in self._makers]
        if self._shares is not None and size >= _WIDE:
            mine, other = ([states[at] for at in share] for share in self._shares)
            total = self._rest(stream, count, mine, [_Together(other)])
        else:
            total = self._rest(stream, count, states, [])
        return total, [state.hexdigest() for state in states]

    def _rest(
        self,
        stream: Readable,
        count: int,
        states: Sequence[Running],
        others: Sequence[_Together],
    ) -> int:
        """Digest what the buffer holds, and go on to the end of the stream."""
        total = 0
        own = _Together(states)
        with Beside(others) as beside:
            while count:
                part = self._buffer[:count]
                beside.update(part)
                own.update(part)
                beside.wait()
                total += count
                count = _some(stream, self._buffer)
        return total


class _Together:
    """Digests that take the same bytes in turn."""

    __slots__ = ("_states",)

    def __init__(self, states: Sequence[Running]) -> None:
        self._states = states

    def update(self, part: memoryview) -> None:
        for start in range(0, len(part), _SLICE):
            some = part[start : start + _SLICE]
            for state in self._states:
                state.update(some)


def _shares(algorithms: Sequence[Algorithm]) -> tuple[list[int], list[int]]:
    """Give the places of the algorithms in two shares that take about as long."""
    shares: tuple[list[int], list[int]] = ([], [])
    spent = [0, 0]
    for at in sorted(range(len(algorithms)), key=lambda at: -_COSTS[algorithms[at]]):
        less = int(spent[1] < spent[0])
        shares[less].append(at)
        spent[less] += _COSTS[algorithms[at]]
    return shares


def _some(stream: Readable, buffer: memoryview) -> int:
    try:
        count = stream.readinto(buffer)
    except OSError:
        raise ItemError(Stage.READ, Reason.IO) from None
    if count is None:  # nothing to read yet: not a file that can be read to its end
        raise ItemError(Stage.READ, Reason.IO)
    return count
