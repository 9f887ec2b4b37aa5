"""Volumes encrypted with BitLocker: their keys are opened here, their sectors through libbde.

Of the metadata the library is shown one copy, the same in all three places, in which the key
lies open as it does in a volume whose protection is suspended. So it opens what it would not by
itself: by a start-up key, by the second of two recovery passwords, with one damaged copy; and
takes no key for right whose code was not checked.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from hashmatch.evidence.filesystems.interface import MountError
from hashmatch.evidence.filesystems.patience import Patience
from hashmatch.evidence.media.as_file import MediumFile
from hashmatch.evidence.volumes import fve, fve_keys
from hashmatch.evidence.volumes.patched import Patched
from hashmatch.evidence.volumes.tables import block, number
from hashmatch.evidence.volumes.unlocked import Unlocked
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from hashmatch.evidence.media.interface import Medium
    from hashmatch.evidence.volumes.fve import Metadata
    from hashmatch.model.secrets import Secrets

NAME = "bde"
_METHODS = frozenset(range(0x8000, 0x8006))
"""AES-CBC of two lengths with a diffuser, without one; AES-XTS of two."""
_SECTORS = frozenset((512, 1024, 2048, 4096))
_ERRORS = (OSError, RuntimeError, ValueError, TypeError, MemoryError)
_MIRROR = 56
"""Where NTFS names its second table; what it was lies at the same place in the metadata."""
_OPEN = bytes(fve_keys.KEY_SIZE)
"""The key with which the library is shown that of the volume sealed: any would do."""

recognise = fve.recognise


def unlock(content: Medium, secrets: Secrets, patience: Patience | None = None) -> Medium:
    """Open a volume by the first secret that fits: password, recovery password, start-up key.

    A volume whose protection is suspended has its key beside it, and opens without any.

    Raises:
        MountError: none fits, it is damaged, or the library is not installed.
    """
    try:
        import pybde  # noqa: PLC0415  # optional
    except ImportError:
        advice = "BitLocker is read by a library that is missing: pip install 'hashmatch[disk]'"
        raise MountError(Reason.NO_BACKEND, advice) from None
    try:
        metadata = fve.read(content)
    except fve.FveError as trouble:
        raise _damaged(str(trouble)) from None
    key = fve_keys.volume_key(metadata, secrets, patience or Patience())
    if key is None:
        raise MountError(Reason.KEY_NEEDED, _needed(metadata, secrets))
    shown = Patched(content, _shown(content, metadata, key))
    volume: Any = pybde.volume()
    try:
        volume.open_file_object(MediumFile(shown))
        if not volume.is_locked():
            opened = Unlocked(volume, int(volume.get_size()), content, NAME)
            return opened if metadata.table is not None else _oldest(opened, metadata)
    except _ERRORS:
        pass
    advice = "this BitLocker volume is of a kind that libbde does not read, or damaged"
    raise MountError(Reason.UNSUPPORTED_STORAGE, advice)


def _oldest(opened: Medium, metadata: Metadata) -> Medium:
    """Give a volume of Windows Vista the place that its first sector lent to BitLocker.

    The library should do that, and writes zeros there.
    """
    return Patched(opened, {_MIRROR: metadata.block[_MIRROR:]})


def _damaged(how: str) -> MountError:
    advice = f"this BitLocker volume is damaged: {how}; on a copy, 'repair-bde' of Windows may help"
    return MountError(Reason.DAMAGED_VOLUMES, advice)


def _needed(metadata: Metadata, secrets: Secrets) -> str:
    words = "the volume is encrypted with BitLocker"
    if secrets.count:
        words = "none of the passwords and keys given opens this BitLocker volume"
    return f"{words}; what opens it: {fve_keys.ways(metadata) or 'nothing that is known here'}"


def _shown(content: Medium, metadata: Metadata, key: bytes) -> dict[int, bytes]:
    """Give what the library is shown in place of the first sector and of the metadata.

    Raises:
        MountError: the key of the content cannot be opened, or does not agree with the metadata.
    """
    held = fve_keys.content_key(metadata, key)
    if held is None or held[0] != metadata.method:
        how = "the key of its content is not that of its metadata"
        raise _damaged(how)
    method, sealed = held
    if method not in _METHODS:
        advice = f"this BitLocker volume is encrypted in a way that is not read: {method:#06x}"
        raise MountError(Reason.UNSUPPORTED_STORAGE, advice)
    copy = _copy(metadata, key, sealed)
    pieces = dict.fromkeys(metadata.places, copy)
    if metadata.table is not None:
        pieces[0] = _first(content, metadata)
    return pieces


def _copy(metadata: Metadata, key: bytes, sealed: bytes) -> bytes:
    """Write metadata with what the library needs and nothing else."""
    purpose = struct.pack("<I", 0x2003)
    lying = fve.Entry(0, fve.KEY, purpose + _OPEN)
    inside = fve_keys.sealed(_OPEN, fve.Entry(0, fve.KEY, purpose + key).packed())
    parts = lying.packed() + fve.Entry(0, fve.SEALED, inside).packed()
    body = [
        fve.Entry(fve.VOLUME_KEY, fve.PROTECTOR, bytes(28) + parts),
        fve.Entry(fve.CONTENT_KEY, fve.SEALED, sealed),
        *(fve.Entry(fve.MOVED_HEAD, fve.PLACE, one) for one in metadata.moved[:1]),
    ]
    entries = b"".join(one.packed() for one in body)
    size = fve.HEAD + len(entries)
    head = struct.pack("<4I", size, 1, fve.HEAD, size) + metadata.head[16:]
    return metadata.block + head + entries


def _first(content: Medium, metadata: Metadata) -> bytes:
    """Give the first sector with what the metadata know better; it is no part of the content.

    Where no number of sectors is told, the library takes it from the head of NTFS, and refuses
    every other file system; it divides by the size of a sector without a look at it.

    Raises:
        MountError: it names no size of sectors.
    """
    first = block(content, 0)
    raw = bytearray(first)
    step = number(first, 11, 2) or _derived(metadata)
    if step not in _SECTORS:
        how = "its first sector names no size of sectors"
        raise _damaged(how)
    struct.pack_into("<H", raw, 11, step)
    if content.size // step < 1 << 32:
        struct.pack_into("<H", raw, 19, 0)
        struct.pack_into("<I", raw, 32, content.size // step)
    struct.pack_into("<3Q", raw, metadata.table or 0, *metadata.places)
    return bytes(raw)


def _derived(metadata: Metadata) -> int:
    """Tell the size of a sector by what lies elsewhere, told in bytes and in sectors."""
    length = number(metadata.moved[0], 8, 8) if metadata.moved else 0
    return length // max(number(metadata.block, 28, 4), 1)
