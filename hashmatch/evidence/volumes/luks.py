"""Volumes encrypted with LUKS1, opened by a password or key file; LUKS2 is told and not read.

Source: LUKS On-Disk Format Specification, version 1.2.3.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.evidence.filesystems.interface import MountError
from hashmatch.evidence.filesystems.patience import Patience
from hashmatch.evidence.volumes.decrypting import Decrypting
from hashmatch.evidence.volumes.sectors import SECTOR, SectorCipher
from hashmatch.evidence.volumes.tables import block
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.media.interface import Medium
    from hashmatch.model.secrets import Secrets

NAME = "luks"
MOST_ROUNDS = 20_000_000
"""Rounds of key derivation that a header may ask for; common ones ask for a few millions."""
_SIGN = b"LUKS\xba\xbe"
_HEADER = 592
_ACTIVE = 0x00AC71F3
_HASHES = frozenset(("sha1", "sha224", "sha256", "sha384", "sha512"))
_MOST_STRIPES = 8192
_CHECK = 20


@dataclass(frozen=True, slots=True)
class _Slot:
    """Where the key lies once more, sealed with a password."""

    rounds: int
    salt: bytes
    place: int
    stripes: int


@dataclass(frozen=True, slots=True)
class _Header:
    """What a volume says of itself; ``payload`` in bytes."""

    cipher: str
    mode: str
    digest: str
    payload: int
    key_size: int
    check: bytes
    check_salt: bytes
    check_rounds: int
    slots: tuple[_Slot, ...]


def recognise(content: Medium) -> bool:
    """Tell whether a volume is encrypted with LUKS of any version."""
    return content.read_at(0, len(_SIGN)) == _SIGN


def unlock(content: Medium, secrets: Secrets, patience: Patience | None = None) -> Medium:
    """Open a volume by the first secret that fits.

    Raises:
        MountError: none fits; or it is of a kind that is not read, or damaged.
    """
    raw = block(content, 0, _HEADER)
    version = int.from_bytes(raw[6:8])
    if version != 1:
        advice = (
            f"LUKS{version} is not read: open it with 'cryptsetup open --readonly' and scan the "
            "device that gives, such as /dev/mapper/evidence"
        )
        raise MountError(Reason.UNSUPPORTED_STORAGE, advice)
    header = _header(raw)
    trouble = _trouble(header, content.size)
    if trouble is not None:
        raise trouble
    key = _found(content, header, secrets, patience or Patience())
    if key is not None:
        return Decrypting(content, header.payload, SectorCipher(header.mode, key), NAME)
    advice = (
        "the volume is encrypted with LUKS; give its password or key file (--passwords, --key-file)"
    )
    if secrets.count:
        advice = "none of the passwords and keys given opens this LUKS volume"
    raise MountError(Reason.KEY_NEEDED, advice)


def _found(content: Medium, header: _Header, secrets: Secrets, patience: Patience) -> bytes | None:
    """Give the key that the first fitting secret opens; None where none does.

    Raises:
        MountError: the time was over before all of them were tried.
    """
    with patience.of_volume():
        for secret in (*secrets.passwords, *secrets.keys):
            for slot in header.slots:
                patience.check("LUKS", "open it with 'cryptsetup open --readonly'")
                key = _key(content, header, slot, secret)
                if key is not None:
                    return key
    return None


def _header(raw: bytes) -> _Header:
    cipher, mode, digest = (_word(raw[at : at + 32]) for at in (8, 40, 72))
    return _Header(
        cipher,
        mode,
        digest,
        payload=int.from_bytes(raw[104:108]) * SECTOR,
        key_size=int.from_bytes(raw[108:112]),
        check=raw[112:132],
        check_salt=raw[132:164],
        check_rounds=int.from_bytes(raw[164:168]),
        slots=tuple(_slots(raw)),
    )


def _slots(raw: bytes) -> Iterator[_Slot]:
    for at in range(208, _HEADER, 48):
        if int.from_bytes(raw[at : at + 4]) == _ACTIVE:
            rounds, place, stripes = (
                int.from_bytes(raw[at + skip : at + skip + 4]) for skip in (4, 40, 44)
            )
            yield _Slot(rounds, raw[at + 8 : at + 40], place * SECTOR, stripes)


def _word(raw: bytes) -> str:
    return raw.partition(b"\0")[0].decode("ascii", "replace")


def _trouble(header: _Header, size: int) -> MountError | None:
    """Say what of a header is not read here, or cannot be."""
    try:
        SectorCipher(header.mode, bytes(header.key_size if header.key_size <= 64 else 0))
    except ValueError:
        known = False
    else:
        known = header.cipher == "aes" and header.digest in _HASHES
    if not known:
        how = f"{header.cipher[:32]}-{header.mode[:32]} with {header.digest[:32]}"
        advice = f"LUKS1 with {how!a} is not read: open it with 'cryptsetup open --readonly'"
        return MountError(Reason.UNSUPPORTED_STORAGE, advice)
    rounds = [header.check_rounds, *(one.rounds for one in header.slots)]
    stripes = [one.stripes for one in header.slots]
    odd = not all(0 < one <= MOST_ROUNDS for one in rounds)
    odd = odd or not all(0 < one <= _MOST_STRIPES for one in stripes)
    if odd or not _HEADER <= header.payload < size:
        advice = "the LUKS header is damaged: a backup of it may help ('cryptsetup')"
        return MountError(Reason.DAMAGED_VOLUMES, advice)
    return None


def _key(content: Medium, header: _Header, slot: _Slot, secret: bytes) -> bytes | None:
    """Open one slot with one secret; None where it does not fit."""
    size = header.key_size
    opened = hashlib.pbkdf2_hmac(header.digest, secret, slot.salt, slot.rounds, size)
    length = size * slot.stripes
    sealed = block(content, slot.place, -(-length // SECTOR) * SECTOR)
    split = SectorCipher(header.mode, opened).decrypt(sealed, 0)[:length]
    key = _merged(split, size, header.digest)
    check = hashlib.pbkdf2_hmac(header.digest, key, header.check_salt, header.check_rounds, _CHECK)
    return key if hmac.compare_digest(check, header.check) else None


def _merged(split: bytes, size: int, digest: str) -> bytes:
    """Undo the splitting of a key that makes deleting it easier."""
    key = bytes(size)
    pieces = [split[at : at + size] for at in range(0, len(split), size)]
    for piece in pieces[:-1]:
        key = _diffused(_xor(key, piece), digest)
    return _xor(key, pieces[-1])


def _diffused(data: bytes, digest: str) -> bytes:
    step = hashlib.new(digest).digest_size
    parts = (data[at : at + step] for at in range(0, len(data), step))
    return b"".join(
        hashlib.new(digest, number.to_bytes(4) + part).digest()[: len(part)]
        for number, part in enumerate(parts)
    )


def _xor(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one) ^ int.from_bytes(other)).to_bytes(len(one))
