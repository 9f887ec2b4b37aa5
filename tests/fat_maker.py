"""Makes FAT12, FAT16 and FAT32 volumes from bytes: files, folders, deleted, fragmented.

``FatMaker(16).file(b"A.JPG", content)`` and so on; ``image()`` gives the volume.
"""

import struct

SECTOR = 512
FEWEST = {12: 400, 16: 4200, 32: 65600}
"""Clusters by which a volume is of its width."""
STAMP = (2020, 1, 15, 10, 20, 30)


def packed(stamp):
    """Pack year, month, day, hour, minute and second: the date and the time."""
    year, month, day, hour, minute, second = stamp
    return (year - 1980) << 9 | month << 5 | day, hour << 11 | minute << 5 | second // 2


class FatMaker:
    """A volume with clusters of one sector."""

    def __init__(self, width=16, clusters=None):
        self.width = width
        self.count = clusters or FEWEST[width]
        self.table = {}
        self.clusters = {}
        self.slots = {None: []}
        self.next = 3 if width == 32 else 2  # the first folder of FAT32 is cluster 2
        self.heads = {}

    def take(self, number):
        """Reserve clusters that follow each other."""
        first = self.next
        self.next += number
        assert self.next <= self.count + 2
        return list(range(first, first + number))

    def file(self, name, content, folder=None, *, deleted=False, chain=None, size=None, **more):
        """Put a file into a folder; gives its clusters.

        Its chain can be given: clusters in any order; those of a deleted file are free again.
        """
        need = -(-len(content) // SECTOR)
        chain = self.take(need) if chain is None else chain
        for place, cluster in enumerate(chain):
            self.clusters[cluster] = content[place * SECTOR : (place + 1) * SECTOR]
        if not deleted:
            self.link(chain)
        size = len(content) if size is None else size
        self.slots[folder].append(self.slot(name, chain, size, deleted=deleted, **more))
        return chain

    def link(self, chain, last=0x0FFFFFFF):
        """Chain clusters in the table."""
        for here, following in zip(chain, [*chain[1:], last], strict=False):
            self.table[here] = following

    def folder(self, name, above=None, *, deleted=False, clusters=1):
        """Put a folder into another; gives a handle."""
        chain = self.take(clusters)
        if not deleted:
            self.link(chain)
        self.slots[above].append(self.slot(name, chain, 0, deleted=deleted, attributes=0x10))
        self.heads[chain[0]] = chain
        parent = above or 0
        own = self.slot(b".", chain, 0, attributes=0x10)
        up = self.slot(b"..", [parent] if parent else [], 0, attributes=0x10)
        self.slots[chain[0]] = [own, up]
        return chain[0]

    def slot(self, name, chain, size, *, deleted=False, attributes=0x20, stamp=STAMP, hundredths=0):
        """Make the entry of a folder."""
        base, _, ending = name.partition(b".") if name.strip(b".") else (name, b"", b"")
        short = base.ljust(8)[:8] + ending.ljust(3)[:3]
        if deleted:
            short = b"\xe5" + short[1:]
        date, time = packed(stamp)
        first = chain[0] if chain else 0
        return struct.pack(
            "<11sBBBHHHHHHHI",
            *(short, attributes, 0, hundredths, time, date, date, first >> 16),
            *(time, date, first & 0xFFFF, size),
        )

    def image(self):
        """Give the bytes of the volume."""
        entry = {12: 1.5, 16: 2, 32: 4}[self.width]
        table = -(-int((self.count + 2) * entry + 1) // SECTOR)
        root = 0 if self.width == 32 else 32
        reserved = 32 if self.width == 32 else 1
        total = reserved + 2 * table + root + self.count
        boot = bytearray(SECTOR)
        boot[:11] = b"\xeb\x3c\x90MSDOS5.0"
        small = self.width != 32
        struct.pack_into("<HBHBHHBH", boot, 11, 512, 1, reserved, 2, root * 16, 0, 0xF8, table)
        struct.pack_into("<HHII", boot, 24, 32, 64, 0, total)
        if small:
            struct.pack_into("<BBBI11s8s", boot, 36, 0x80, 0, 0x29, 1, b"NO NAME    ", b"FAT     ")
        else:
            struct.pack_into("<H", boot, 22, 0)
            struct.pack_into("<IHHIHH", boot, 36, table, 0, 0, 2, 1, 6)
            struct.pack_into("<BBBI11s8s", boot, 64, 0x80, 0, 0x29, 1, b"NO NAME    ", b"FAT32   ")
            self.table[2] = 0x0FFFFFFF
            self.clusters[2] = b"".join(self.slots[None])
        boot[510:] = b"\x55\xaa"
        for first, chain in self.heads.items():
            names = b"".join(self.slots[first]).ljust(len(chain) * SECTOR, b"\0")
            for place, cluster in enumerate(chain):
                self.clusters[cluster] = names[place * SECTOR : (place + 1) * SECTOR]
        first_data = reserved + 2 * table + root
        out = bytearray(total * SECTOR)
        out[:SECTOR] = boot
        if not small:
            out[SECTOR : SECTOR + 4] = b"RRaA"
            out[SECTOR + 484 : SECTOR + 488] = b"rrAa"
            out[SECTOR + 510 : SECTOR + 512] = b"\x55\xaa"
            out[6 * SECTOR : 7 * SECTOR] = boot
        fat = self._table(table * SECTOR)
        for copy in (0, 1):
            start = (reserved + copy * table) * SECTOR
            out[start : start + len(fat)] = fat
        if small:
            names = b"".join(self.slots[None])
            start = (reserved + 2 * table) * SECTOR
            out[start : start + len(names)] = names
        for cluster, piece in self.clusters.items():
            start = (first_data + cluster - 2) * SECTOR
            out[start : start + len(piece)] = piece
        self.data = first_data * SECTOR
        return bytes(out)

    def _table(self, size):
        values = {0: 0x0FFFFFF8, 1: 0x0FFFFFFF, **self.table}
        out = bytearray(size)
        for cluster, value in values.items():
            if self.width == 12:
                place, short = cluster * 3 // 2, value & 0xFFF
                old = int.from_bytes(out[place : place + 2], "little")
                new = old & 0xF | short << 4 if cluster & 1 else old & 0xF000 | short
                out[place : place + 2] = new.to_bytes(2, "little")
            else:
                wide = self.width // 8
                short = value & (1 << self.width) - 1
                out[cluster * wide : cluster * wide + wide] = short.to_bytes(wide, "little")
        return bytes(out)
