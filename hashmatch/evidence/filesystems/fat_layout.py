"""Where things lie in a FAT or exFAT volume, and which cluster follows which.

Source: Microsoft, FAT file system specification 1.03; exFAT file system specification.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hashmatch.evidence.filesystems.allocation import padded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hashmatch.evidence.filesystems.allocation import Bits
    from hashmatch.evidence.media.interface import Medium

SLOT = 32
"""Bytes of an entry of a folder."""
_FIRST_RECORD = 3
"""The library numbers entries from here on, from the first sector after the tables."""
_BAD = {"fat12": 0xFF7, "fat16": 0xFFF7, "fat32": 0x0FFFFFF7, "exfat": 0xFFFFFFF7}
_WIDTHS = {"fat12": 12, "fat16": 16, "fat32": 32, "exfat": 32}


@dataclass(frozen=True, slots=True)
class Layout:
    """Places in bytes from the beginning of the volume.

    ``entries`` is where the library begins to count entries of folders, ``clusters`` where the
    first cluster lies, which is number 2. ``width`` is bits of an entry of the table at ``table``;
    ``count`` how many clusters there are, ``root`` that of the first folder, 0 where it has none.
    """

    kind: str
    sector: int
    cluster: int
    table: int
    entries: int
    clusters: int
    count: int
    root: int

    def slot_at(self, addr: int) -> int:
        """Where the entry of a folder lies that the library gives a number."""
        return self.entries + (addr - _FIRST_RECORD) * SLOT

    def cluster_at(self, number: int) -> int:
        """Where a cluster lies."""
        return self.clusters + (number - 2) * self.cluster

    def is_cluster(self, number: int) -> bool:
        """Tell whether there is a cluster of this number."""
        return 2 <= number < self.count + 2

    def following(self, content: Medium, first: int, count: int) -> NDArray[np.uint32]:
        """Read what the table has for ``count`` clusters, from cluster ``first`` on.

        0 is for a free cluster; fewer where the table lies beyond the end of the volume.
        """
        width = _WIDTHS[self.kind]
        if width == 12:
            return self._following12(content, first, count)
        size = width // 8
        raw = content.read_at(self.table + first * size, count * size)
        raw = raw[: len(raw) // size * size]
        values = np.frombuffer(raw, "<u2" if size == 2 else "<u4").astype(np.uint32)
        return values & np.uint32(0x0FFFFFFF) if self.kind == "fat32" else values

    def _following12(self, content: Medium, first: int, count: int) -> NDArray[np.uint32]:
        begin = first & ~1
        pairs = (first + count + 1 - begin) // 2 + 1
        raw = content.read_at(self.table + begin // 2 * 3, pairs * 3)
        three = np.frombuffer(raw[: len(raw) // 3 * 3], np.uint8).astype(np.uint32).reshape(-1, 3)
        low = three[:, 0] | (three[:, 1] & 15) << 8
        high = three[:, 1] >> 4 | three[:, 2] << 4
        return np.stack((low, high), axis=1).reshape(-1)[first - begin :][:count]

    def used(self, content: Medium, first: int, count: int) -> Bits:
        """Tell which clusters the table has in use, counted from the first that there is."""
        return padded(self.following(content, first + 2, count) != 0, count)

    def bad(self, content: Medium, first: int, count: int) -> Bits:
        """Tell which clusters the table calls bad, counted from the first that there is."""
        return padded(self.following(content, first + 2, count) == _BAD[self.kind], count)


def fat(content: Medium, kind: str) -> Layout | None:
    """Read the layout of FAT12, FAT16 or FAT32; None where the first sector cannot be right."""
    boot = content.read_at(0, 512).ljust(512, b"\0")
    sector, reserved = _number(boot, 11, 2), _number(boot, 14, 2)
    cluster = sector * boot[13]
    table_size = (_number(boot, 22, 2) or _number(boot, 36, 4)) * sector
    sectors = _number(boot, 19, 2) or _number(boot, 32, 4)
    if sector not in {512, 1024, 2048, 4096} or not cluster or not table_size:
        return None
    entries = reserved * sector + boot[16] * table_size
    root = -(-_number(boot, 17, 2) * SLOT // sector) * sector
    count = max(0, sectors * sector - entries - root) // cluster
    first = 0 if root else _number(boot, 44, 4)
    return Layout(kind, sector, cluster, reserved * sector, entries, entries + root, count, first)


def exfat(content: Medium) -> Layout | None:
    """Read the layout of exFAT; None where the first sector cannot be right."""
    boot = content.read_at(0, 512).ljust(512, b"\0")
    if not 9 <= boot[108] <= 12 or boot[108] + boot[109] > 25:
        return None
    sector = 1 << boot[108]
    heap = _number(boot, 88, 4) * sector
    table, count = _number(boot, 80, 4) * sector, _number(boot, 92, 4)
    root = _number(boot, 96, 4)
    return Layout("exfat", sector, sector << boot[109], table, heap, heap, count, root)


def _number(content: bytes, place: int, size: int) -> int:
    return int.from_bytes(content[place : place + size], "little")
