"""The content of members of a tar: as it lies there, or with its holes filled in.

Source: GNU tar manual, "Storing Sparse Files": the old form, and versions 0.1 and 1.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.evidence.members import tar_headers, unpacked
from hashmatch.evidence.members.interface import MemberError
from hashmatch.evidence.members.tar_headers import decimal
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import BinaryIO

    from hashmatch.evidence.members.tar_headers import Header

_MOST_PIECES = 1 << 20
_LONGEST_NUMBER = 24
_ZEROS = bytes(unpacked.BLOCK)


class Forward:
    """A stream that is read once from its beginning, as tapes were.

    It may be one that cannot go back. ``place`` counts from where it was given.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._seekable = stream, stream.seekable()
        self._base = stream.tell() if self._seekable else 0
        self.place = 0

    def read(self, size: int) -> bytes:
        """Read so many bytes, fewer only at the end."""
        data = unpacked.read_all(self._stream, size)
        self.place += len(data)
        return data

    def go(self, place: int) -> None:
        """Go to a place, or to the end where that comes first.

        Raises:
            MemberError: that would be back, and the stream cannot.
        """
        if place == self.place:
            return
        if self._seekable:
            self._stream.seek(min(self._base + place, 1 << 62))
            self.place = place
            return
        if place < self.place:
            raise MemberError(Reason.IO)
        while self.place < place and self.read(min(unpacked.BLOCK, place - self.place)):
            continue


def plain(stream: Forward, start: int, size: int) -> Iterator[bytes]:
    """Give so many bytes from a place.

    Raises:
        MemberError: the archive ends before.
    """
    end = start + size
    stream.go(start)
    while stream.place < end:
        part = stream.read(min(unpacked.BLOCK, end - stream.place))
        if not part:
            raise MemberError(Reason.DAMAGED_CONTAINER)
        yield part


@dataclass(frozen=True, slots=True)
class Sparse:
    """A file with holes: where its content lies in it, its size, and how much is stored."""

    pieces: tuple[tuple[int, int], ...]
    size: int
    stored: int

    @classmethod
    def of(
        cls, stream: Forward, found: Header, extra: Mapping[bytes, bytes], size: int
    ) -> Sparse | None:
        """Read where content lies; the stream then stands before it. None where there are no holes.

        Raises:
            MemberError: it is damaged, or of a version that is not known.
        """
        if found.kind == b"S":
            return cls._old(stream, found, size)
        if not any(key.startswith(b"GNU.sparse.") for key in extra):
            return None
        real = decimal(extra.get(b"GNU.sparse.realsize", extra.get(b"GNU.sparse.size", b"")))
        if extra.get(b"GNU.sparse.major") == b"1" and extra.get(b"GNU.sparse.minor") == b"0":
            before = stream.place
            pieces = _listed(stream, size)
            return cls(_sound(pieces, real), real, size - (stream.place - before))
        if b"GNU.sparse.map" not in extra:
            raise MemberError(Reason.UNSUPPORTED_STORAGE)
        numbers = [decimal(one) for one in extra[b"GNU.sparse.map"].split(b",") if one]
        return cls(_sound(_pairs(numbers), real), real, size)

    @classmethod
    def _old(cls, stream: Forward, found: Header, size: int) -> Sparse:
        pieces, more, real = tar_headers.old_sparse(found.block)
        while more and len(pieces) < _MOST_PIECES:
            further, more = tar_headers.more_sparse(stream.read(tar_headers.BLOCK))
            pieces += further
        return cls(_sound(pieces, real), real, size)

    def blocks(self, stream: Forward, start: int) -> Iterator[bytes]:
        """Give the content, zeros where nothing is stored.

        Raises:
            MemberError: the archive ends before, or stores more or less than the pieces say.
        """
        if sum(size for _, size in self.pieces) != self.stored:
            raise MemberError(Reason.DAMAGED_CONTAINER)
        place = 0
        for offset, size in self.pieces:
            yield from _zeros(offset - place)
            yield from plain(stream, start, size)
            start, place = start + size, offset + size
        yield from _zeros(self.size - place)


def _zeros(count: int) -> Iterator[bytes]:
    while count > 0:
        yield _ZEROS[:count]
        count -= len(_ZEROS)


def _listed(stream: Forward, size: int) -> list[tuple[int, int]]:
    """Read the list that stands before the content: how many, and then the numbers, a line each."""
    text = b""
    lines: list[bytes] = []
    wanted = 1
    while len(lines) < wanted:
        block = stream.read(tar_headers.BLOCK)
        size -= tar_headers.BLOCK
        if len(block) < tar_headers.BLOCK or size < 0 or len(text) > _LONGEST_NUMBER:
            raise MemberError(Reason.DAMAGED_CONTAINER)
        *more, text = (text + block).split(b"\n")
        lines += more
        if wanted == 1 and lines:
            wanted = 1 + 2 * min(decimal(lines[0]), _MOST_PIECES)
    return _pairs([decimal(line) for line in lines[1:wanted]])


def _pairs(numbers: list[int]) -> list[tuple[int, int]]:
    if len(numbers) % 2:
        raise MemberError(Reason.DAMAGED_CONTAINER)
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _sound(pieces: list[tuple[int, int]], size: int) -> tuple[tuple[int, int], ...]:
    """Refuse pieces that are not in order or reach beyond the file."""
    place = 0
    for offset, length in pieces:
        if offset < place:
            raise MemberError(Reason.DAMAGED_CONTAINER)
        place = offset + length
    if place > size or len(pieces) > _MOST_PIECES:
        raise MemberError(Reason.DAMAGED_CONTAINER)
    return tuple(pieces)
