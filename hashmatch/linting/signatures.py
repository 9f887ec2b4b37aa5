"""Detached signatures of list files: minisign's, or 64 bytes of Ed25519.

Source: the minisign manual, "Signature format"; RFC 8032.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hashmatch.custody.keys import PublicKey
from hashmatch.errors import CustodyError, UsageError

if TYPE_CHECKING:
    import datetime

_MINISIGN, _RAW = ".minisig", ".sig"
_OPENPGP = (".asc", ".gpg", ".pgp", ".sig")
SIGNATURES = frozenset({_MINISIGN, *_OPENPGP})
"""Endings of signatures of the file whose whole name stands before."""

_MOST = 1 << 30
"""Bytes of a list that a signature without a digest is checked over; it needs all in memory."""
_SMALL = 1 << 16
_COMMENT = b"trusted comment: "


@dataclass(frozen=True, slots=True)
class PinnedKey:
    """The one key that may have signed a list. ``number`` is minisign's name for it.

    ``expires`` is the last day on which its signatures count, whatever they say of their time:
    who has an old key can date a signature back.
    """

    key: PublicKey
    number: bytes | None = None
    expires: datetime.date | None = None

    def expired(self, today: datetime.date) -> bool:
        """Tell whether signatures of the key count no more."""
        return self.expires is not None and today > self.expires

    @classmethod
    def load(cls, path: Path, expires: datetime.date | None = None) -> PinnedKey:
        """Read a public key: PEM, or the file that minisign writes.

        Raises:
            UsageError: the file cannot be read, or holds no such key.
        """
        try:
            with path.open("rb") as stream:
                content = stream.read(_SMALL)
        except OSError as error:
            msg = f"the public key {path} cannot be read: {error.strerror}"
            raise UsageError(msg) from None
        for line in content.splitlines():
            data = _base64(line)
            if data is not None and len(data) == 42 and data[:2] == b"Ed":
                return cls(PublicKey(data[10:]), data[2:10], expires)
        try:
            return cls(PublicKey.from_pem(content), None, expires)
        except CustodyError:
            msg = f"{path} holds no Ed25519 key; expected PEM, or the file that minisign writes"
            raise UsageError(msg) from None

    def trouble(self, path: Path) -> str | None:
        """Say why the signature beside a file does not hold; None if it does.

        Raises:
            OSError: the list or its signature cannot be read.
            OverflowError: the list is too long for a signature of this kind.
        """
        for suffix, check in ((_MINISIGN, self._minisign), (_RAW, self._raw)):
            content = _beside(path, suffix)
            if content is not None and not _is_openpgp(content):
                return check(path, content)
        return NO_SIGNATURE

    def _raw(self, path: Path, content: bytes) -> str | None:
        signature = content if len(content) == 64 else _base64(content.strip())
        if signature is None or len(signature) != 64:
            return "the signature is not one of Ed25519"
        return None if self.key.verifies(signature, _whole(path)) else _INVALID

    def _minisign(self, path: Path, content: bytes) -> str | None:
        lines = content.splitlines()
        if len(lines) != 4 or not lines[2].startswith(_COMMENT):
            return "the signature is not one of minisign"
        signature, over_all = _base64(lines[1]), _base64(lines[3])
        if signature is None or over_all is None or len(signature) != 74 or len(over_all) != 64:
            return "the signature is not one of minisign"
        kind, number, value = signature[:2], signature[2:10], signature[10:]
        if self.number is not None and number != self.number:
            return "the signature was made with another key"
        message = _digest(path) if kind == b"ED" else _whole(path)
        comment = lines[2].removeprefix(_COMMENT)
        whole = kind in {b"ED", b"Ed"} and self.key.verifies(value, message)
        return None if whole and self.key.verifies(over_all, value + comment) else _INVALID


NO_SIGNATURE = "no signature beside the file"
_INVALID = "the signature does not fit the file and the pinned key"


def openpgp_beside(path: Path) -> bool:
    """Tell whether a signature of OpenPGP stands beside a file.

    Raises:
        OSError: a file beside it cannot be read.
    """
    found = (_beside(path, suffix) for suffix in _OPENPGP)
    return any(one is not None and _is_openpgp(one) for one in found)


def _beside(path: Path, suffix: str) -> bytes | None:
    beside = Path(f"{path}{suffix}")
    if not beside.is_file():
        return None
    with beside.open("rb") as stream:
        return stream.read(_SMALL)


def _is_openpgp(content: bytes) -> bool:
    """Tell armour, and packets with the tag of a signature; 64 bytes are one of Ed25519."""
    if content.lstrip().startswith(b"-----BEGIN PGP SIGNATURE-----"):
        return True
    return len(content) > 64 and (content[0] & 0xFC == 0x88 or content[0] == 0xC2)


def _base64(text: bytes) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return None


def _digest(path: Path) -> bytes:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.blake2b(digest_size=64)).digest()


def _whole(path: Path) -> bytes:
    if path.stat().st_size > _MOST:
        msg = "too long for a signature without a digest"
        raise OverflowError(msg)
    return path.read_bytes()
