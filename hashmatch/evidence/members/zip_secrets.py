"""Encrypted members of a zip: the traditional way and that of WinZip (AES).

The traditional way is worked off byte by byte in Python, some megabytes in a second.

Source: PKWARE APPNOTE 6.3.10, 6.1; WinZip, "AES Encryption Information", AE-1 and AE-2.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hashmatch.evidence.members.interface import MemberError
from hashmatch.evidence.members.unpacked import Stretch, read_at
from hashmatch.evidence.members.zip_entries import AES_FIELD, DESCRIBED_AFTER
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import BinaryIO

    from hashmatch.evidence.members.zip_entries import Entry

_FULL = 0xFFFFFFFF
_TABLE = tuple(zlib.crc32(bytes((n,)), _FULL) ^ _FULL for n in range(256))
_SALTS = {1: 8, 2: 12, 3: 16}
_CHECK, _AUTHENTICATION = 2, 10
_ROUNDS = 1000
BEFORE = 12
"""Bytes before what is packed, where that is encrypted the traditional way."""


def spellings(passwords: Iterable[bytes]) -> tuple[bytes, ...]:
    """Give passwords as they are and, where they differ, in the code pages programs used."""
    found: dict[bytes, None] = {}
    for password in passwords:
        found[password] = None
        text = password.decode("utf-8", "replace")
        for page in ("cp874", "cp437", "cp1252"):
            spelt = text.encode(page, "ignore")
            if spelt.decode(page) == text:
                found[spelt] = None
    return tuple(found)


class Keys:
    """Passwords to try on the members of one zip; the one that fitted last comes first."""

    def __init__(self, passwords: Iterable[bytes]) -> None:
        self._passwords = list(spellings(passwords))

    def fitting(self, fits: Callable[[bytes], bool]) -> Iterator[bytes]:
        """Give those that pass a test, each as it is found."""
        for password in tuple(self._passwords):
            if fits(password):
                self._passwords.remove(password)
                self._passwords.insert(0, password)
                yield password


@dataclass(frozen=True, slots=True)
class Aes:
    """What an entry says of its encryption by AES: whether its CRC counts, key, method."""

    counts: bool
    strength: int
    method: int

    @property
    def more(self) -> int:
        """Bytes of salt, check and authentication."""
        return _SALTS[self.strength] + _CHECK + _AUTHENTICATION

    @classmethod
    def of(cls, entry: Entry) -> Aes:
        """Read the extra field.

        Raises:
            MemberError: it is missing, or says what nobody writes.
        """
        field = entry.fields.get(AES_FIELD, b"")
        if len(field) < 7:
            raise MemberError(Reason.DAMAGED_CONTAINER)
        version, vendor, strength, method = struct.unpack_from("<H2sBH", field)
        if vendor != b"AE" or strength not in _SALTS:
            raise MemberError(Reason.UNSUPPORTED_CONTAINER)
        return cls(version == 1, strength, method)

    def decrypt(self, stream: BinaryIO, data: Stretch, keys: Keys) -> Iterator[bytes]:
        """Give the packed content.

        Raises:
            MemberError: no password fits; at the end, where the content was changed.
        """
        salt_size = _SALTS[self.strength]
        size = data.size - self.more
        if size < 0:
            raise MemberError(Reason.DAMAGED_CONTAINER)
        begin = read_at(stream, data.offset, salt_size + _CHECK)
        body = Stretch(data.offset + len(begin), size)
        stated = read_at(stream, body.offset + size, _AUTHENTICATION)
        if len(begin) < salt_size + _CHECK or len(stated) < _AUTHENTICATION:
            raise MemberError(Reason.DAMAGED_CONTAINER)

        def derived(password: bytes) -> bytes:
            length = salt_size * 4 + _CHECK
            return hashlib.pbkdf2_hmac("sha1", password, begin[:salt_size], _ROUNDS, length)

        checks = (word for word in keys.fitting(lambda word: derived(word)[-2:] == begin[-2:]))
        derivations = [derived(word) for word in checks]
        if not derivations:
            raise MemberError(Reason.KEY_NEEDED)
        found = derivations[0]
        if len(derivations) > 1:  # two bytes of a check agree now and then by chance
            found = next((one for one in derivations if _tag(stream, body, one) == stated), found)
        yield from _decrypted(stream, body, found, stated)


def _tag(stream: BinaryIO, body: Stretch, derived: bytes) -> bytes:
    half = (len(derived) - _CHECK) // 2
    tag = hmac.new(derived[half : 2 * half], digestmod="sha1")
    for block in body.blocks(stream):
        tag.update(block)
    return tag.digest()[:_AUTHENTICATION]


def _decrypted(stream: BinaryIO, body: Stretch, derived: bytes, stated: bytes) -> Iterator[bytes]:
    from cryptography.hazmat.primitives.ciphers import (  # noqa: PLC0415  # slow to load
        Cipher,
        algorithms,
        modes,
    )

    half = (len(derived) - _CHECK) // 2
    cipher = Cipher(algorithms.AES(derived[:half]), modes.ECB()).encryptor()  # noqa: S305  # CTR
    tag = hmac.new(derived[half : 2 * half], digestmod="sha1")
    counter, left = 1, b""
    for block in body.blocks(stream):
        tag.update(block)
        if len(left) < len(block):
            count = (len(block) - len(left) + 15) // 16
            numbers = np.zeros((count, 2), dtype="<u8")  # it counts from the lowest byte up
            numbers[:, 0] = np.arange(counter, counter + count, dtype="<u8")
            left += cipher.update(numbers.tobytes())
            counter += count
        key = np.frombuffer(left, np.uint8, len(block))
        left = left[len(block) :]
        yield (np.frombuffer(block, np.uint8) ^ key).tobytes()
    if not hmac.compare_digest(tag.digest()[:_AUTHENTICATION], stated):
        raise MemberError(Reason.CHECKSUM)


def traditional(stream: BinaryIO, data: Stretch, word: bytes) -> Iterator[bytes]:
    """Give what a password makes of a member encrypted the traditional way.

    Raises:
        MemberError: it is too short to be encrypted.
    """
    if data.size < BEFORE:
        raise MemberError(Reason.DAMAGED_CONTAINER)
    cipher = _Traditional(word)
    skip = BEFORE
    for block in data.blocks(stream):
        yield cipher.decrypt(block)[skip:]
        skip = max(skip - len(block), 0)


def seems(stream: BinaryIO, entry: Entry, data: Stretch, word: bytes) -> bool:
    """Tell by one byte whether a password can be that of a member; one of 256 seems so wrongly."""
    head = _Traditional(word).decrypt(read_at(stream, data.offset, BEFORE))
    after = entry.flags & DESCRIBED_AFTER
    check = entry.moment >> 8 & 0xFF if after else entry.crc >> 24
    return len(head) == BEFORE and head[-1] == check


class _Traditional:
    """The three keys that every byte changes."""

    def __init__(self, password: bytes) -> None:
        self._keys = 0x12345678, 0x23456789, 0x34567890
        for byte in password:
            self._keys = self._next(self._keys, byte)

    @staticmethod
    def _next(keys: tuple[int, int, int], byte: int) -> tuple[int, int, int]:
        zero, one, two = keys
        zero = (zero >> 8) ^ _TABLE[(zero ^ byte) & 0xFF]
        one = ((one + (zero & 0xFF)) * 134775813 + 1) & _FULL
        two = (two >> 8) ^ _TABLE[(two ^ (one >> 24)) & 0xFF]
        return zero, one, two

    def decrypt(self, data: bytes) -> bytes:
        """Work off one block; all in one loop, since calls would cost as much as the work."""
        zero, one, two = self._keys
        table, result = _TABLE, bytearray(len(data))
        for place, byte in enumerate(data):
            mask = (two | 2) & 0xFFFF
            plain = byte ^ ((mask * (mask ^ 1)) >> 8 & 0xFF)
            result[place] = plain
            zero = (zero >> 8) ^ table[(zero ^ plain) & 0xFF]
            one = ((one + (zero & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
            two = (two >> 8) ^ table[(two ^ (one >> 24)) & 0xFF]
        self._keys = zero, one, two
        return bytes(result)
