"""The key of a library: without it the library answers nothing.

A key is 32 random bytes in a file of its own, or is worked out from a passphrase. It never
touches data itself: every purpose of every set gets its own key, derived with a salt.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import stat
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hashmatch import durable
from hashmatch.db import files
from hashmatch.errors import HashSetError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from hashmatch.db.strict import Fields
    from hashmatch.model.people import Entropy
    from hashmatch.model.records import Json

KEY_BYTES = 32
SHORTEST_PASSPHRASE = 12
_FIRST_LINE = "hashmatch library key 1"


@dataclass(frozen=True, slots=True)
class LibraryKey:
    """32 secret bytes. Its text form does not show them."""

    secret: bytes = field(repr=False)

    def derive(self, purpose: str, salt: bytes = b"") -> bytes:
        """Give the 32-byte key for one purpose of one set.

        Source:
            RFC 5869 (HKDF-SHA256).
        """
        info = b"hashmatch library 1: " + purpose.encode()
        return HKDF(SHA256(), KEY_BYTES, salt, info).derive(self.secret)

    def tag(self, purpose: str, data: bytes) -> str:
        """Give a keyed check value (HMAC-SHA256, hexadecimal) that only the key's holder can."""
        return hmac.new(self.derive(purpose), data, hashlib.sha256).hexdigest()

    @property
    def id(self) -> str:
        """Tells keys apart, 16 hexadecimal digits; says nothing about the key itself."""
        return hashlib.sha256(self.derive("id")).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A file that holds a key: one line of text, then 64 hexadecimal digits."""

    path: Path

    def create(self, entropy: Entropy) -> LibraryKey:
        """Make a new key in a new file with mode 0600; an existing file is never overwritten.

        Raises:
            OutputError: the file exists or cannot be written.
        """
        key = LibraryKey(entropy(KEY_BYTES))
        with files.writing(f"the key file {self.path}", "choose another place for it"):
            durable.write_new(self.path, f"{_FIRST_LINE}\n{key.secret.hex()}\n".encode())
            durable.sync_folder(self.path.parent)
        return key

    def read(self) -> LibraryKey:
        """Read the key.

        Raises:
            HashSetError: missing, readable by others than its owner, or not a key file.
        """
        with files.reading(f"the key file {self.path}"):
            descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                mode = os.fstat(descriptor).st_mode
                data = files.read_at(descriptor, 200, 0)
            finally:
                os.close(descriptor)
        if stat.S_IMODE(mode) & 0o077:
            msg = f"others may read the key file {self.path}; run: chmod 600 {self.path}"
            raise HashSetError(msg)
        return self._parse(data)

    def _parse(self, data: bytes) -> LibraryKey:
        first, _, rest = data.decode("ascii", "replace").partition("\n")
        try:
            secret = bytes.fromhex(rest)
        except ValueError:
            secret = b""
        if first != _FIRST_LINE or len(secret) != KEY_BYTES:
            msg = f"{self.path} is not a key file of hashmatch; give the one made with the library"
            raise HashSetError(msg)
        return LibraryKey(secret)


@dataclass(frozen=True, slots=True)
class Passphrase:
    """Words from which the key is worked out. Its text form does not show them."""

    text: str = field(repr=False)

    def key(self, scrypt: Scrypt) -> LibraryKey:
        """Work out the key; takes about a tenth of a second and 32 MiB on purpose."""
        from cryptography.hazmat.primitives.kdf import (  # noqa: PLC0415  # key files do without
            scrypt as function,
        )

        words = unicodedata.normalize("NFC", self.text).encode("utf-8", "surrogatepass")
        made = function.Scrypt(scrypt.salt, KEY_BYTES, scrypt.n, scrypt.r, scrypt.p)
        return LibraryKey(made.derive(words))


@dataclass(frozen=True, slots=True)
class Scrypt:
    """How a passphrase becomes a key (RFC 7914)."""

    salt: bytes
    n: int = 1 << 15
    r: int = 8
    p: int = 1


Secret: TypeAlias = KeyFile | Passphrase | LibraryKey
"""What opens a library. A ``LibraryKey`` serves worker processes, which need not ask again."""


@dataclass(frozen=True, slots=True)
class Lock:
    """What a library says about its key: the id, and how a passphrase is to be turned into it."""

    key_id: str
    scrypt: Scrypt | None

    def to_json(self) -> dict[str, Json]:
        """Give the form kept in ``library.json``."""
        if self.scrypt is None:
            return {"key_id": self.key_id, "scrypt": None}
        s = self.scrypt
        form: dict[str, Json] = {"n": s.n, "p": s.p, "r": s.r, "salt": s.salt.hex()}
        return {"key_id": self.key_id, "scrypt": form}

    @classmethod
    def from_json(cls, fields: Fields) -> Lock:
        """Read back what :meth:`to_json` gave; raises ``HashSetError``."""
        key_id, inner = fields.text("key_id"), fields.maybe_inner("scrypt")
        fields.finish()
        if inner is None:
            return cls(key_id, None)
        scrypt = Scrypt(inner.octets("salt"), inner.whole("n"), inner.whole("r"), inner.whole("p"))
        inner.finish()
        if (scrypt.n, scrypt.r, scrypt.p) != (1 << 15, 8, 1):
            fields.refuse("scrypt", "n 32768, r 8, p 1")
        return cls(key_id, scrypt)


def new_lock(secret: Secret, folder: Path, entropy: Entropy) -> tuple[Lock, LibraryKey]:
    """Choose the lock of a new library.

    Raises:
        UsageError: the passphrase is too short, or the key file lies inside the library.
        HashSetError: the key file cannot be used.
    """
    if isinstance(secret, Passphrase):
        if len(secret.text) < SHORTEST_PASSPHRASE:
            msg = f"the passphrase is too short; use at least {SHORTEST_PASSPHRASE} characters"
            raise UsageError(msg)
        scrypt = Scrypt(entropy(16))
        key = secret.key(scrypt)
        return Lock(key.id, scrypt), key
    key = _key(secret, folder)
    return Lock(key.id, None), key


def unlock(secret: Secret, lock: Lock, folder: Path) -> LibraryKey:
    """Give the key of an existing library.

    Raises:
        HashSetError: another key, or a key file where a passphrase is needed, or the reverse.
    """
    if isinstance(secret, Passphrase):
        if lock.scrypt is None:
            msg = f"the library {folder} needs its key file, not a passphrase"
            raise HashSetError(msg)
        key = secret.key(lock.scrypt)
    elif lock.scrypt is not None and isinstance(secret, KeyFile):
        msg = f"the library {folder} needs its passphrase, not a key file"
        raise HashSetError(msg)
    else:
        key = _key(secret, folder)
    if not hmac.compare_digest(key.id, lock.key_id):
        msg = f"this key does not open the library {folder}; it needs the key with id {lock.key_id}"
        raise HashSetError(msg)
    return key


def _key(secret: KeyFile | LibraryKey, folder: Path) -> LibraryKey:
    if isinstance(secret, LibraryKey):
        return secret
    if secret.path.resolve().is_relative_to(folder.resolve()):
        msg = "the key file lies inside the library; move it elsewhere, or a thief gets both"
        raise UsageError(msg)
    return secret.read()
