"""Digests of whole files and nothing else, at the speed of the digests themselves.

A scan reads with :mod:`hashmatch.hashing.digests`, which also keeps content for decoders. Where
only digests are wanted, that costs a quarter more on small files; hence this second, narrow way.
"""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING, Protocol

from hashmatch.model.hashes import Algorithm
from hashmatch.model.outcomes import ItemError, Reason, Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

_AT_ONCE = 1 << 20
"""A file of up to so many bytes is one read, and one call for each digest."""

_SLICE = 256 << 10
"""Bytes given to each digest in turn: small enough to stay in the processor's cache."""

_MAKERS = {
    Algorithm.MD5: hashlib.md5,
    Algorithm.SHA1: hashlib.sha1,
    Algorithm.SHA256: hashlib.sha256,
    Algorithm.SHA384: hashlib.sha384,
    Algorithm.SHA512: hashlib.sha512,
}

QUICK = tuple(_MAKERS)
"""The algorithms that can be computed in this way, in the order of columns."""


class Readable(Protocol):
    """An unbuffered binary stream."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Read some bytes, 0 at the end."""


class Quick:
    """Computes some digests of one stream after the other. Not to be shared by threads."""

    def __init__(self, algorithms: Sequence[Algorithm]) -> None:
        self._makers = [partial(_MAKERS[one], usedforsecurity=False) for one in algorithms]
        self._buffer = memoryview(bytearray(_AT_ONCE))

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
        total = 0
        while count:
            for start in range(0, count, _SLICE):
                part = buffer[start : min(start + _SLICE, count)]
                for state in states:
                    state.update(part)
            total += count
            count = _some(stream, buffer)
        return total, [state.hexdigest() for state in states]


def _some(stream: Readable, buffer: memoryview) -> int:
    try:
        count = stream.readinto(buffer)
    except OSError:
        raise ItemError(Stage.READ, Reason.IO) from None
    if count is None:  # nothing to read yet: not a file that can be read to its end
        raise ItemError(Stage.READ, Reason.IO)
    return count
