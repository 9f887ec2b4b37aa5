"""Digest the files of a list: while they are read, or before where they are read at any place."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from hashmatch.db.manifest import ListFile
from hashmatch.errors import HashSetError
from hashmatch.jobs import list_files_packed as packed

if TYPE_CHECKING:
    import os
    from typing import BinaryIO

    from hashmatch.jobs.list_files import ListSource, Opened

_SLICE = 1 << 20


class Digesting(io.RawIOBase):
    """A stream that digests what is read from it, so that a list is read once."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self._stream = stream
        self._digest = hashlib.sha256()
        self._size = 0

    def readable(self) -> bool:
        """It is for reading."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # any buffer fits
        """Read into a buffer and note what was read."""
        count = self._stream.readinto(buffer)  # type: ignore[attr-defined]  # raw streams have it
        self._digest.update(memoryview(buffer)[:count])
        self._size += count
        return int(count)

    def finish(self, name: str, facts: dict[str, str]) -> ListFile:
        """Read to the end and describe the whole file."""
        while self.read(_SLICE):
            pass
        return ListFile(name, self._size, self._digest.hexdigest(), facts)


def digested(source: ListSource) -> ListFile:
    """Describe a list by reading it once."""
    with source.opened() as opened:
        return Digesting(opened.stream).finish(source.name, {})


def buffered(stream: object) -> BinaryIO:
    """Give a raw stream a buffer as large as a slice of a list."""
    return cast("BinaryIO", io.BufferedReader(cast("io.RawIOBase", stream), _SLICE))


@dataclass(frozen=True, slots=True)
class Seekable:
    """A list that is read at any place: a real file, or bytes in memory where it was packed."""

    stream: BinaryIO
    source: ListSource
    file: ListFile
    seen: os.stat_result

    @classmethod
    def of(cls, source: ListSource, opened: Opened, facts: dict[str, str]) -> Seekable:
        """Digest the list in a pass of its own, then make it seekable."""
        seen = source.path.stat()
        file = digested(source)
        if source.steps:
            stream: BinaryIO = io.BytesIO(packed.in_memory(opened.stream, source.name))
        else:
            stream = buffered(opened.stream)
        return cls(stream, source, ListFile(file.name, file.size, file.sha256, facts), seen)

    def describe(self) -> ListFile:
        """Describe the list after it was read.

        Raises:
            HashSetError: the file was changed since it was digested.
        """
        if _state(self.source.path.stat()) != _state(self.seen):
            msg = f"{self.source.name} was changed while it was read; import it again"
            raise HashSetError(msg)
        return self.file


def _state(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ino
