"""AES in CBC mode, as RAR and 7z encrypt their members."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def decrypted(blocks: Iterable[bytes], key: bytes, start: bytes) -> Iterator[bytes]:
    """Give what was encrypted; the content of an encrypted member ends with filling.

    Args:
        blocks: all of it, in order.
        key: of 16 or 32 bytes.
        start: the block before the first one, 16 bytes.
    """
    from cryptography.hazmat.primitives.ciphers import (  # noqa: PLC0415  # slow to load
        Cipher,
        algorithms,
        modes,
    )

    decryptor = Cipher(algorithms.AES(key), modes.CBC(start)).decryptor()
    for block in blocks:
        yield decryptor.update(block)
