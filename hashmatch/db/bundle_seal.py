"""The records of a bundled set, sealed in chunks under a key worked out from a passphrase.

A chunk's number and whether it is the last one are bound to it, and each set has a key of its own:
chunks that are changed, moved, left out or taken from another set do not open.
"""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from typing import TYPE_CHECKING, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hashmatch.errors import HashSetError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hashmatch.db.keys import LibraryKey

CHUNK = 1 << 20
"""Bytes that are compressed and sealed together."""

_LENGTH = struct.Struct(">I")
_LONGEST = CHUNK + (1 << 16)
_NAME = "hashmatch bundle"


def seal(key: LibraryKey, number: int, blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Seal the content of one set; the same content gives the same bytes again.

    Args:
        key: worked out for this bundle alone.
        number: of the set in the bundle.
        blocks: the content in pieces of any length.
    """
    cipher = AESGCM(key.derive(f"{_NAME} {number}"))
    held: bytes | None = None
    at = 0
    for chunk in _chunks(blocks):
        if held is not None:
            yield _sealed(cipher, at, held, last=False)
            at += 1
        held = chunk
    yield _sealed(cipher, at, held or b"", last=True)


def _chunks(blocks: Iterable[bytes]) -> Iterator[bytes]:
    held = bytearray()
    for block in blocks:
        held += block
        while len(held) >= CHUNK:
            yield bytes(held[:CHUNK])
            del held[:CHUNK]
    if held:
        yield bytes(held)


def _sealed(cipher: AESGCM, at: int, chunk: bytes, *, last: bool) -> bytes:
    data = cipher.encrypt(_nonce(at), zlib.compress(chunk, 6), _bound(last=last))
    return _LENGTH.pack(len(data)) + data


def _nonce(at: int) -> bytes:
    return struct.pack(">IQ", 0, at)


def _bound(*, last: bool) -> bytes:
    return _NAME.encode() + (b" last" if last else b" more")


class Unsealed(io.RawIOBase):
    """The content of one set, read from the place in the bundle where it begins."""

    def __init__(self, key: LibraryKey, number: int, stream: BinaryIO, size: int) -> None:
        super().__init__()
        self._cipher = AESGCM(key.derive(f"{_NAME} {number}"))
        self._stream, self._left = stream, size
        self._at = 0
        self._held = b""
        self._digest = hashlib.sha256()

    def readable(self) -> bool:
        """It is for reading."""
        return True

    @property
    def sha256(self) -> str:
        """Digest of the sealed bytes read so far (hex)."""
        return self._digest.hexdigest()

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # any buffer fits
        """Read into a buffer.

        Raises:
            HashSetError: the passphrase is another one, or the bundle was altered.
        """
        while not self._held and self._left:
            self._held = self._open()
        count = min(len(buffer), len(self._held))
        buffer[:count] = self._held[:count]
        self._held = self._held[count:]
        return count

    def _open(self) -> bytes:
        prefix = self._stream.read(_LENGTH.size)
        length = _LENGTH.unpack(prefix)[0] if len(prefix) == _LENGTH.size else 0
        data = self._stream.read(length) if length <= _LONGEST else b""
        self._digest.update(prefix + data)
        self._left = max(0, self._left - _LENGTH.size - length)
        bound = _bound(last=self._left == 0)
        try:
            packed = self._cipher.decrypt(_nonce(self._at), data, bound)
            self._at += 1
            return _unpacked(packed)
        except (InvalidTag, zlib.error):
            msg = "the bundle's records do not open: they were altered or cut short; get it again"
            raise HashSetError(msg) from None


def _unpacked(packed: bytes) -> bytes:
    """Unpack one chunk, which must be whole and no longer than one; raises ``zlib.error``."""
    unpacker = zlib.decompressobj()
    chunk = unpacker.decompress(packed, CHUNK)
    if not unpacker.eof or unpacker.unused_data:
        raise zlib.error
    return chunk


def digest(stream: BinaryIO, size: int) -> str:
    """Digest that many bytes of a stream; fewer are digested where it ends."""
    total = hashlib.sha256()
    while size and (block := stream.read(min(CHUNK, size))):
        total.update(block)
        size -= len(block)
    return total.hexdigest()
