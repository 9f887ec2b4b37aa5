"""The Ed25519 keys that sign checkpoints: one private file of the operator, one public key.

Sources: RFC 8032 (Ed25519), RFC 8410 (its PEM forms), C2SP signed-note (key ids).
"""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from hashmatch import durable
from hashmatch.errors import CustodyError, OutputError

if TYPE_CHECKING:
    from pathlib import Path

    from hashmatch.model.people import Entropy

_ED25519 = b"\x01"  # the algorithm's number in a signed note
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_LIMIT = 1 << 16  # bytes; a key file holds a few hundred


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that verifies signatures. ``raw`` is its 32 bytes."""

    raw: bytes

    @classmethod
    def from_pem(cls, pem: bytes) -> PublicKey:
        """Read a public key in PEM.

        Raises:
            CustodyError: it is something else, a private key or another kind of key.
        """
        try:
            key = serialization.load_pem_public_key(pem)
        except (ValueError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, Ed25519PublicKey):
            msg = "no Ed25519 public key in PEM form was found; expected -----BEGIN PUBLIC KEY-----"
            raise CustodyError(msg)
        return cls(key.public_bytes_raw())

    @classmethod
    def load(cls, path: Path) -> PublicKey:
        """Read a public key file.

        Raises:
            CustodyError: the file cannot be read, or holds something else.
        """
        try:
            with path.open("rb") as stream:
                return cls.from_pem(stream.read(_LIMIT))
        except OSError as error:
            msg = f"the public key {path} cannot be read: {error.strerror}"
            raise CustodyError(msg) from None
        except CustodyError as error:
            msg = f"{path}: {error}"
            raise CustodyError(msg) from None

    @property
    def pem(self) -> str:
        """The key in PEM, as ``openssl`` reads it."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        key = Ed25519PublicKey.from_public_bytes(self.raw)
        return key.public_bytes(serialization.Encoding.PEM, form).decode()

    def key_id(self, name: str) -> bytes:
        """Give the four bytes by which a signed note refers to this key under a name."""
        return hashlib.sha256(name.encode() + b"\n" + _ED25519 + self.raw).digest()[:4]

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Tell whether the signature over the message was made with this key's private half."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The private key of an operator. Its bytes appear in no message and no ``repr``."""

    _private: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def create(cls, path: Path, entropy: Entropy) -> SigningKey:
        """Make a new key file (PKCS #8 in PEM, mode 0600); missing folders get mode 0700.

        Raises:
            CustodyError: there is a file of that name already; it is never overwritten.
            OutputError: the file cannot be written.
        """
        private = Ed25519PrivateKey.from_private_bytes(entropy(32))
        pem = private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        try:
            _make_folders(path.parent)
            durable.write_new(path, pem)
            durable.sync_folder(path.parent)
        except FileExistsError:
            msg = f"there is already a file {path}; a signing key is never overwritten"
            raise CustodyError(msg) from None
        except OSError as error:
            msg = f"the signing key {path} could not be written: {error.strerror}"
            raise OutputError(msg) from None
        return cls(private)

    @classmethod
    def load(cls, path: Path) -> SigningKey:
        """Read a key file.

        Raises:
            CustodyError: the file is missing, can be read by other users, or holds no key.
        """
        try:
            with path.open("rb") as stream:
                mode = stat.S_IMODE(os.fstat(stream.fileno()).st_mode)
                pem = stream.read(_LIMIT)
        except OSError as error:
            msg = f"the signing key {path} cannot be read: {error.strerror}"
            raise CustodyError(msg) from None
        if mode & _OTHERS:
            msg = (
                f"the signing key {path} is open to other users (mode {mode:04o}, expected 0600); "
                "find out who may have copied it, then run 'chmod 600' on it"
            )
            raise CustodyError(msg)
        return cls(_private_from(pem, path))

    @property
    def public(self) -> PublicKey:
        """The public half, to be given to whoever verifies."""
        return PublicKey(self._private.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """Give the signature over a message, 64 bytes."""
        return self._private.sign(message)


def _private_from(pem: bytes, path: Path) -> Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        msg = f"{path} holds no signing key; expected an unencrypted Ed25519 key in PKCS #8 PEM"
        raise CustodyError(msg)
    return key


def _make_folders(folder: Path) -> None:
    if not folder.exists():
        _make_folders(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
