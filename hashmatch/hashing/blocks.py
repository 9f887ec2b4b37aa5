"""Digests of the consecutive blocks of a stream, for hashes that are trees or lists of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Running(Protocol):
    """A digest that is being computed, as :mod:`hashlib` gives it."""

    def update(self, part: memoryview, /) -> None:
        """Take the next bytes."""

    def digest(self) -> bytes:
        """Give the value of all bytes taken."""


class Blocks:
    """Cuts a stream into blocks as it passes and gives the digest of each; keeps no bytes.

    Args:
        new: begins the digest of a block.
        lengths: the lengths of the blocks in bytes; it must not end.
        done: called with the digest of each block, in order.
    """

    __slots__ = ("_done", "_left", "_lengths", "_new", "_running", "empty")

    def __init__(
        self, new: Callable[[], Running], lengths: Iterator[int], done: Callable[[bytes], None]
    ) -> None:
        self._new, self._lengths, self._done = new, lengths, done
        self._running, self._left = new(), next(lengths)
        self.empty = True
        """Whether the block that is being read has no byte yet."""

    def update(self, part: memoryview) -> None:
        """Take the next bytes of the stream."""
        while part:
            taken = part[: self._left]
            self._running.update(taken)
            self._left -= len(taken)
            self.empty = False
            part = part[len(taken) :]
            if not self._left:
                self.close()

    def close(self) -> None:
        """End the block that is being read, however long it is, and begin the next."""
        self._done(self._running.digest())
        self._running, self._left = self._new(), next(self._lengths)
        self.empty = True
