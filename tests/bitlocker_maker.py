"""Makes BitLocker volumes around a plain image: any protectors, ciphers and heads, byte by byte.

Source: libyal, BitLocker Drive Encryption (BDE) format specification; for the checksum behind the
metadata, what dislocker reads there.
"""

import functools
import hashlib
import struct
import uuid
import zlib
from dataclasses import dataclass

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM

DIFFUSED128, DIFFUSED256, CBC128, CBC256, XTS128, XTS256 = range(0x8000, 0x8006)
KEY_SIZES = {DIFFUSED128: 64, DIFFUSED256: 64, CBC128: 16, CBC256: 32, XTS128: 32, XTS256: 64}
_USED = {DIFFUSED128: 16, DIFFUSED256: 32}
"""Bytes of each of the two keys, which lie 32 bytes apart."""
VMK = bytes(range(100, 132))
FVEK = bytes(range(64))
PLACES = (1 << 18, (1 << 18) + (1 << 16), (1 << 18) + (2 << 16))
"""Where the metadata lie by default; the image must have nothing there, nor in ``HEAD_AT``."""
HEAD_AT, HEAD_SIZE = (1 << 18) + (3 << 16), 8192
ROOM = (PLACES[0], HEAD_AT + HEAD_SIZE)
PASSWORD = "correct horse ม้า"  # noqa: S105  # of nothing but volumes made here
RECOVERY = "471207-278498-422125-177177-561902-537405-468006-693451"
SALT = bytes(range(16))
_STRETCHED = {
    # Each is what ``really_stretched`` gives for the digest and ``SALT``: tests compute one anew.
    "cab9917471ecbe5a81d8011a3779d969282075e9ef2008af52dbe7560f2183c1": (
        "da0d51e378c3323ba30664c4dca5b2a477c90359c8bb497151643eaace704246"
    ),
    "a4c9244478110805015c94d1b001a933ada2ab0b716bac342bb86c844b63491f": (
        "5e39d3e56a4e477fb569bb49b3e8c3b2c9d864ee5d75bd658b8e2720e49000d4"
    ),
}
_IDENTITY = uuid.UUID("4967d63b-2e29-4ad8-8399-f6a339e3d001").bytes_le


@functools.cache
def stretched(digest, salt=SALT):
    """Stretch a digest as passwords are; a second of work, save for the two known above."""
    if salt == SALT and digest.hex() in _STRETCHED:
        return bytes.fromhex(_STRETCHED[digest.hex()])
    return really_stretched(digest, salt)


def really_stretched(digest, salt):
    last = bytes(32)
    for count in range(0x100000):
        last = hashlib.sha256(last + digest + salt + struct.pack("<Q", count)).digest()
    return last


def of_password(word):
    """Give the digest of a password that is stretched."""
    return hashlib.sha256(hashlib.sha256(word.encode("utf-16-le")).digest()).digest()


