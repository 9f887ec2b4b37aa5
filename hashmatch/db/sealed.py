"""Sealed files: numbered chunks under AES-256-GCM, readable in any order with the key only.

Layout: header (magic, kind, offset and length of the table), the sealed chunks, the sealed
table of chunk offsets. A chunk's number is its nonce and the kind is bound to each chunk, so
that a chunk changed, moved, left out or taken from another file does not open. One key seals
exactly one file; it is derived with the random salt of the set version.
"""

from __future__ import annotations

import os
import struct
from array import array
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hashmatch.db import files
from hashmatch.errors import HashSetError

if TYPE_CHECKING:
    from pathlib import Path

_MAGIC = b"HMSEAL\x00\x01"
_HEADER = struct.Struct("<8s8sQQ")
_CHUNK, _TABLE = 0, 1


def _nonce(kind: int, number: int) -> bytes:
    return struct.pack(">IQ", kind, number)


class SealedWriter:
    """Writes a new sealed file chunk by chunk; nothing can be read before :meth:`finish`."""

    def __init__(self, path: Path, key: bytes, kind: bytes) -> None:
        self._cipher = AESGCM(key)
        self._bound = _MAGIC + kind.ljust(8, b"\0")
        self._offsets = array("Q", [_HEADER.size])
        self._what = f"the library's file {path.name}"
        with files.writing(self._what):
            self._descriptor = files.new_file(path)

    def add(self, chunk: bytes | bytearray) -> None:
        """Seal one chunk."""
        number, offset = len(self._offsets) - 1, self._offsets[-1]
        sealed = self._cipher.encrypt(_nonce(_CHUNK, number), chunk, self._bound)
        with files.writing(self._what):
            files.write_at(self._descriptor, sealed, offset)
        self._offsets.append(offset + len(sealed))

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def chunk(self, number: int) -> bytes:
        """Read one chunk back before the file is finished; raises ``HashSetError``."""
        start, end = self._offsets[number], self._offsets[number + 1]
        with files.reading(self._what):
            sealed = files.read_at(self._descriptor, end - start, start)
        try:
            return self._cipher.decrypt(_nonce(_CHUNK, number), sealed, self._bound)
        except InvalidTag:
            msg = f"{self._what} changed while it was written; import the list again"
            raise HashSetError(msg) from None

    def finish(self) -> None:
        """Write the table and the header, and wait until all is on the disk."""
        number, offset = len(self._offsets) - 1, self._offsets[-1]
        table = struct.pack(f"<{number + 1}Q", *self._offsets)
        sealed = self._cipher.encrypt(_nonce(_TABLE, number), table, self._bound)
        header = _HEADER.pack(self._bound[:8], self._bound[8:], offset, len(sealed))
        with files.writing(self._what):
            files.write_at(self._descriptor, sealed, offset)
            files.write_at(self._descriptor, header, 0)
            os.fsync(self._descriptor)
        self.close()

    def close(self) -> None:
        """Let go of the file; without :meth:`finish` it stays unreadable."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class SealedFile:
    """A finished sealed file, open for reading. The table is checked at once, chunks when read."""

    def __init__(self, path: Path, key: bytes, kind: bytes) -> None:
        """Open and check the frame.

        Raises:
            HashSetError: missing, damaged, cut short, of another kind or under another key.
        """
        self._name = path.name
        self._cipher = AESGCM(key)
        self._bound = _MAGIC + kind.ljust(8, b"\0")
        with files.reading(f"the library's file {path.name}"):
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                self._offsets = self._table()
            except BaseException:
                self.close()
                raise

    def _table(self) -> bytes:
        size = os.fstat(self._descriptor).st_size
        header = files.read_at(self._descriptor, _HEADER.size, 0)
        if len(header) < _HEADER.size or header[:16] != self._bound:
            raise self._damaged()
        _, _, offset, length = _HEADER.unpack(header)
        number = (length - 16) // 8 - 1
        if offset + length != size or number < 0:
            raise self._damaged()
        return self._unseal(_nonce(_TABLE, number), offset, length)

    def __len__(self) -> int:
        return len(self._offsets) // 8 - 1

    def chunk(self, number: int) -> bytes:
        """Unseal one chunk into memory.

        Raises:
            HashSetError: the chunk was altered or cannot be read.
        """
        start, end = struct.unpack_from("<2Q", self._offsets, 8 * number)
        with files.reading(f"the library's file {self._name}"):
            return self._unseal(_nonce(_CHUNK, number), start, end - start)

    def _unseal(self, nonce: bytes, offset: int, length: int) -> bytes:
        try:
            sealed = files.read_at(self._descriptor, length, offset)
            return self._cipher.decrypt(nonce, sealed, self._bound)
        except InvalidTag:
            raise self._damaged() from None

    def _damaged(self) -> HashSetError:
        return HashSetError(
            f"the library's file {self._name} was altered, cut short or sealed with another key; "
            "restore the library from a copy, or import the list again"
        )

    def close(self) -> None:
        """Let go of the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
