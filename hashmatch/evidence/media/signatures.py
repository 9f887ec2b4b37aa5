"""What the first bytes of a disk or volume are: a partition table or a file system with a name.

The places are those of the published descriptions: UEFI for GPT, Apple for APM, HFS+ and APFS,
Microsoft for FAT and exFAT, ECMA-119 for ISO 9660, the kernel's own for ext, XFS, btrfs and F2FS.
"""

from __future__ import annotations

import struct

_FIXED: tuple[tuple[str, int, bytes], ...] = (
    ("GPT", 512, b"EFI PART"),
    ("GPT", 4096, b"EFI PART"),
    ("BitLocker", 3, b"-FVE-FS-"),
    ("BitLocker", 424, bytes.fromhex("3bd66749292ed84a8399f6a339e3d001")),
    ("NTFS", 3, b"NTFS    "),
    ("exFAT", 3, b"EXFAT   "),
    ("ReFS", 3, b"ReFS\0\0\0\0"),
    ("XFS", 0, b"XFSB"),
    ("LUKS", 0, b"LUKS\xba\xbe"),
    ("APFS", 32, b"NXSB"),
    ("ISO 9660", 0x8001, b"CD001"),
    ("UDF", 0x8001, b"BEA01"),
    ("btrfs", 0x10040, b"_BHRfS_M"),
    ("F2FS", 1024, bytes.fromhex("1020f5f2")),
    *(("LVM2", 512 * sector, b"LABELONE") for sector in range(4)),
)
_MBR_ENTRY = struct.Struct("<B3xB3xII")
_FAT = struct.Struct("<HBHBHHB")
_POWERS = frozenset(1 << n for n in range(17))


def name_of(head: bytes, tail: bytes = b"") -> str | None:
    """Name the partition table or file system that a disk or volume begins with.

    Args:
        head: the first bytes of it, 68 KiB where there are so many.
        tail: the last bytes; a GPT has a copy of itself there.

    Returns:
        The name people use, or None where nothing is recognised. It says what the bytes claim,
        not that it can be read.
    """
    for name, offset, magic in _FIXED:
        if head.startswith(magic, offset):
            return name
    for name, tell in (("FAT", _fat), ("ext", _ext), ("HFS", _hfs), ("APM", _apm), ("MBR", _mbr)):
        if tell(head):
            return name
    return "GPT" if tail[-512:].startswith(b"EFI PART") else None


def _fat(head: bytes) -> bool:
    if len(head) < 512 or head[510:512] != b"\x55\xaa" or head[0] not in {0xEB, 0xE9}:
        return False
    sector, cluster, reserved, tables, _, _, media = map(int, _FAT.unpack_from(head, 11))
    return (
        sector in {512, 1024, 2048, 4096}
        and cluster in _POWERS
        and reserved > 0
        and tables in {1, 2}
        and (media == 0xF0 or media >= 0xF8)
    )


def _ext(head: bytes) -> bool:
    if len(head) < 2048 or head[1080:1082] != b"\x53\xef":
        return False
    inodes, blocks, _, _, _, _, block_size = struct.unpack_from("<7I", head, 1024)
    return bool(inodes > 0 and blocks > 0 and block_size <= 6)


def _hfs(head: bytes) -> bool:
    """Tell HFS+ and HFSX by version, and the older HFS by the size of its blocks."""
    mark = head[1024:1028]
    if mark in {b"H+\x00\x04", b"HX\x00\x05"}:
        return True
    block = int.from_bytes(head[1044:1048], "big")
    return mark[:2] == b"BD" and block > 0 and block % 512 == 0


def _apm(head: bytes) -> bool:
    return any(head.startswith(b"PM\0\0", offset) for offset in (512, 1024, 2048, 4096)) and (
        head.startswith(b"ER")
    )


def _mbr(head: bytes) -> bool:
    """Tell a table by its entries: the mark at its end alone is also that of any boot sector."""
    if len(head) < 512 or head[510:512] != b"\x55\xaa":
        return False
    entries = [_MBR_ENTRY.unpack_from(head, 446 + 16 * number) for number in range(4)]
    used = [entry for entry in entries if entry[1]]
    return (
        bool(used)
        and all(status in {0, 0x80} for status, _, _, _ in entries)
        and all(start > 0 and size > 0 for _, _, start, size in used)
    )