def of_recovery(word):
    """Give the digest of a recovery password that is stretched."""
    parts = [int(part) for part in word.split("-")]
    assert all(part % 11 == 0 for part in parts)
    return hashlib.sha256(struct.pack("<8H", *(part // 11 for part in parts))).digest()


def diffused(plain, keys):
    """Mix 32-bit words over each sector, as Ferguson's "Elephant" has it; all sectors at once."""
    words = (np.frombuffer(plain, "<u4").reshape(-1, 128) ^ np.tile(keys, 16)).T.copy()
    for turns, sign, cycles in (((9, 0, 13, 0), -1, 5), ((0, 10, 0, 25), 1, 3)):
        for _ in range(cycles):
            for at in reversed(range(128)):
                near, far = words[(at + 2 * sign) % 128], words[(at + 5 * sign) % 128]
                turn = turns[at % 4]
                words[at] -= near ^ ((far << turn) | (far >> (32 - turn)) if turn else far)
    return words.T.astype("<u4").tobytes()


def entry(kind, value, data):
    return struct.pack("<4H", 8 + len(data), kind, value, 1) + data


def key_entry(key, method=0x2003):
    return entry(0, 1, struct.pack("<I", method) + key)


def sealed(key, content, kind=0, count=1):
    """Make the entry of what is encrypted with AES-CCM: its code comes before the content."""
    nonce = struct.pack("<QI", 0x01D5_0000_0000_0000, count)
    found = AESCCM(key).encrypt(nonce, content, None)
    return entry(kind, 5, nonce + found[-16:] + found[:-16])


def protector(protection, *properties, identity=None):
    identity = (identity or uuid.UUID(int=protection)).bytes_le
    head = identity + struct.pack("<QHH", 0x01D5_0000_0000_0000, 0, protection)
    return entry(2, 8, head + b"".join(properties))


def name(text):
    return entry(0, 2, text.encode("utf-16-le") + b"\0\0")


def by_digest(protection, digest, vmk=VMK, salt=SALT):
    """Seal the key of the volume with a stretched digest."""
    key = stretched(digest, salt)
    # What is stretched lies sealed with the key of the volume as well, for Windows.
    stretch = entry(0, 3, struct.pack("<I", 0x1000) + salt + sealed(vmk, key_entry(key), count=7))
    return protector(protection, name("DiskPassword"), stretch, sealed(key, key_entry(vmk)))


def by_password(word=PASSWORD, **more):
    return by_digest(0x2000, of_password(word), **more)


def by_recovery(word=RECOVERY, **more):
    return by_digest(0x0800, of_recovery(word), **more)


def by_clear_key(key=bytes(range(32)), vmk=VMK):
    return protector(0, key_entry(key), sealed(key, key_entry(vmk)))


def by_startup_key(key, identity=None, vmk=VMK):
    use = entry(0, 4, struct.pack("<I", 0x2002) + sealed(vmk, key_entry(key), count=9))
    made = (name("ExternalKey"), use, sealed(key, key_entry(vmk)))
    return protector(0x0200, *made, identity=identity)


def by_chip():
    """Seal it with a TPM: what nobody opens without the computer."""
    return protector(0x0100, entry(0, 6, bytes(100)), sealed(bytes(32), key_entry(bytes(32))))


def startup_key_file(key, identity=None):
    """Make a .bek file."""
    identity = (identity or uuid.UUID(int=0x0200)).bytes_le
    held = identity + struct.pack("<Q", 0x01D5_0000_0000_0000) + name("ExternalKey")
    entries = entry(6, 9, held + key_entry(key, 0x2002))
    size = 48 + len(entries)
    return struct.pack("<4I16sIIQ", size, 1, 48, size, identity, 1, 0, 0) + entries


@dataclass(frozen=True)
class Volume:
    """How a volume is made; ``sectors`` is what its head says of its size, 0 for nothing.

    ``vista`` is that of a number: the cluster, of 512 bytes, at which NTFS has its second table.
    """

    protectors: tuple
    method: int = XTS128
    to_go: bool = False
    sectors: int = 0
    encrypted: int = 0
    places: tuple = PLACES
    fvek: bytes = FVEK
    vmk: bytes = VMK
    vista: int | None = None

    @property
    def key(self):
        return self.fvek[: KEY_SIZES[self.method]]

    def metadata(self):
        """Give one of the three copies, with its checksum."""
        entries = (
            entry(7, 2, "LAB E: 1/2/2020".encode("utf-16-le") + b"\0\0"),
            *self.protectors,
            sealed(self.vmk, key_entry(self.key, self.method), kind=3, count=3),
            entry(15, 15, struct.pack("<QQ", HEAD_AT, HEAD_SIZE)) if self.vista is None else b"",
        )
        body = b"".join(entries)
        size = 48 + len(body)
        head = struct.pack("<4I", size, 1, 48, size) + uuid.UUID(int=5).bytes_le
        head += struct.pack("<IHHQ", 20, self.method, self.method, 0x01D5_0000_0000_0000)
        whole = -(-(64 + size) // 16) * 16
        if self.vista is None:
            block = struct.pack("<8sHHHHQ", b"-FVE-FS-", whole // 16, 2, 4, 4, self.encrypted)
            block += struct.pack("<II4Q", 0, HEAD_SIZE // 512, *self.places, HEAD_AT)
        else:
            block = struct.pack("<8sHHHH16x", b"-FVE-FS-", whole, 1, 4, 4)
            block += struct.pack("<4Q", *self.places, self.vista)
        block = (block + head + body).ljust(whole, b"\0")
        return block + struct.pack("<HHI", 8, 2, zlib.crc32(block))

    def head(self):
        """Give the first sector."""
        raw = bytearray(512)
        at = 424 if self.to_go else 160
        raw[:11] = b"\xeb\x58\x90" + (b"MSWIN4.1" if self.to_go else b"-FVE-FS-")
        struct.pack_into("<HB", raw, 11, 512, 8)
        struct.pack_into("<II", raw, 32, self.sectors, 0x1F0E)
        raw[82:90] = b"FAT32   "
        raw[at : at + 16] = _IDENTITY
        struct.pack_into("<3Q", raw, at + 16, *self.places)
        raw[510:] = b"\x55\xaa"
        return bytes(raw)

    def image(self, plain):
        """Encrypt an image."""
        assert len(plain) >= ROOM[1]
        assert not any(plain[ROOM[0] : ROOM[1]])
        end = self.encrypted or len(plain)
        out = bytearray(self._sectors(plain[:end], 0) + plain[end:])
        if self.vista is None:
            out[HEAD_AT : HEAD_AT + HEAD_SIZE] = self._sectors(plain[:HEAD_SIZE], HEAD_AT)
            out[:HEAD_SIZE] = self.head().ljust(HEAD_SIZE, b"\xf6")
        else:
            out[:HEAD_SIZE] = plain[:HEAD_SIZE]
            out[3:11] = b"-FVE-FS-"
            struct.pack_into("<Q", out, 56, self.places[0] // 512)
        for place in self.places:
            copy = self.metadata().ljust(65536 if self.vista is None else 16384, b"\0")
            out[place : place + len(copy)] = copy
        return bytes(out)

    def _sectors(self, plain, offset):
        found = []
        aes = algorithms.AES(self.key[: _USED.get(self.method)])
        if self.method in _USED:
            plain = self._mixed(plain, offset)
        for at in range(0, len(plain), 512):
            if self.method in {XTS128, XTS256}:
                chain = modes.XTS(struct.pack("<QQ", (offset + at) // 512, 0))
            else:
                place = struct.pack("<QQ", offset + at, 0)
                chain = modes.CBC(Cipher(aes, modes.ECB()).encryptor().update(place))  # noqa: S305
            found.append(Cipher(aes, chain).encryptor().update(plain[at : at + 512]))
        return b"".join(found)

    def _mixed(self, plain, offset):
        """Mix each sector with a key of its own, before it is encrypted."""
        tweak = algorithms.AES(self.key[32 : 32 + _USED[self.method]])
        places = (
            struct.pack("<Q7xB", offset + at, half)
            for at in range(0, len(plain), 512)
            for half in (0, 0x80)
        )
        keys = Cipher(tweak, modes.ECB()).encryptor().update(b"".join(places))  # noqa: S305
        return diffused(plain, np.frombuffer(keys, "<u4").reshape(-1, 8))
