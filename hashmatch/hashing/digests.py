"""Digests of an item, all algorithms from one read, and its bytes where they are needed again."""

from __future__ import annotations

import hashlib
import importlib
import io
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

from hashmatch.hashing.beside import Beside
from hashmatch.model.hashes import Algorithm, Digest
from hashmatch.model.outcomes import ItemError, Reason, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import BinaryIO

    from hashmatch.hashing.blocks import Running

SLICE = 256 << 10
"""Bytes read at a time: small enough to stay in the processor's cache for every algorithm."""

WIDE = 1 << 20
"""Bytes read at a time where two threads digest them: waiting for each other costs little then."""

HEAD = 4096
"""Bytes from the beginning by which a picture is recognised."""


class State(Protocol):
    """A digest of a stream that is being computed."""

    def update(self, part: memoryview, /) -> None:
        """Take the next bytes; whoever calls may overwrite them afterwards."""

    def digests(self) -> tuple[Digest, ...]:
        """Give the values: most often one, none where the content has none."""


_PLAIN = {
    Algorithm.MD5: hashlib.md5,
    Algorithm.SHA1: hashlib.sha1,
    Algorithm.SHA256: hashlib.sha256,
    Algorithm.SHA384: hashlib.sha384,
    Algorithm.SHA512: hashlib.sha512,
}
# By name, because what they need is loaded only where a list asks for them.
_TREES = {
    Algorithm.ED2K: ("ed2k", "Ed2k"),
    Algorithm.AICH: ("aich", "Aich"),
    Algorithm.TTH: ("tth", "Tth"),
    Algorithm.PIECES_ROOT: ("pieces_root", "PiecesRoot"),
}
ALWAYS_ONE = frozenset(_PLAIN)
"""Those of which every content has exactly one value."""
COMPUTED = (*_PLAIN, *_TREES)
"""The algorithms whose digests can be computed from a file's bytes."""

_of_thread = threading.local()


@dataclass(frozen=True, slots=True)
class Content:
    """What one read gave.

    ``digests`` may hold two values of one algorithm (ed2k), or none (a BitTorrent root of nothing).
    ``head`` is the beginning, at most ``HEAD`` bytes. ``kept`` is the whole content, or None when
    nobody asked for it or it is longer than the limit.
    """

    digests: tuple[Digest, ...]
    size: int
    head: bytes
    kept: bytes | None


def of_bytes(content: bytes | memoryview, algorithms: Sequence[Algorithm]) -> tuple[Digest, ...]:
    """Give the digests of content that is in memory as a whole; see :func:`read`."""
    if all(algorithm in _PLAIN for algorithm in algorithms):
        return tuple(
            [Digest(a, _PLAIN[a](content, usedforsecurity=False).digest()) for a in algorithms]
        )
    states = [_state(algorithm) for algorithm in algorithms]
    for state in states:
        state.update(memoryview(content))
    return _values(states)


def read(
    stream: BinaryIO,
    algorithms: Sequence[Algorithm],
    keep: Callable[[bytes], bool],
    limit: int,
    *,
    wide: bool = False,
) -> Content:
    """Read a stream from its position to its end, once.

    Memory does not grow with the item's size, except for content that is kept, and by some
    bytes for each part of 9.7 MB where ed2k or AICH are asked for.

    Args:
        stream: opened for binary reading; left at its end, not closed.
        algorithms: which digests to compute; the answer keeps this order.
        keep: asked once, with the head; True to keep the content.
        limit: longest content that is kept, in bytes.
        wide: let a second thread compute some of the digests. For a large item when a core has
            nothing else to do: it takes more time of processors, and little more than half the
            time of day. The values are the same.

    Raises:
        ItemError: a read failed. No digest of a part is ever returned.

    Source:
        RFC 1321 (MD5); FIPS 180-4 (SHA-1, SHA-2); the others in their modules.
    """
    buffer = _buffer()
    count = _fill(stream, buffer)
    part = buffer[:count]
    head = bytes(part[:HEAD])
    kept = io.BytesIO() if keep(head) else None
    if count < SLICE:
        if kept is not None and count <= limit:
            return Content(of_bytes(part, algorithms), count, head, bytes(part))
        return Content(of_bytes(part, algorithms), count, head, None)
    states = [_state(algorithm) for algorithm in algorithms]
    size = 0
    with Beside(_slowest(states) if wide else []) as beside:
        others = [state for state in states if state not in beside.states]
        if wide:
            buffer = memoryview(bytearray(WIDE))
        while count:
            beside.update(part)
            for state in others:
                state.update(part)
            size += count
            if size > limit:
                kept = None
            if kept is not None:
                kept.write(part)
            beside.wait()
            count = _fill(stream, buffer)
            part = buffer[:count]
    return Content(_values(states), size, head, kept.getvalue() if kept is not None else None)


def _slowest(states: list[State]) -> list[State]:
    """MD5 comes first where it is asked for, and takes about as long as the others together."""
    return states[:1]


def _values(states: Sequence[State]) -> tuple[Digest, ...]:
    return tuple(digest for state in states for digest in state.digests())


class _Plain:
    """A digest that the standard library computes."""

    __slots__ = ("_algorithm", "_running", "update")

    def __init__(self, algorithm: Algorithm) -> None:
        self._algorithm = algorithm
        self._running: Running = _PLAIN[algorithm](usedforsecurity=False)
        self.update = self._running.update

    def digests(self) -> tuple[Digest, ...]:
        return (Digest(self._algorithm, self._running.digest()),)


def _state(algorithm: Algorithm) -> State:
    if algorithm in _PLAIN:
        return _Plain(algorithm)
    module, name = _TREES[algorithm]
    found = importlib.import_module(f"hashmatch.hashing.{module}")
    return cast("State", getattr(found, name)())


class _Fillable(Protocol):
    """What every binary stream can do, though ``BinaryIO`` does not say so."""

    def readinto(self, buffer: memoryview, /) -> int | None: ...


def _fill(stream: BinaryIO, buffer: memoryview) -> int:
    """Fill the buffer as far as the stream goes; a short read is not yet the end."""
    source = cast("_Fillable", stream)
    count = 0
    while count < len(buffer):
        try:
            more = source.readinto(buffer[count:])
        except OSError:
            raise ItemError(Stage.READ, Reason.IO) from None
        if more is None:  # nothing to read yet: not a file that can be read to its end
            raise ItemError(Stage.READ, Reason.IO)
        if not more:
            break
        count += more
    return count


def _buffer() -> memoryview:
    """Give this thread's buffer; clearing a new one for each small file would cost more."""
    if not hasattr(_of_thread, "buffer"):
        _of_thread.buffer = memoryview(bytearray(SLICE))
    return cast("memoryview", _of_thread.buffer)
