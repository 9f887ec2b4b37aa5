"""A member's content as a stream that only goes forward, unpacked piece by piece.

What goes wrong on the way is raised at its place by the read that reaches it, and by every read
after that: damage never looks like an end.
"""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, cast

from hashmatch.evidence.members.interface import MemberError
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from _typeshed import WriteableBuffer

BLOCK = 256 << 10
"""Bytes that are read, and at most given, at once."""
_NO_CHECKSUM = -1


class Unpacked(io.RawIOBase):
    """What an iterator of blocks gives, as a stream; reads are short before trouble or the end.

    Args:
        blocks: the content in order; raises ``MemberError`` where it breaks off or is wrong.
    """

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = iter(blocks)
        self._left = memoryview(b"")
        self._place = 0
        self._trouble: MemberError | None = None

    def readable(self) -> bool:
        """It is read, and nothing else."""
        return True

    def tell(self) -> int:
        """How many bytes were given."""
        return self._place

    def read(self, size: int | None = -1, /) -> bytes:
        """Give so many bytes, fewer where trouble or the end follows; all that are left for -1.

        Raises:
            MemberError: what follows cannot be read; for -1 that is all or nothing.
        """
        wanted = -1 if size is None or size < 0 else size
        parts: list[memoryview] = []
        found = 0
        while wanted < 0 or found < wanted:
            if not self._left and not self._more(spare=found > 0 and wanted > 0):
                break
            part = self._left if wanted < 0 else self._left[: wanted - found]
            self._left = self._left[len(part) :]
            parts.append(part)
            found += len(part)
        self._place += found
        return b"".join(parts)

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill a buffer as far as the content reaches; raises as :meth:`read` does."""
        view = memoryview(buffer).cast("B")
        part = self.read(len(view))
        view[: len(part)] = part
        return len(part)

    def readall(self) -> bytes:
        """Give all that is left; raises as :meth:`read` does."""
        return self.read(-1)

    def _more(self, *, spare: bool) -> bool:
        """Fetch a block. Trouble waits for the next read where this one has something to give."""
        if self._trouble is None:
            try:
                for block in self._blocks:
                    if block:
                        self._left = memoryview(block)
                        return True
            except MemberError as error:
                self._trouble = error
            except OSError:
                self._trouble = MemberError(Reason.IO)
            except MemoryError:
                self._trouble = MemberError(Reason.OUT_OF_MEMORY)
        if self._trouble is not None and not spare:
            raise MemberError(self._trouble.reason)
        return False


def unpacked(blocks: Iterable[bytes]) -> BinaryIO:
    """Make a stream of blocks, see :class:`Unpacked`."""
    return cast("BinaryIO", Unpacked(blocks))


def read_all(stream: BinaryIO, size: int) -> bytes:
    """Read so many bytes; fewer only at the end of the stream."""
    data = stream.read(size)
    if len(data) == size:
        return data
    parts = [data]
    missing = size - len(data)
    while missing and data:
        data = stream.read(missing)
        parts.append(data)
        missing -= len(data)
    return b"".join(parts)


def read_at(stream: BinaryIO, offset: int, size: int) -> bytes:
    """Read so many bytes at a place; fewer only at the end of the stream."""
    stream.seek(offset)
    return read_all(stream, size)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Where something lies in a stream that can be read at any place; both in bytes."""

    offset: int
    size: int

    def blocks(self, stream: BinaryIO) -> Iterator[bytes]:
        """Read it in order; other readers may move the stream in between.

        Raises:
            MemberError: the stream ends before it.
        """
        place, end = self.offset, self.offset + self.size
        while place < end:
            part = read_at(stream, place, min(BLOCK, end - place))
            if not part:
                raise MemberError(Reason.DAMAGED_CONTAINER)
            place += len(part)
            yield part


def length(stream: BinaryIO) -> int:
    """How many bytes a stream holds that can be read at any place."""
    return stream.seek(0, io.SEEK_END)


def followed(stream: BinaryIO, place: int) -> bool:
    """Tell whether something other than zeros lies behind a place."""
    rest = Stretch(place, max(0, length(stream) - place))
    return any(block.strip(b"\0") for block in rest.blocks(stream))


def checked(blocks: Iterable[bytes], size: int, crc: int = _NO_CHECKSUM) -> Iterator[bytes]:
    """Pass blocks on, and compare what they were with what the container says.

    More than ``size`` is still given, as it is: a limit on what is read is the reader's.

    Args:
        blocks: the content.
        size: its length in bytes as stated; -1 where it is not.
        crc: its CRC-32 as stated; -1 where it is not.

    Raises:
        MemberError: at the end, where length or checksum differ.
    """
    found = so_far = 0
    for block in blocks:
        found += len(block)
        if crc != _NO_CHECKSUM:
            so_far = zlib.crc32(block, so_far)
        yield block
    if crc not in {_NO_CHECKSUM, so_far} or size not in {-1, found}:
        raise MemberError(Reason.CHECKSUM)


def exactly(blocks: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Give so many bytes of blocks, and ask for no more: a method may not know where it ends.

    Raises:
        MemberError: there are fewer.
    """
    left = size
    for block in blocks if left > 0 else ():
        yield block[:left]
        left -= len(block)
        if left <= 0:
            return
    if left > 0:
        raise MemberError(Reason.DAMAGED_CONTAINER)
