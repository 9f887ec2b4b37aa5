"""The keys of a BitLocker volume, opened by what the operator gave; a wrong one never passes.

Each key is sealed with AES-CCM, whose code tells whether what was opened is it.

Source: libyal, "BitLocker Drive Encryption (BDE) format specification".
"""

from __future__ import annotations

import hashlib
import re
import uuid
from functools import lru_cache
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESCCM

from hashmatch.evidence.volumes import fve
from hashmatch.evidence.volumes.tables import number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.filesystems.patience import Patience
    from hashmatch.evidence.volumes.fve import Metadata, Protector
    from hashmatch.model.secrets import Secrets

KEY_SIZE = 32
ROUNDS = 0x100000
_CLEAR, _CHIP, _STARTUP, _RECOVERY, _PASSWORD = 0, 0x0100, 0x0200, 0x0800, 0x2000
_GROUPS = re.compile(rb"\d{6}(?:-\d{6}){7}")
_NONCE, _CODE = 12, 16
_MOST_NAMED = 4


def volume_key(metadata: Metadata, secrets: Secrets, patience: Patience) -> bytes | None:
    """Give the key of a volume, as the first secret that fits opens it; None where none does.

    What takes no time is tried first: a key that lies beside the volume, as it does where its
    protection is suspended, and start-up keys.

    Raises:
        MountError: the time was over before all were tried.
    """
    at_hand = [*_clear_keys(metadata), *_startup_keys(secrets)]
    for one in metadata.protectors:
        for key in at_hand:
            found = _opened(one, key)
            if found is not None:
                return found
    with patience.of_volume():
        for kind, digest in _digests(secrets):
            for one in metadata.protectors:
                found = _stretched_out(one, digest, patience) if one.kind == kind else None
                if found is not None:
                    return found
    return None


def content_key(metadata: Metadata, key: bytes) -> tuple[int, bytes] | None:
    """Give how the content is encrypted, as its key says, and the entry that holds it sealed.

    None where the key of the volume does not open it.
    """
    for one in metadata.content_keys:
        found = unsealed(key, one)
        if found is not None:
            return number(found, 0, 2), one
    return None


def unsealed(key: bytes, raw: bytes) -> bytes | None:
    """Open what is sealed: the method for which a key is, in 4 bytes, and the key."""
    nonce, code, text = raw[:_NONCE], raw[_NONCE : _NONCE + _CODE], raw[_NONCE + _CODE :]
    if len(code) < _CODE:
        return None
    try:
        plain = AESCCM(key).decrypt(nonce, text + code, None)
        return next((one.content for one in fve.entries(plain) if one.value == fve.KEY), None)
    except (InvalidTag, fve.FveError):
        return None


def sealed(key: bytes, plain: bytes) -> bytes:
    """Seal a key for one reader."""
    nonce = bytes(_NONCE)
    found = AESCCM(key).encrypt(nonce, plain, None)
    return nonce + found[-_CODE:] + found[:-_CODE]


@lru_cache(maxsize=256)  # a volume is opened several times by a process, and the same words tried
def stretched(digest: bytes, salt: bytes) -> bytes:
    """Stretch the digest of a password, which takes a second on purpose."""
    last, fixed, sha256 = bytes(32), digest + salt, hashlib.sha256
    for count in range(ROUNDS):
        last = sha256(last + fixed + count.to_bytes(8, "little")).digest()
    return last


def ways(metadata: Metadata) -> str:
    """Say with what a volume could be opened, for people: what is named there is no secret."""
    named = (_named(one) for one in metadata.protectors)
    found = list(dict.fromkeys(one for one in named if one))
    more = ["..."] if len(found) > _MOST_NAMED else []
    return ", ".join([*found[:_MOST_NAMED], *more])


def _named(one: Protector) -> str:
    identity = str(uuid.UUID(bytes_le=one.identity)).upper()
    return {
        _CHIP: "the chip (TPM) of its computer, there alone",
        _STARTUP: f"the start-up key {identity}.BEK (--key-file)",
        _RECOVERY: f"the recovery password with the identifier {identity} (--passwords)",
        _PASSWORD: "its password (--passwords)",
    }.get(one.kind, "")


def _clear_keys(metadata: Metadata) -> Iterator[bytes]:
    for one in metadata.protectors:
        if one.kind == _CLEAR:
            yield from _of_right_size(one.held(fve.KEY))


def _startup_keys(secrets: Secrets) -> Iterator[bytes]:
    """Yield the keys of files that are start-up keys; the others may be for something else."""
    for raw in secrets.keys:
        try:
            held = [one for one in fve.entries(fve.listed(raw)) if one.value == fve.EXTERNAL]
            parts = [part for one in held for part in fve.entries(one.content[24:])]
        except fve.FveError:
            continue
        yield from _of_right_size(one.content for one in parts if one.value == fve.KEY)


def _of_right_size(found: Iterator[bytes]) -> Iterator[bytes]:
    return (raw[4:] for raw in found if len(raw) == 4 + KEY_SIZE)


def _digests(secrets: Secrets) -> Iterator[tuple[int, bytes]]:
    """Yield what is stretched, with the kind of protector for which it is."""
    for secret in secrets.passwords:
        parts = [int(part) for part in secret.split(b"-")] if _GROUPS.fullmatch(secret) else []
        if parts and all(part % 11 == 0 and part // 11 < 1 << 16 for part in parts):
            raw = b"".join((part // 11).to_bytes(2, "little") for part in parts)
            yield _RECOVERY, hashlib.sha256(raw).digest()
        word = secret.decode("utf-8", "replace").encode("utf-16-le")
        yield _PASSWORD, hashlib.sha256(hashlib.sha256(word).digest()).digest()


def _stretched_out(one: Protector, digest: bytes, patience: Patience) -> bytes | None:
    for raw in one.held(fve.SALT):
        patience.check("BitLocker", "unlock it with Windows and scan a copy of what is then there")
        found = _opened(one, stretched(digest, raw[4:20]))
        if found is not None:
            return found
    return None


def _opened(one: Protector, key: bytes) -> bytes | None:
    """Open the key of the volume with that of a protector."""
    for raw in one.held(fve.SEALED):
        found = unsealed(key, raw)
        if found is not None and len(found) == 4 + KEY_SIZE:
            return found[4:]
    return None
