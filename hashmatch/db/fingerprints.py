"""Fingerprints stand for digests in the exact index; only the key's holder can work them out.

A fingerprint is keyed BLAKE2b (RFC 7693) of algorithm and digest, 16 bytes. Two digests share
one by accident with a chance of about 2^-128 for each pair.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from hashmatch.model.hashes import Algorithm

if TYPE_CHECKING:
    from hashmatch.model.hashes import Digest

FINGERPRINT_BYTES = 16


class Fingerprints:
    """Works out fingerprints under one key."""

    def __init__(self, key: bytes) -> None:
        # The start of the work is the same for every digest of an algorithm: keep it.
        self._started = {
            one: hashlib.blake2b(one.encode() + b"\0", digest_size=FINGERPRINT_BYTES, key=key)
            for one in Algorithm
        }

    def of(self, digest: Digest) -> bytes:
        """Give the fingerprint of a digest, 16 bytes."""
        state = self._started[digest.algorithm].copy()
        state.update(digest.value)
        return state.digest()
