"""Fingerprints stand for digests in the exact index; only the key's holder can work them out.

A fingerprint is the first 8 bytes of the AES-256-CMAC of the digest, under a key of its own for
each algorithm. It only leads to a record, whose own digests then decide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from hashmatch.model.hashes import Algorithm, Digest

_BLOCK = 16
_TOP = 1 << 127
_ALL = (1 << 128) - 1


class Fingerprints:
    """Works out fingerprints, one or many at once.

    Source:
        NIST SP 800-38B, RFC 4493 (CMAC).
    """

    def __init__(self, derive: Callable[[str], bytes]) -> None:
        """Take what gives the 32-byte key for a purpose."""
        self._derive = derive
        self._macs: dict[Algorithm, _Mac] = {}

    def _mac(self, algorithm: Algorithm) -> _Mac:
        if algorithm not in self._macs:
            key = self._derive(f"fingerprint {algorithm}")
            self._macs[algorithm] = _Mac(key, algorithm.size)
        return self._macs[algorithm]

    def of(self, digest: Digest) -> int:
        """Give the fingerprint of one digest, 64 bits."""
        return self._mac(digest.algorithm).one(digest.value)

    def of_many(self, algorithm: Algorithm, values: bytes) -> NDArray[np.uint64]:
        """Give the fingerprints of digests that lie one after the other.

        Shape:
            values: n times ``algorithm.size`` bytes; the answer (n,).
        """
        return self._mac(algorithm).many(values)


class _Mac:
    """CMAC under one key for messages of one length, cut to 64 bits."""

    def __init__(self, key: bytes, size: int) -> None:
        # CMAC is built of single block encryptions; each is made of a chained block, never of
        # plain content, so that the mode's weakness does not show.
        mode = modes.ECB()  # noqa: S305
        self._encrypt = Cipher(algorithms.AES256(key), mode).encryptor().update
        self._size = size
        self._padding = bytes([0x80, *bytes(_BLOCK - 1)])[: -size % _BLOCK]
        secret = _doubled(int.from_bytes(self._encrypt(bytes(_BLOCK))))
        self._last = _doubled(secret) if self._padding else secret

    def one(self, value: bytes) -> int:
        padded, state = value + self._padding, 0
        last = len(padded) - _BLOCK
        for at in range(0, last, _BLOCK):
            block = state ^ int.from_bytes(padded[at : at + _BLOCK])
            state = int.from_bytes(self._encrypt(block.to_bytes(_BLOCK)))
        block = state ^ int.from_bytes(padded[last:]) ^ self._last
        return int.from_bytes(self._encrypt(block.to_bytes(_BLOCK))[:8])

    def many(self, values: bytes) -> NDArray[np.uint64]:
        import numpy as np  # noqa: PLC0415  # a single look-up does without

        rows = np.frombuffer(values, np.uint8).reshape(-1, self._size)
        blocks = np.empty((len(rows), self._size + len(self._padding)), np.uint8)
        blocks[:, : self._size] = rows
        blocks[:, self._size :] = np.frombuffer(self._padding, np.uint8)
        blocks[:, -_BLOCK:] ^= np.frombuffer(self._last.to_bytes(_BLOCK), np.uint8)
        state = self._encrypt(blocks[:, :_BLOCK].tobytes())
        for at in range(_BLOCK, blocks.shape[1], _BLOCK):
            before = np.frombuffer(state, np.uint8).reshape(-1, _BLOCK)
            state = self._encrypt((blocks[:, at : at + _BLOCK] ^ before).tobytes())
        return np.frombuffer(state, ">u8")[::2].astype(np.uint64)


def _doubled(secret: int) -> int:
    """Multiply by x in the field of 2^128 elements, as CMAC makes its subkeys."""
    return ((secret << 1) & _ALL) ^ (0x87 if secret & _TOP else 0)
