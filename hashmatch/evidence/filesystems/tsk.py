"""NTFS, FAT, exFAT, ext2, ext3, ext4, HFS+ and ISO 9660, read with The Sleuth Kit (pytsk3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hashmatch.evidence.filesystems import ext_blocks, ext_layout, fat_layout, tsk_image
from hashmatch.evidence.filesystems.interface import MountError
from hashmatch.evidence.filesystems.tsk_exfat import Exfat
from hashmatch.evidence.filesystems.tsk_ext import Ext
from hashmatch.evidence.filesystems.tsk_fat import Fat
from hashmatch.evidence.filesystems.tsk_hfs import Hfs
from hashmatch.evidence.filesystems.tsk_iso import Iso
from hashmatch.evidence.filesystems.tsk_ntfs import Ntfs
from hashmatch.evidence.filesystems.tsk_system import TskFileSystem
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from hashmatch.evidence.filesystems.interface import FileSystem
    from hashmatch.evidence.filesystems.tsk_family import Family
    from hashmatch.evidence.filesystems.tsk_image import Handle
    from hashmatch.evidence.media.interface import Medium
    from hashmatch.evidence.volume import Opened
    from hashmatch.model.secrets import Secrets

NAME = "tsk"

_FAT, _NTFS, _EXT, _HFS, _ISO, _EXFAT = "fat", "ntfs", "ext", "hfs+", "iso9660", "exfat"
_DETECT = {
    _FAT: "TSK_FS_TYPE_FAT_DETECT",
    _NTFS: "TSK_FS_TYPE_NTFS",
    _EXT: "TSK_FS_TYPE_EXT_DETECT",
    _HFS: "TSK_FS_TYPE_HFS",
    _ISO: "TSK_FS_TYPE_ISO9660",
    _EXFAT: "TSK_FS_TYPE_EXFAT",
}
_KINDS = {2: "fat12", 4: "fat16", 8: "fat32", 128: "ext2", 256: "ext3", 8192: "ext4"}
"""The library's numbers for kinds within a family."""
_DAMAGED = "its structures are damaged; image the drive again, or look at it with a recovery tool"
_STRANGE = "it uses features that are not known here; mount it read-only and scan the folder"
_LARGE = "an NTFS volume of clusters above 64 KiB; mount it read-only and scan the folder"
_WRAPPED = "an HFS+ volume inside an HFS wrapper; mount it read-only and scan the folder"


def recognise(content: Medium) -> bool:
    """Tell by its signatures whether a volume holds such a file system."""
    return _found(content) is not None


def mount(opened: Opened, secrets: Secrets) -> FileSystem:  # noqa: ARG001  # nothing is encrypted
    """Make it readable.

    Raises:
        MountError: it cannot be read, or the library is not installed.
    """
    content = opened.content
    family = _found(content)
    if family is None:
        raise MountError(Reason.UNKNOWN_FILE_SYSTEM, _DAMAGED)
    _refuse(content, family)
    tsk = tsk_image.library()
    try:
        mounted = tsk.FS_Info(
            tsk_image.image(_shown(content, family)), offset=0, type=getattr(tsk, _DETECT[family])
        )
        kind = _KINDS.get(int(mounted.info.ftype), family)
        return TskFileSystem(kind, mounted, _family(family, kind, content, mounted))
    except tsk_image.TROUBLES:
        raise MountError(Reason.DAMAGED_FILE_SYSTEM, _DAMAGED) from None


def _shown(content: Medium, family: str) -> Medium:
    """Give what the library gets to see of a volume."""
    layout = ext_layout.read(content) if family == _EXT else None
    return content if layout is None else ext_blocks.Hidden(content, layout)


def _family(family: str, kind: str, content: Medium, mounted: Handle) -> Family:
    if family == _FAT:
        return Fat(content, mounted, kind)
    plain = {_NTFS: Ntfs, _EXT: Ext, _HFS: Hfs, _ISO: Iso, _EXFAT: Exfat}
    return plain[family](content, mounted)


def _refuse(content: Medium, family: str) -> None:
    """Refuse what the library would read wrong."""
    if family == _EXT:
        layout = ext_layout.read(content)
        # The library goes through as many records as the number says, whether they can be or not.
        if layout is None or layout.records > layout.groups * layout.records_per_group:
            raise MountError(Reason.DAMAGED_FILE_SYSTEM, _DAMAGED)
        if layout.strange or layout.cluster != layout.block:  # it reads no clusters of blocks
            raise MountError(Reason.UNSUPPORTED_FILE_SYSTEM, _STRANGE)
    if family == _HFS and content.read_at(1024, 2) == b"BD":
        raise MountError(Reason.UNSUPPORTED_FILE_SYSTEM, _WRAPPED)
    # From 128 KiB on clusters are noted as a power of two, which the library does not know.
    if family == _NTFS and content.read_at(13, 1) > b"\x80":
        raise MountError(Reason.UNSUPPORTED_FILE_SYSTEM, _LARGE)


def _found(content: Medium) -> str | None:
    head = content.read_at(0, 4096)
    for name, mark in ((_NTFS, b"NTFS    "), (_EXFAT, b"EXFAT   ")):
        if head[3:11] == mark:
            return name
    if head[1024:1026] in {b"H+", b"HX"} or (
        head[1024:1026] == b"BD" and head[1148:1150] in {b"H+", b"HX"}
    ):
        return _HFS
    if head[1080:1082] == b"\x53\xef":
        return _EXT
    if content.read_at(16 * 2048 + 1, 5) == b"CD001":
        return _ISO
    return _FAT if _is_fat(content, head) else None


def _is_fat(content: Medium, head: bytes) -> bool:
    """Tell a FAT volume from other first sectors that begin with a jump."""
    if head[:1] not in {b"\xeb", b"\xe9"} or head[510:512] != b"\x55\xaa":
        return False
    cluster, tables, media = head[13], head[16], head[21]
    if cluster & (cluster - 1) or not 1 <= tables <= 4 or not (media == 0xF0 or media >= 0xF8):
        return False
    layout = fat_layout.fat(content, "fat16")
    return layout is not None and layout.table > 0 and layout.count > 0
