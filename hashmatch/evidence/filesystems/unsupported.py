"""What hashmatch recognises and does not read: named, with what would help, never passed over.

Sources of the signatures: the on-disk format descriptions of each (kernel.org documentation of
btrfs, F2FS, EROFS, squashfs, md; OpenZFS on-disk format; libyal's descriptions of ReFS, CoreStorage
and Storage Spaces; ECMA-167).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.media.interface import Medium

_MOUNT = "make it a read-only device ('losetup -r'), mount it '-o {}' and scan the folder"
_EXPORT = "open it with a tool that reads it, export a raw image and scan that"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that is recognised and not read; ``advice`` says what it is and what would help."""

    name: str
    reason: Reason
    advice: str


@dataclass(frozen=True, slots=True)
class _Sign:
    """Bytes that stand at a place; a negative one counts from the end."""

    place: int
    magic: bytes
    what: Refusal


def _system(name: str, options: str = "ro") -> Refusal:
    advice = f"{name} is not read: {_MOUNT.format(options)}"
    return Refusal(name, Reason.UNSUPPORTED_FILE_SYSTEM, advice)


def _storage(name: str, help_: str = _EXPORT) -> Refusal:
    return Refusal(name, Reason.UNSUPPORTED_STORAGE, f"{name} is not read: {help_}")


_RAID = _storage(
    "a member of a Linux RAID",
    "put the array together read-only ('mdadm --assemble --readonly') from copies of all its "
    "members and scan the device",
)
_BTRFS = _system("btrfs", "ro,rescue=nologreplay")
_UFS = _system("UFS", "ro,ufstype=...")
_ZFS = _storage("ZFS", "import the pool read-only from copies of all its members and scan it")
_POOL = _storage("a member of Microsoft Storage Spaces")
_UDF = _system("UDF")

_FIRST = (
    _Sign(3, b"ReFS\0\0\0\0", _system("ReFS")),
    _Sign(0, b"hsqs", _system("squashfs")),
    _Sign(0, b"sqsh", _system("squashfs")),
    _Sign(0, b"\x45\x3d\xcd\x28", _system("cramfs")),
    _Sign(0, b"\xfc\x4e\x2b\xa9", _RAID),
    _Sign(4096, b"\xfc\x4e\x2b\xa9", _RAID),
    _Sign(0, b"SPACEDB ", _POOL),
    _Sign(4096, b"SPACEDB ", _POOL),
    _Sign(0x10040, b"_BHRfS_M", _BTRFS),
    _Sign(0x400, b"\x10\x20\xf5\xf2", _system("F2FS", "ro,norecovery")),
    _Sign(0x400, b"\xe2\xe1\xf5\xe0", _system("EROFS")),
    _Sign(4120, bytes.fromhex("c68573f64e1a45ca8265f57f48ba6d81"), _system("bcache or bcachefs")),
    _Sign(4120, bytes.fromhex("c68573f666ce90a9d96a60cf803df7ef"), _system("bcachefs")),
    _Sign(0x8000, b"JFS1", _system("JFS")),
    _Sign(0x10034, b"ReIsEr", _system("ReiserFS")),
    _Sign(0x100000, b"\x0d\xd0\x01\xc0", _storage("VMFS")),
    _Sign(0xC00, b"PRIVHEAD", _storage("a Windows dynamic disk")),
)
_LAST = (
    _Sign(8192 + 1372, b"\x54\x19\x01\x00", _UFS),
    _Sign(65536 + 1372, b"\x19\x01\x54\x19", _UFS),
    _Sign(512, b"\x57\x45\x56\x82", _storage("a BSD disk label")),
    _Sign(0x400, b"BD", _system("classic HFS")),
)
_SWAP = frozenset((b"SWAPSPACE2", b"SWAP-SPACE", b"S1SUSPEND\0"))
_LABEL = 256 << 10
_UBERBLOCKS = (bytes.fromhex("0cb1ba0000000000"), bytes.fromhex("0000000000bab10c"))


def first_sign(content: Medium) -> Refusal | None:
    """Name what must be asked for before file systems are, as it may keep traces of one."""
    found = next(_matching(content, _FIRST), None)
    return found or (_core_storage(content))


def last_sign(content: Medium) -> Refusal | None:
    """Name what leaves traces that outlive it, and is therefore believed only when alone."""
    found = next(_matching(content, _LAST), None)
    return found or _udf(content) or _zfs(content) or _raid_at_end(content)


def is_swap(content: Medium) -> bool:
    """Tell whether a volume is swap space of Linux, which holds no files."""
    return any(content.read_at(page - 10, 10) in _SWAP for page in (4096, 8192, 16384, 65536))


def is_udf(content: Medium) -> bool:
    """Tell whether a volume has UDF, alone or beside something else."""
    words = [content.read_at(0x8001 + place * 2048, 5) for place in range(16)]
    return any(one in {b"NSR02", b"NSR03"} for one in words)


def _matching(content: Medium, signs: tuple[_Sign, ...]) -> Iterator[Refusal]:
    for one in signs:
        if content.read_at(one.place, len(one.magic)) == one.magic:
            yield one.what


def _core_storage(content: Medium) -> Refusal | None:
    head = content.read_at(0, 512)
    if head[88:90] != b"CS" or head[8:10] != b"\x01\x00":
        return None
    return _storage("CoreStorage (FileVault 2 or Fusion)")


def _udf(content: Medium) -> Refusal | None:
    """UDF alone; a disc that has ISO 9660 beside it is read by that."""
    return _UDF if is_udf(content) else None


def _zfs(content: Medium) -> Refusal | None:
    label = content.read_at(0, _LABEL)
    places = range(_LABEL // 2, len(label) - 8, 1024)
    if b"pool_guid" in label and any(label[at : at + 8] in _UBERBLOCKS for at in places):
        return _ZFS
    return None


def _raid_at_end(content: Medium) -> Refusal | None:
    size = content.size
    places = ((size & ~0xFFFF) - 0x10000, (size // 512 - 16 & ~7) * 512)
    if any(at > 0 and content.read_at(at, 4) == b"\xfc\x4e\x2b\xa9" for at in places):
        return _RAID
    return None
