"""Small helpers of containers that are read at any place: pieces of them as members."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.evidence.filesystems.interface import Run
from hashmatch.evidence.members.interface import MemberError
from hashmatch.evidence.members.unpacked import Stretch, read_at, unpacked
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hashmatch.evidence.carving.interface import Carved
    from hashmatch.evidence.carving.window import Read

_STEP = 1 << 20


def piece(stream: BinaryIO, offset: int, size: int) -> Callable[[], BinaryIO]:
    """Give what opens a stretch of a container; reading it raises where the container ends."""
    return lambda: unpacked(Stretch(offset, size).blocks(stream))


def held(content: bytes) -> Callable[[], BinaryIO]:
    """Give what opens content that is in memory."""
    return lambda: io.BytesIO(content)


def places(
    stream: BinaryIO, marks: tuple[bytes, ...], end: int, start: int = 0
) -> Iterator[tuple[int, bytes]]:
    """Find every place where one of some sequences of bytes begins, in order, 1 MiB at a time.

    Args:
        stream: seekable; may be moved by others between two places.
        marks: what is looked for; each is given with its places.
        end: where to stop; nothing that goes beyond is found.
        start: where to begin.
    """
    more = max(map(len, marks)) - 1
    for place in range(max(0, start), end, _STEP):
        data = read_at(stream, place, min(_STEP + more, end - place))
        found = [(place + at, one) for one in marks for at in _all(data, one)]
        yield from sorted(found)


def _all(data: bytes, marks: bytes) -> Iterator[int]:
    """Find all places of one sequence that begin in the first 1 MiB."""
    at = data.find(marks)
    while 0 <= at < _STEP:
        yield at
        at = data.find(marks, at + 1)


def loose(read: Read, start: int, end: int) -> Iterator[Carved]:
    """Find the pictures and videos in a stretch by their structure; offsets count from its start.

    Args:
        read: gives the bytes at a place, that many or fewer at the end.
        start: where the stretch begins.
        end: where it ends.

    Raises:
        MemberError: at the end, where more beginnings overlap than could be followed.
    """
    from hashmatch.evidence.carving.search import Search  # noqa: PLC0415  # for few files
    from hashmatch.evidence.carving.space import Space  # noqa: PLC0415

    search = Search(Space(read, [Run(start, end - start)]), align=1)
    yield from search
    if search.given_up:
        raise MemberError(Reason.LIMIT_TOTAL)
