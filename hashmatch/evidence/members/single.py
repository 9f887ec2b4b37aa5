"""Files that are one packed stream: they hold one member without, or with, a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from hashmatch.evidence.members.interface import Given, Inside, Trouble
from hashmatch.evidence.members.methods import Tail
from hashmatch.evidence.members.unpacked import BLOCK, read_all, unpacked
from hashmatch.model.locators import layer
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from hashmatch.model.facts import Facts

NAMELESS = b"content"
"""What a member is called where nothing says its name."""


def one(  # what there is to say of it
    kind: str,
    stream: BinaryIO,
    unpack: Callable[[Iterable[bytes], Tail], Iterator[bytes]],
    *,
    name: bytes = NAMELESS,
    modified_ns: int = 0,
    facts: Facts | None = None,
) -> Iterator[Given]:
    """Yield the one member of a packed stream, and say where something else follows it.

    Args:
        kind: what the container is called in locators.
        stream: it, at its beginning, which may be a stream that only goes forward.
        unpack: turns its blocks into the content.
        name: what the content is called.
        modified_ns: when it was last changed, 0 where that is not known.
        facts: what else is said of it.
    """
    tail = Tail()
    start = stream.tell() if stream.seekable() else None

    def content() -> BinaryIO:
        if start is not None:
            stream.seek(start)
        return unpacked(unpack(blocks(stream), tail))

    where = layer(kind, name, n=0)
    yield Inside(name, where, -1, content, modified_ns, facts)
    if tail.left:
        yield Trouble(b"", layer(kind), Reason.DAMAGED_CONTAINER)


def blocks(stream: BinaryIO) -> Iterator[bytes]:
    """Read a stream to its end."""
    while block := read_all(stream, BLOCK):
        yield block
