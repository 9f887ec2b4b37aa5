"""How XFS lies on a disk: superblock, numbers of blocks and inodes, checksums.

Source: XFS Algorithms & Data Structures, third edition. All numbers are kept highest byte first.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.evidence.media import crc32c

if TYPE_CHECKING:
    from hashmatch.evidence.media.interface import Medium

_FEATURES2_KINDS = 0x200
_INCOMPAT_KINDS = 0x1
_SUPER_SUM, _INODE_SUM = 224, 100  # where each keeps its checksum


class DamagedError(OSError):
    """What is there cannot be part of an XFS."""


class WrongSumError(DamagedError):
    """What is there was changed after it was written: its checksum is another."""


class EndedError(DamagedError, EOFError):
    """The volume ends before what is looked for."""


@dataclass(frozen=True, slots=True)
class Disk:
    """The numbers of a superblock, and the volume they are of."""

    content: Medium
    block: int
    blocks: int
    group: int
    inode: int
    root: int
    block_bits: int
    inode_bits: int
    folder: int
    version: int
    kinds: bool

    def place(self, block: int, count: int = 1) -> int:
        """Give the place in bytes of blocks that a number of the file system names.

        Raises:
            DamagedError: they lie outside of it.
        """
        group, rest = block >> self.block_bits, block & (1 << self.block_bits) - 1
        first = group * self.group + rest
        if rest >= self.group or first + count > self.blocks:
            msg = "a block outside of the file system"
            raise DamagedError(msg)
        return first * self.block

    def read(self, block: int) -> bytes:
        """Read one block.

        Raises:
            DamagedError: it lies outside of the file system, or the volume ends before.
        """
        return self.bytes_at(self.place(block), self.block)

    def bytes_at(self, offset: int, length: int) -> bytes:
        """Read all of some bytes.

        Raises:
            EndedError: the volume ends before.
        """
        found = self.content.read_at(offset, length)
        if len(found) != length:
            msg = "the volume ends too early"
            raise EndedError(msg)
        return found

    def check(self, raw: bytes, place: int) -> None:
        """Check a piece of metadata by the checksum in it, which version 4 does not have.

        Raises:
            WrongSumError: it is not that of the piece.
        """
        if self.version == 5 and not crc32c.holds(raw, place):
            msg = "the checksum of a part of the XFS is wrong"
            raise WrongSumError(msg)

    def record(self, number: int) -> bytes:
        """Read the record of an inode.

        Raises:
            DamagedError: there is none of that number, or it is not as it was written.
        """
        within = number & (1 << self.inode_bits) - 1
        raw = self.bytes_at(self.place(number >> self.inode_bits) + within * self.inode, self.inode)
        own = number if raw[4] < 3 else int.from_bytes(raw[152:160])
        if raw[:2] != b"IN" or own != number:
            msg = "no inode where one must be"
            raise DamagedError(msg)
        self.check(raw, _INODE_SUM)
        return raw


def read(content: Medium) -> Disk:
    """Read the superblock.

    Raises:
        DamagedError: its numbers do not agree with each other, or with its checksum.
    """
    raw = content.read_at(0, 512).ljust(512, b"\0")
    block, blocks = struct.unpack(">IQ", raw[4:16])
    group, groups = struct.unpack(">II", raw[84:92])
    sector, inode, each = struct.unpack(">HHH", raw[102:108])
    bits, inode_bits, group_bits = raw[120], raw[123], raw[124]
    version = int.from_bytes(raw[100:102]) & 0xF
    features, incompatible = (int.from_bytes(raw[at : at + 4]) for at in (200, 216))
    agree = (
        9 <= bits <= 16
        and block == 1 << bits
        and inode * each == block
        and each == 1 << inode_bits
        and 256 <= inode <= 2048
        and 0 < group <= 1 << group_bits <= 1 << 31
        and group * (groups - 1) < blocks <= group * groups
        and raw[192] + bits <= 16
        and version in {4, 5}
        and 512 <= sector <= block
    )
    if not agree:
        msg = "the superblock of the XFS is damaged"
        raise DamagedError(msg)
    kinds = bool(incompatible & _INCOMPAT_KINDS if version == 5 else features & _FEATURES2_KINDS)
    root = int.from_bytes(raw[56:64])
    disk = Disk(
        content, block, blocks, group, inode, root, group_bits, inode_bits,
        block << raw[192], version, kinds,
    )  # fmt: skip
    disk.check(disk.bytes_at(0, sector), _SUPER_SUM)
    return disk
