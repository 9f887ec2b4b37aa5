"""Put the listing of an image in the order in which its items lie on the medium.

Reading then goes through the medium once, volume by volume, which spares a disk its seeks and a
packed image unpacking the same piece again. The order of a listing is the order of the results,
so it depends on the evidence alone.
"""

from __future__ import annotations

import os
from array import array
from typing import TYPE_CHECKING

from hashmatch import durable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path
    from typing import BinaryIO

_ITEM = b'"item"'
_FIRST = -1  # what is no item stands before all volumes
_TOGETHER = 4096  # lines that are written together


def arrange(path: Path, sources: Collection[int]) -> None:
    """Rewrite a listing: the items of some sources by volume and place on the medium.

    Entries that are no items keep their order and stand before the items of their source; items
    at one place keep theirs. Other sources are left as they are. Memory is about 40 bytes for
    each entry, as long as this takes.

    Args:
        path: the listing, as :mod:`hashmatch.cases.listing` writes it, source after source.
        sources: numbers of those to put in order.

    Raises:
        OSError: the disk does not take it; the listing is then as it was.
    """
    if not sources:
        return
    beside = path.with_name(path.name + ".arranged")
    beside.unlink(missing_ok=True)  # of a scan that stopped here
    try:
        handle = durable.open_own(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        with path.open("rb") as lines, os.fdopen(handle, "wb") as out:
            for part in _in_order(lines, sources):
                out.write(part)
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def _in_order(lines: BinaryIO, sources: Collection[int]) -> Iterator[bytes]:
    block: _Block | None = None
    blocks: list[_Block] = []
    at = 0
    for line in lines:
        source, volume, place = _keys(line)
        if block is None or block.source != source:
            block = _Block(source)
            blocks.append(block)
        block.add(at, len(line), volume, place, keep=source in sources)
        at += len(line)
    for one in blocks:
        yield from one.lines(lines)


def _keys(line: bytes) -> tuple[int, int, int]:
    """Give the source of an entry, its volume and its place on that, as its line has them."""
    source, kind, *numbers = line[1:].split(b",", 7)
    if kind != _ITEM:
        return int(source), _FIRST, 0
    return int(source), int(numbers[3]), int(numbers[4])


class _Block:
    """The entries of one source: where their lines are, and in which order they come."""

    def __init__(self, source: int) -> None:
        self.source = source
        self._starts, self._lengths = array("q"), array("q")
        self._volumes, self._places = array("Q"), array("Q")
        self._begin = self._end = 0

    def add(self, start: int, length: int, volume: int, place: int, *, keep: bool) -> None:
        """Take an entry; where none is kept, only how far the lines go."""
        if self._end == 0:
            self._begin = start
        self._end = start + length
        if keep:
            self._starts.append(start)
            self._lengths.append(length)
            self._volumes.append(volume + 1)
            self._places.append(place)

    def lines(self, listing: BinaryIO) -> Iterator[bytes]:
        """Yield the lines in their order, many at a time."""
        if not self._starts:
            yield from _copied(listing, self._begin, self._end)
            return
        import numpy as np  # noqa: PLC0415  # for images only

        # Stable, so that what lies at one place keeps the order in which it was listed.
        order = np.lexsort((np.asarray(self._places), np.asarray(self._volumes)))
        for at in range(0, len(order), _TOGETHER):
            some = order[at : at + _TOGETHER].tolist()
            yield b"".join(
                os.pread(listing.fileno(), self._lengths[one], self._starts[one]) for one in some
            )


def _copied(listing: BinaryIO, at: int, end: int) -> Iterator[bytes]:
    while at < end and (part := os.pread(listing.fileno(), min(1 << 20, end - at), at)):
        yield part
        at += len(part)
