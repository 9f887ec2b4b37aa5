"""Makes exFAT volumes from bytes: files with offsets of times, unwritten ends, deleted ones."""

import struct

SECTOR = 512
CLUSTER = 4096
COUNT = 200
TABLE, HEAP = 24, 32
"""Where the table and the first cluster lie, in sectors."""
TIME = (2020 - 1980) << 25 | 1 << 21 | 15 << 16 | 10 << 11 | 20 << 5 | 15


class ExfatMaker:
    """A volume whose first folder has one cluster, or several."""

    def __init__(self, folder_clusters=1):
        self.root = list(range(4, 4 + folder_clusters))
        self.next = 4 + folder_clusters
        self.used = {2, 3, *self.root}
        self.table = {2: 0xFFFFFFFF, 3: 0xFFFFFFFF}
        self.link(self.root)
        self.clusters = {}
        self.slots = [
            b"\x83\x04" + "TEST".encode("utf-16-le").ljust(30, b"\0"),
            struct.pack("<BB18xIQ", 0x81, 0, 2, (COUNT + 7) // 8),
            struct.pack("<B3xI12xIQ", 0x82, 0, 3, 128),
        ]

    def link(self, chain):
        for here, following in zip(chain, [*chain[1:], 0xFFFFFFFF], strict=True):
            self.table[here] = following

    def take(self, number):
        first = self.next
        self.next += number
        return list(range(first, first + number))

    def file(self, name, content, *, deleted=False, chain=None, **more):
        """Put a file into the first folder; clusters that follow each other are not chained."""
        given = chain
        chain = self.take(-(-len(content) // CLUSTER)) if chain is None else chain
        for place, cluster in enumerate(chain):
            self.clusters[cluster] = content[place * CLUSTER : (place + 1) * CLUSTER]
        if not deleted:
            self.used |= set(chain)
        if given and not deleted:
            self.link(chain)
        text = name.encode("utf-16-le")
        in_use = 0 if deleted else 0x80
        parts = [text[at : at + 30].ljust(30, b"\0") for at in range(0, len(text), 30)]
        head = struct.pack(
            "<BBHHHIIIBBBBB7x",
            *(0x05 | in_use, 1 + len(parts), 0, 0x20, 0, TIME, TIME, TIME, 50, 100),
            *more.get("zones", (0x80 | 28, 0, 0x80 | 0x7C)),
        )
        stream = struct.pack(
            "<BBBBHHQIIQ",
            *(0x40 | in_use, 1 if given else 3, 0, len(name), 0, 0),
            *(more.get("valid", len(content)), 0, chain[0] if chain else 0, len(content)),
        )
        self.slots += [head, stream, *(bytes([0x41 | in_use, 0]) + part for part in parts)]

    def image(self):
        out = bytearray(HEAP * SECTOR + COUNT * CLUSTER)
        out[:11] = b"\xeb\x76\x90EXFAT   "
        struct.pack_into("<QQIIIII", out, 64, 0, len(out) // SECTOR, TABLE, 8, HEAP, COUNT, 4)
        struct.pack_into("<IHHBBBBB", out, 100, 1, 0x100, 0, 9, 3, 1, 0x80, 0)
        out[510:512] = b"\x55\xaa"
        out[12 * SECTOR : 13 * SECTOR] = out[:SECTOR]
        for cluster, value in {0: 0xFFFFFFF8, 1: 0xFFFFFFFF, **self.table}.items():
            struct.pack_into("<I", out, TABLE * SECTOR + 4 * cluster, value)
        bits = sum(1 << cluster - 2 for cluster in self.used)
        names = b"".join(self.slots)
        pieces = {2: bits.to_bytes((COUNT + 7) // 8, "little"), **self.clusters}
        for place, cluster in enumerate(self.root):
            pieces[cluster] = names[place * CLUSTER : (place + 1) * CLUSTER]
        for cluster, piece in pieces.items():
            start = self.at(cluster)
            out[start : start + len(piece)] = piece
        return bytes(out)

    @staticmethod
    def at(cluster):
        """Where a cluster lies."""
        return HEAP * SECTOR + (cluster - 2) * CLUSTER
