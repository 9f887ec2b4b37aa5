"""The content of a file that a libyal library reads, as a stream that is never silently short."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from hashmatch.evidence.filesystems.tsk_content import damaged
from hashmatch.evidence.filesystems.yal_walk import ERRORS, damage_of, runs, why
from hashmatch.model.outcomes import ItemError, Reason, Stage

if TYPE_CHECKING:
    from hashmatch.evidence.filesystems.interface import Run
    from hashmatch.evidence.media.interface import Medium

_PIECE = 1 << 20


class YalContent(io.RawIOBase):
    """An open file; see :class:`hashmatch.evidence.filesystems.interface.Content`."""

    def __init__(self, node: Any, size: int, medium: Medium, doubt: Reason | None) -> None:  # noqa: ANN401
        """Open it.

        Args:
            node: what the library has of it.
            size: as it was listed.
            medium: the volume.
            doubt: why the library may not give what was stored, or None.

        Raises:
            ItemError: it is not what was listed, or its extents cannot be.
        """
        super().__init__()
        self._node = node
        self._medium = medium
        self._doubt = doubt
        self._at = 0
        self._met = len(medium.damage)
        try:
            self._size = int(node.get_size())
            trouble = None if doubt else damage_of(node, self._size, medium.size)
            self._runs: list[Run] = [run for run, sparse in runs(node) if not sparse]
        except ERRORS as error:
            raise ItemError(Stage.OPEN, why(error)) from None
        if size >= 0 and self._size != size:
            raise ItemError(Stage.OPEN, Reason.REPLACED)
        if trouble is not None:
            raise ItemError(Stage.OPEN, trouble)

    @property
    def stream(self) -> BinaryIO:
        """The content: this itself."""
        return cast("BinaryIO", self)

    def doubt(self) -> Reason | None:
        """Say why what was read may not be what was stored.

        The medium is damaged where the file lies, or was met damaged anywhere while it was read.
        """
        damage = self._medium.damage
        if len(damage) > self._met or damaged(self._medium, self._runs):
            return Reason.DAMAGED_MEDIUM
        return self._doubt

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to an offset; beyond the end is allowed, as for files."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(base + offset, 0)
        return self._at

    def tell(self) -> int:
        """Give the offset of the next byte."""
        return self._at

    def readinto(self, buffer: Any, /) -> int:  # noqa: ANN401
        """Read on.

        Raises:
            OSError: the library gives fewer bytes than there must be.
        """
        view = memoryview(buffer).cast("B")
        wanted = min(len(view), self._size - self._at, _PIECE)
        if wanted <= 0:
            return 0
        try:
            found = self._node.read_buffer_at_offset(wanted, self._at)
        except ERRORS:
            found = b""
        if len(found) != wanted:
            msg = "the file system is damaged where a file lies"
            raise OSError(msg)
        view[:wanted] = found
        self._at += wanted
        return wanted
