"""The content of a file as a seekable stream, never a byte shorter than was listed."""

from __future__ import annotations

import io
from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from hashmatch.evidence.filesystems.tsk_image import TROUBLES, Handle
from hashmatch.evidence.filesystems.tsk_streams import COMPRESSED
from hashmatch.evidence.stretches import meet
from hashmatch.model.outcomes import ItemError, Reason, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hashmatch.evidence.filesystems.interface import Run
    from hashmatch.evidence.filesystems.tsk_streams import Stream
    from hashmatch.evidence.media.interface import Medium

_PIECE = 256 << 10
"""So many bytes are read at once; larger pieces leave the processor's cache, and cost more.

A multiple of every unit of compression: 16 clusters of at most 4 KiB in NTFS.
"""


class StreamReader(io.RawIOBase):
    """A stream that is read through a function.

    Args:
        size: bytes of the stream.
        fetch: reads bytes at an offset; gives as many as were asked for, or raises.
    """

    def __init__(self, size: int, fetch: Callable[[int, int], bytes]) -> None:
        super().__init__()
        self._size = size
        self._fetch = fetch
        self._place = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """Where the next read begins."""
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            msg = "a place before the beginning"
            raise ValueError(msg)
        self._place = base + offset
        return self._place

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  # as the base class has it
        """Fill a buffer as far as there is content.

        Raises:
            ItemError: the content cannot be had, or the file system gives less than it lists.
        """
        room = memoryview(buffer).cast("B")
        length = max(0, min(len(room), self._size - self._place, _PIECE))
        if length:
            piece = self._fetch(self._place, length)
            if len(piece) != length:
                raise ItemError(Stage.READ, Reason.DAMAGED_FILE_SYSTEM)
            room[:length] = piece
            self._place += length
        return length


@dataclass(frozen=True, slots=True)
class TskContent:
    """An open stream of a file."""

    stream: BinaryIO
    _medium: Medium = field(repr=False)
    _runs: tuple[Run, ...]

    def doubt(self) -> Reason | None:
        """Say that a part of what was read lies where the medium is damaged."""
        return Reason.DAMAGED_MEDIUM if damaged(self._medium, self._runs) else None


def content(medium: Medium, file: Handle, stream: Stream, record: tuple[Run, ...]) -> TskContent:
    """Open a stream.

    Args:
        medium: the volume.
        file: the file of the library that it belongs to.
        stream: which one.
        record: where it lies if it has no runs of its own; empty where that is not known.
    """
    fetch = _by_runs(medium, stream) if stream.direct else _by_library(file, stream)
    if stream.flags & COMPRESSED:
        fetch = _in_windows(fetch, stream.size)
    if stream.valid >= 0:
        fetch = _written(fetch, stream.valid)
    reader = cast("BinaryIO", StreamReader(stream.size, fetch))
    return TskContent(reader, medium, stream.runs or record)


def damaged(medium: Medium, runs: Sequence[Run]) -> bool:
    """Tell whether runs meet a stretch of the medium that is known to be damaged, or its end."""
    if any(run.offset + run.length > medium.size for run in runs):
        return True
    damage = medium.damage
    if not damage:
        return False
    return meet(
        ((run.offset, run.length) for run in runs),
        ((bad.offset, bad.length) for bad in damage),
    )


def _by_library(file: Handle, stream: Stream) -> Callable[[int, int], bytes]:
    def fetch(offset: int, length: int) -> bytes:
        try:
            return bytes(file.read_random(offset, length, stream.kind, stream.number))
        except TROUBLES:
            raise ItemError(Stage.READ, Reason.DAMAGED_FILE_SYSTEM) from None

    return fetch


def _in_windows(fetch: Callable[[int, int], bytes], size: int) -> Callable[[int, int], bytes]:
    """Read only whole pieces that begin at multiples of their size, and keep the last one.

    What is compressed is so in units that begin there too. Where a read begins within a unit, the
    library gives zeros for what lies near the end of some streams.
    """
    begin, window = -1, b""

    def windowed(offset: int, length: int) -> bytes:
        nonlocal begin, window
        pieces: list[bytes] = []
        place, end = offset, offset + length
        while place < end:
            start = place // _PIECE * _PIECE
            if start != begin:
                begin = -1
                window = fetch(start, min(_PIECE, size - start))
                begin = start
            there = window[place - start : end - start]
            if not there:
                break
            pieces.append(there)
            place += len(there)
        return b"".join(pieces)

    return windowed


def _by_runs(medium: Medium, stream: Stream) -> Callable[[int, int], bytes]:
    follow = accumulate((run.length for run in stream.runs), initial=0)
    starts = list(stream.places or follow)

    def fetch(offset: int, length: int) -> bytes:
        first = max(0, bisect_right(starts, offset) - 1)
        if first < len(stream.runs):
            run, start = stream.runs[first], starts[first]
            if start <= offset and offset + length <= start + run.length:
                return medium.read_at(run.offset + offset - start, length)
        pieces: list[bytes] = []
        place, end = offset, offset + length
        for number in range(first, len(stream.runs)):
            run, start = stream.runs[number], starts[number]
            if start >= end:
                break
            begin = max(place, start)
            there = min(end, start + run.length) - begin
            if there > 0:
                pieces += bytes(begin - place), medium.read_at(run.offset + begin - start, there)
                place = begin + there
        return b"".join(pieces) + (bytes(end - place) if stream.places else b"")

    return fetch


def _written(fetch: Callable[[int, int], bytes], valid: int) -> Callable[[int, int], bytes]:
    """Give zeros beyond what was ever written, whatever lies there."""

    def limited(offset: int, length: int) -> bytes:
        there = max(0, min(length, valid - offset))
        piece = fetch(offset, there) if there else b""
        return piece + bytes(length - there) if len(piece) == there else piece

    return limited
