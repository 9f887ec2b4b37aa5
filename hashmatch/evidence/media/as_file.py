"""A medium as a Python file object, as libraries of file systems and volumes want it."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashmatch.evidence.media.interface import Medium


class MediumFile:
    """Reads a medium from a position that moves. Not an :class:`io.IOBase`; nothing is buffered.

    Closing it leaves the medium open. ``get_size`` is what libyal's ``open_file_object`` asks for.
    """

    def __init__(self, medium: Medium) -> None:
        self._medium = medium
        self._at = 0

    def read(self, size: int | None = -1) -> bytes:
        """Read up to so many bytes; all that is left where ``size`` is negative or None."""
        left = max(self._medium.size - self._at, 0)
        wanted = left if size is None or size < 0 else min(size, left)
        data = self._medium.read_at(self._at, wanted) if wanted else b""
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move; beyond the end is allowed, as for files. Gives the new position.

        Raises:
            OSError: it would be before the first byte.
        """
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._medium.size}.get(whence)
        if base is None or base + offset < 0:
            msg = "a position before the beginning of a medium"
            raise OSError(msg)
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        """Give the position."""
        return self._at

    def get_size(self) -> int:
        """Give the size of the medium in bytes."""
        return self._medium.size

    def close(self) -> None:
        """Do nothing: who opened the medium closes it."""

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def writable(self) -> bool:
        """Never."""
        return False

    @property
    def closed(self) -> bool:
        """Never, while the medium is open."""
        return False


class MediumStream(io.RawIOBase):
    """The same as an unbuffered binary stream of the standard library, for what wants one."""

    def __init__(self, medium: Medium) -> None:
        super().__init__()
        self._file = MediumFile(medium)

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move; see :meth:`MediumFile.seek`."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Give the position."""
        return self._file.tell()

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer as far as the medium goes."""
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)
