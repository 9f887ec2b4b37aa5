"""Encrypted members of RAR archives: passwords, keys, and what they make of the content.

Source: RARLAB, "RAR 5.0 archive format"; the key derivation of RAR 3 as rarfile documents it.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from hashmatch.evidence.members.interface import MemberError
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from hashmatch.evidence.members.rar_entries import Lock

MOST_ROUNDS = 24
_OLD_ROUNDS, _OLD_STEP = 0x40000, 0x4000


@dataclass(frozen=True, slots=True)
class Key:
    """A key of RAR 5, what changes the checksums, and what tells that the password is right."""

    key: bytes
    tweak: bytes
    check: bytes


@dataclass(slots=True)
class Passwords:
    """Passwords to try, and the keys that were derived from them, which takes long."""

    words: list[bytes]
    _keys: dict[tuple[bytes, bytes, int], Key] = field(default_factory=dict)
    _old: dict[tuple[bytes, bytes], tuple[bytes, bytes]] = field(default_factory=dict)

    def key(self, word: bytes, lock: Lock) -> Key:
        """Derive a key as RAR 5 does."""
        which = word, lock.salt, lock.power
        if which not in self._keys:
            self._keys[which] = _derived(*which)
        return self._keys[which]

    def fitting(self, lock: Lock) -> Key:
        """Give the key of the first password that the lock takes for right.

        Raises:
            MemberError: there is none.
        """
        if lock.power > MOST_ROUNDS:
            raise MemberError(Reason.UNSUPPORTED_CONTAINER)
        for word in self.words:
            key = self.key(word, lock)
            if not lock.check or hmac.compare_digest(key.check, lock.check[:8]):
                self.prefer(word)
                return key
        raise MemberError(Reason.KEY_NEEDED)

    def prefer(self, word: bytes) -> None:
        """Try this one first from now on: it was right."""
        self.words.remove(word)
        self.words.insert(0, word)

    def old(self, word: bytes, salt: bytes) -> tuple[bytes, bytes]:
        """Derive key and starting block as RAR 3 does."""
        if (word, salt) not in self._old:
            self._old[word, salt] = _derived_old(word, salt)
        return self._old[word, salt]


def _derived(word: bytes, salt: bytes, power: int) -> Key:
    rounds = 1 << power
    key, tweak, check = (
        hashlib.pbkdf2_hmac("sha256", word, salt, rounds + more) for more in (0, 16, 32)
    )
    folded = np.bitwise_xor.reduce(np.frombuffer(check, np.uint8).reshape(4, 8), axis=0)
    return Key(key, tweak, folded.tobytes())


def _derived_old(word: bytes, salt: bytes) -> tuple[bytes, bytes]:
    """Digest password, salt and a counter of three bytes; a byte of the block in between."""
    text = word.decode("utf-8", "replace").encode("utf-16-le", "replace") + salt
    digest, start = hashlib.sha1(), bytearray()
    rows = np.zeros((_OLD_STEP, len(text) + 3), np.uint8)
    rows[:, : len(text)] = np.frombuffer(text, np.uint8)
    for begin in range(0, _OLD_ROUNDS, _OLD_STEP):
        numbers = np.arange(begin, begin + _OLD_STEP, dtype="<u4").view(np.uint8)
        rows[:, len(text) :] = numbers.reshape(_OLD_STEP, 4)[:, :3]
        first = digest.copy()
        first.update(rows[0].tobytes())
        start.append(first.digest()[19])
        digest.update(rows.tobytes())
    return struct.pack("<4I", *struct.unpack(">4I", digest.digest()[:16])), bytes(start)


class Blake2sp:
    """BLAKE2sp: eight digests that take turns of 64 bytes, and one of those.

    Source: "BLAKE2: simpler, smaller, fast as MD5", 2.10; RFC 7693 for the parameters.
    """

    def __init__(self) -> None:
        self._leaves = [self._node(n, 0, last=n == 7) for n in range(8)]
        self._left = b""

    @staticmethod
    def _node(offset: int, depth: int, *, last: bool) -> hashlib.blake2s:
        return hashlib.blake2s(
            fanout=8, depth=2, node_offset=offset, node_depth=depth, inner_size=32, last_node=last
        )

    def update(self, data: bytes) -> None:
        """Take more."""
        data = self._left + data
        whole = len(data) // 512 * 512
        rows = np.frombuffer(data, np.uint8, whole).reshape(-1, 8, 64)
        for number, leaf in enumerate(self._leaves):
            leaf.update(rows[:, number].tobytes())
        self._left = data[whole:]

    def digest(self) -> bytes:
        """Give the digest of all; nothing may be added after that."""
        for number, leaf in enumerate(self._leaves):
            leaf.update(self._left[number * 64 : number * 64 + 64])
        root = self._node(0, 1, last=True)
        for leaf in self._leaves:
            root.update(leaf.digest())
        return root.digest()


def tweaked_crc(crc: int, tweak: bytes) -> int:
    """Change a checksum by a key, as RAR 5 does so that it tells nothing of the content."""
    words = struct.unpack("<8I", hmac.digest(tweak, struct.pack("<I", crc), "sha256"))
    result = 0
    for one in words:
        result ^= one
    return result


def tweaked_blake(digest: bytes, tweak: bytes) -> bytes:
    """Change a digest by a key."""
    return hmac.digest(tweak, digest, "sha256")
