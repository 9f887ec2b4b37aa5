"""HFS+: resource forks as streams beside the content; compressed files are refused."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from hashmatch.evidence.filesystems import allocation, hfs_catalog
from hashmatch.evidence.filesystems.tsk_family import Family, opened
from hashmatch.evidence.filesystems.tsk_image import TROUBLES, Handle
from hashmatch.evidence.filesystems.tsk_streams import (
    COMPRESSED,
    HFS_DATA,
    HFS_FORK,
    Stream,
    streams,
)
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Collection

    from hashmatch.evidence.filesystems.allocation import Allocation, Bits

_CATALOG, _BITMAP = 4, 6
_FIRST_USER = 16
_ATTRIBUTE = 4354
_COMPRESSION = b"com.apple.decmpfs"


class Hfs(Family):
    """What HFS+ does its own way."""

    data = (HFS_DATA, HFS_FORK)
    shares = True

    def first_user(self) -> int:
        """The first number that is not reserved."""
        return _FIRST_USER

    def streams(self, file: Handle) -> list[Stream]:
        """List the content, and a resource fork that is not empty."""
        return [one for one in super().streams(file) if one.kind != HFS_FORK or one.size]

    def obstacle(self, file: Handle, stream: Stream) -> Reason | None:
        """Say why a stream cannot be read as it was stored."""
        marks = streams(file, self.unit, (_ATTRIBUTE,))
        compressed = any(one.name == _COMPRESSION for one in marks)
        if stream.flags & COMPRESSED or (compressed and stream.kind == HFS_DATA):
            return Reason.UNSUPPORTED_STORAGE
        return super().obstacle(file, stream)

    def allocation(self) -> Allocation | None:
        """The blocks, by the allocation file."""
        count = int(self.mounted.info.block_count)
        return allocation.Allocation(self.unit, 0, count, self._used)

    def contradictory(self, living: Collection[int]) -> bool:  # noqa: ARG002
        """The catalog is not in order, or has fewer records than it says."""
        catalog = opened(self.mounted, _CATALOG)
        if catalog is None:
            return True
        size = int(catalog.info.meta.size)
        return not hfs_catalog.is_whole(lambda at, length: _read(catalog, at, length), size)

    def damaged_structures(self) -> tuple[int, ...]:
        """The catalog."""
        return (_CATALOG,)

    @cached_property
    def _bitmap(self) -> Handle:
        return opened(self.mounted, _BITMAP)

    def _used(self, first: int, count: int) -> Bits:
        def read(offset: int, length: int) -> bytes:
            return _read(self._bitmap, offset, length)

        return allocation.bitmap(read, first, count, low_first=False)


def _read(file: Handle, offset: int, length: int) -> bytes:
    """Read what the file system keeps in a file; less where there is less, or it is damaged."""
    try:
        there = min(length, int(file.info.meta.size) - offset)
        return bytes(file.read_random(offset, there)) if there > 0 else b""
    except TROUBLES:
        return b""
