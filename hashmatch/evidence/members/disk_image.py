"""Images of disks among the files of evidence: what they hold is not looked into there, and said.

An image is examined when it is named as a source of its own. One that lies in a folder, on another
image or in an archive is digested as the file it is; that nobody looked inside must not pass for
its holding nothing.

Source: the signatures are those of :mod:`hashmatch.evidence.media`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from hashmatch.evidence.members import loose, registry
from hashmatch.evidence.members.interface import MemberError
from hashmatch.evidence.members.unpacked import length, read_at
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.members.interface import Given
    from hashmatch.model.secrets import Secrets

NAME = "disk-image"
TITLE = "image of a disk"
HELP = ""
RANK = 4

_SIGNS = (
    *(b"EVF\t", b"EVF2", b"LVF\t", b"LEF2", b"QFI\xfb", b"KDMV", b"COWD", b"# Disk DescriptorFile"),
    *(b"vhdxfile", b"conectix", b"ADSEGMENTEDFILE\0", b"ADCRYPT\0", b"encrcdsa", b"sprs\0\0\0"),
    *(b"WithoutFreeSpace", b"WithouFreSpacExt", b"MSWIM\0\0\0", b"AFF10\r\n\0", b"QED\0", b"XFSB"),
    *(b"LUKS\xba\xbe", b"ER\x02\0"),
)
_BOOT = frozenset((b"NTFS    ", b"EXFAT   ", b"ReFS\0\0\0\0", b"-FVE-FS-"))
_HFS = frozenset((b"H+", b"HX", b"BD"))
_NAMES = (b".iso", b".dmg", b".vhd", b".img", b".cdr", b".toast")
_AFF4 = b"container.description"
_SMALLEST = 32 << 10
"""A boot sector alone, and a loader of a few sectors, are no image of a disk."""
_SECTOR = 512
_HEAD = 4096
_EMPTY = bytes(_HEAD)
"""So begins a disc, and a volume of btrfs: their signs lie behind the head."""


def recognise(head: bytes, name: bytes) -> bool:
    """Tell whether it may be one; :func:`members` looks closer.

    The name only has such looked at as have their signature where the head does not reach.
    """
    if head.startswith(b"PK"):
        return _AFF4 in head
    if head == _EMPTY:  # as stores of thumbnails may begin too, which their name tells
        return not loose.recognise(head, name)
    return head.startswith(_SIGNS) or name.lower().endswith(_NAMES) or _has_sign_within(head)


def _has_sign_within(head: bytes) -> bool:
    """Every file is asked this: slices cost least."""
    return (
        head[510:512] == b"\x55\xaa"
        or head[3:11] in _BOOT
        or head[1080:1082] == b"\x53\xef"
        or head[1024:1026] in _HFS
        or head[512:520] == b"EFI PART"
        or head[32:36] == b"NXSB"
        or head[64:68] == b"\x7f\x10\xda\xbe"
    )


def members(stream: BinaryIO, secrets: Secrets) -> Iterator[Given]:
    """Look into it as what else it may be: AFF4 is a zip, and a name may say anything.

    Raises:
        MemberError: it is an image, which is said after what it gave.
    """
    is_image = _is_image(stream)
    head = read_at(stream, 0, _HEAD)
    others = (one for one in registry.containers() if one.NAME != NAME)
    kind = next((one for one in others if one.recognise(head, b"")), None)
    if kind is not None:
        stream.seek(0)
        yield from kind.members(stream, secrets)
    if is_image:
        raise MemberError(Reason.IMAGE_INSIDE)


def _is_image(stream: BinaryIO) -> bool:
    from hashmatch.evidence.media import raw, split  # noqa: PLC0415  # not for every worker
    from hashmatch.evidence.media import registry as media  # noqa: PLC0415
    from hashmatch.evidence.media.interface import HEAD_SIZE, TAIL_SIZE  # noqa: PLC0415

    size = length(stream)
    head = read_at(stream, 0, HEAD_SIZE)
    tail = read_at(stream, max(0, size - TAIL_SIZE), TAIL_SIZE)
    sure = (one for one in media.all_forms() if one.NAME not in {raw.NAME, split.NAME, "device"})
    return any(one.recognise(head, tail, b"/") for one in sure) or _is_copy(stream, head, size)


def _is_copy(stream: BinaryIO, head: bytes, size: int) -> bool:
    """Tell a raw copy: of a volume, or of a disk one partition of which begins as volumes do.

    Kernels and other programs have what looks like a table of partitions.
    """
    from hashmatch.evidence.media import signatures  # noqa: PLC0415
    from hashmatch.evidence.media.interface import HEAD_SIZE  # noqa: PLC0415

    found = signatures.name_of(head)
    if found is None or size < _SMALLEST:
        return False
    if found != "MBR":
        return True
    starts = (int.from_bytes(head[at : at + 4], "little") for at in range(454, 510, 16))
    places = (start * _SECTOR for start in starts if 0 < start * _SECTOR < size)
    return any(signatures.name_of(read_at(stream, place, HEAD_SIZE)) for place in places)
