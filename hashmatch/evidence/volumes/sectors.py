"""AES as disks are encrypted with it, many sectors at once: XTS, and CBC with a vector per sector.

Source: IEEE 1619-2007 (XTS-AES); the LUKS1 on-disk format specification and the kernel's
documentation of dm-crypt (``plain``, ``plain64``, ``essiv``).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Words: TypeAlias = NDArray[np.uint64]

SECTOR = 512
_BLOCKS = SECTOR // 16
_CHAINS = frozenset(("xts-plain", "xts-plain64", "cbc-plain", "cbc-plain64", "cbc-essiv:sha256"))


@dataclass(frozen=True, slots=True)
class SectorCipher:
    """Decrypts sectors of 512 bytes by a key. ``mode`` is chain and vector as dm-crypt names them.

    Raises:
        ValueError: the mode is none of these, or the key has no length that fits it.
    """

    mode: str
    key: bytes

    def __post_init__(self) -> None:
        halves = 2 if self.mode.startswith("xts") else 1
        if self.mode not in _CHAINS or len(self.key) not in {16 * halves, 24 * halves, 32 * halves}:
            msg = "not a way of encrypting sectors that is known here"
            raise ValueError(msg)

    def decrypt(self, data: bytes, first: int) -> bytes:
        """Decrypt whole sectors.

        Args:
            data: as many as are wanted; a multiple of 512 bytes.
            first: the number of the first one, from the beginning of the encrypted content.
        """
        if not data:
            return b""
        sealed = np.frombuffer(data, np.uint64).reshape(-1, _BLOCKS, 2)
        numbers = np.zeros((len(sealed), 2), np.uint64)
        numbers[:, 0] = np.arange(first, first + len(sealed), dtype=np.uint64)
        if self.mode.endswith("plain"):
            numbers[:, 0] &= np.uint64(0xFFFFFFFF)
        return (self._xts if self.mode.startswith("xts") else self._cbc)(sealed, numbers)

    def _xts(self, sealed: Words, numbers: Words) -> bytes:
        half = len(self.key) // 2
        masks = np.empty_like(sealed)
        masks[:, 0] = _encrypted(self.key[half:], numbers)
        for place in range(1, _BLOCKS):
            low, high = masks[:, place - 1, 0], masks[:, place - 1, 1]
            masks[:, place, 0] = (low << np.uint64(1)) ^ ((high >> np.uint64(63)) * np.uint64(0x87))
            masks[:, place, 1] = (high << np.uint64(1)) | (low >> np.uint64(63))
        return (_decrypted(self.key[:half], sealed ^ masks) ^ masks).tobytes()

    def _cbc(self, sealed: Words, numbers: Words) -> bytes:
        if "essiv" in self.mode:
            numbers = _encrypted(hashlib.sha256(self.key).digest(), numbers)
        before = np.empty_like(sealed)
        before[:, 0] = numbers
        before[:, 1:] = sealed[:, :-1]
        return (_decrypted(self.key, sealed) ^ before).tobytes()


def _encrypted(key: bytes, words: Words) -> Words:
    work: Any = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305  # a building block
    return np.frombuffer(work.update(words.tobytes()), np.uint64).reshape(words.shape)


def _decrypted(key: bytes, words: Words) -> Words:
    work: Any = Cipher(algorithms.AES(key), modes.ECB()).decryptor()  # noqa: S305  # a building block
    return np.frombuffer(work.update(words.tobytes()), np.uint64).reshape(words.shape)
