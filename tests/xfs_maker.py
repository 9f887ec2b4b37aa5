"""A small XFS of version 5, made byte by byte: one group, files and folders of every form."""

import struct

from hashmatch.evidence.media.crc32c import crc32c

BLOCK = 1024
INODE = 512
ROOT = 32  # the number of the first inode here: block 16, two to a block
BLOCKS = 256
LOG, LOG_BLOCKS = 4, 8
"""Where the journal lies, and how large it is; in blocks."""
MADE = 1_600_000_000 * 1_000_000_000 + 123_456_789


def extent(start, block, count, *, unwritten=False):
    """Write one extent, in blocks."""
    value = unwritten << 127 | start << 73 | block << 21 | count
    return value.to_bytes(16)


def log_record(place, *, cycle=1, count=1, flags=0, size=32768):
    """Write a record of the journal, for a place in blocks of 512 bytes; 0x20 is for unmounted."""
    head = struct.pack(
        ">4sIIIIIQIII", b"\xfe\xed\xba\xbe", cycle, 2, 512, cycle, place, 0, 0, 0, count
    )
    head = head.ljust(320, b"\0") + struct.pack(">I", size)
    heads = max(1, -(-size // 32768))
    return head.ljust(512 * heads, b"\0") + struct.pack(">IIBBH", cycle, 8, 0xAA, flags, 0).ljust(
        512
    )


def seal(raw):
    """Write the checksums of all metadata of a disk anew."""
    raw = bytearray(raw)
    _sum(raw, 0, 512, 224)
    for at in range(ROOT * INODE, 64 * BLOCK, INODE):
        if raw[at : at + 2] == b"IN":
            _sum(raw, at, INODE, 100)
    for at in range(64 * BLOCK, len(raw), BLOCK):
        place = {b"BMA3": 64, b"XDB3": 4, b"XDD3": 4}.get(bytes(raw[at : at + 4]))
        if place:
            _sum(raw, at, BLOCK, place)
    return raw


def _sum(raw, at, length, place):
    raw[at + place : at + place + 4] = bytes(4)
    struct.pack_into("<I", raw, at + place, crc32c(bytes(raw[at : at + length])))


class Xfs:
    """Blocks and inodes that are filled one after another."""

    def __init__(self, *, realtime=0, incompatible=0x1):
        self.raw = bytearray(BLOCK * BLOCKS)
        self.next_inode = ROOT + 1
        self.next_block = 64
        self.raw[:264] = self._head(realtime, incompatible)
        self.write(LOG, log_record(0, flags=0x20))

    def _head(self, realtime, incompatible):
        head = bytearray(264)
        struct.pack_into(">4sIQQ", head, 0, b"XFSB", BLOCK, BLOCKS, realtime)
        struct.pack_into(">Q", head, 48, LOG)
        struct.pack_into(">Q", head, 56, ROOT)
        struct.pack_into(">IIxxxxI", head, 84, BLOCKS, 1, LOG_BLOCKS)
        struct.pack_into(">HHHH", head, 100, 0xB4A5, 512, INODE, BLOCK // INODE)
        head[120:125] = bytes((10, 9, 9, 1, 8))
        struct.pack_into(">I", head, 216, incompatible)
        return head

    def blocks(self, count):
        """Take free blocks."""
        first = self.next_block
        self.next_block += count
        return first

    def write(self, block, data):
        self.raw[block * BLOCK : block * BLOCK + len(data)] = data

    def inode(self, mode, form, fork, *, size=0, count=0, number=None, big=False, flags=0):
        """Write an inode, the next one if no number is given; gives its number."""
        if number is None:
            number, self.next_inode = self.next_inode, self.next_inode + 1
        raw = bytearray(INODE)
        struct.pack_into(">2sHBB", raw, 0, b"IN", mode, 3, form)
        struct.pack_into(">I", raw, 16, 1)
        struct.pack_into(">iI", raw, 32, 1_600_000_001, 1)
        struct.pack_into(">iI", raw, 40, 1_600_000_000, 123_456_789)
        struct.pack_into(">iI", raw, 48, -1, 5)
        struct.pack_into(">QQ", raw, 56, size, 0)
        struct.pack_into(">I", raw, 76, 0 if big else count)
        struct.pack_into(">H", raw, 90, flags)
        struct.pack_into(">iI", raw, 144, 1_599_999_999, 7)
        struct.pack_into(">Q", raw, 152, number)
        if big:  # counts of 64 bits and times of nanoseconds since 1901
            struct.pack_into(">Q", raw, 24, count)
            struct.pack_into(">Q", raw, 120, 1 << 4 | 1 << 3)
            for at in (32, 40, 48, 144):
                struct.pack_into(">Q", raw, at, MADE + (1 << 31) * 1_000_000_000)
        raw[176 : 176 + len(fork)] = fork
        self.raw[number * INODE : (number + 1) * INODE] = raw
        return number

    def file(self, content, *, big=False):
        """Write a file in one extent."""
        count = -(-len(content) // BLOCK)
        first = self.blocks(count)
        self.write(first, content)
        fork = extent(0, first, count) if count else b""
        return self.inode(0o100644, 2, fork, size=len(content), count=bool(count), big=big)

    def scattered(self, content, *, levels=1):
        """Write a file of every second block, with a tree of extents; holes between."""
        leaves, size = [], 0
        for place in range(0, len(content), 4):
            found = []
            for number, piece in enumerate(content[place : place + 4], place):
                block = self.blocks(1)
                self.write(block, piece)
                found.append(extent(2 * number, block, 1))
                size = 2 * number * BLOCK + len(piece)
            leaves.append((2 * place, found))
        number = self.next_inode
        below = [(key, self._leaf(number, found)) for key, found in leaves]
        for level in range(1, levels):
            below = [(below[0][0], self._branch(number, level, below))]
        fork = struct.pack(">HH", levels, len(below)).ljust(4 + 8 * 20, b"\0")
        fork = bytearray(fork.ljust(4 + 16 * 20, b"\0"))
        most = (INODE - 176 - 4) // 16
        for at, (key, block) in enumerate(below):
            struct.pack_into(">Q", fork, 4 + 8 * at, key)
            struct.pack_into(">Q", fork, 4 + 8 * most + 8 * at, block)
        return self.inode(0o100600, 3, fork, size=size, count=len(content))

    def _block_head(self, level, count, owner):
        return struct.pack(">4sHHQQQQ16sQII", b"BMA3", level, count, *[0] * 4, b"", owner, 0, 0)

    def _leaf(self, owner, found):
        block = self.blocks(1)
        self.write(block, self._block_head(0, len(found), owner) + b"".join(found))
        return block

    def _branch(self, owner, level, below):
        block = self.blocks(1)
        most = (BLOCK - 72) // 16
        body = bytearray(16 * most)
        for at, (key, child) in enumerate(below):
            struct.pack_into(">Q", body, 8 * at, key)
            struct.pack_into(">Q", body, 8 * most + 8 * at, child)
        self.write(block, self._block_head(level, len(below), owner) + body)
        return block

    def short_folder(self, names, *, number=None, large=0):
        """Write a folder in its inode; names are pairs of name and number.

        Where so many numbers count as large, all of them have eight bytes.
        """
        wide = ">Q" if large else ">I"
        fork = bytes((len(names), large)) + struct.pack(wide, ROOT)
        for name, child in names:
            fork += struct.pack(">BH", len(name), 0) + name + b"\1" + struct.pack(wide, child)
        return self.inode(0o40755, 1, fork, size=len(fork), number=number)

    def block_folder(self, names, *, several=False):
        """Write a folder in one block, or in blocks of which each has some of the names."""
        number = self.next_inode
        parts = [names[at : at + 8] for at in range(0, len(names), 8)] if several else [names]
        fork = b""
        for place, part in enumerate(parts):
            block = self.blocks(1)
            self.write(block, self._folder_block(number, part, alone=not several))
            fork += extent(place, block, 1)
        return self.inode(0o40755, 2, fork, size=len(parts) * BLOCK, count=len(parts))

    def _folder_block(self, owner, names, *, alone):
        data = bytearray(
            struct.pack(">4sIQQ16sQ", b"XDB3" if alone else b"XDD3", *[0] * 3, b"", owner)
        )
        data = data.ljust(64, b"\0")
        end = BLOCK - (8 + 8 * len(names) if alone else 0)
        for name, child in [(b".", owner), (b"..", ROOT), *names]:
            entry = struct.pack(">QB", child, len(name)) + name + b"\1"
            data += entry.ljust(-(-(len(entry) + 2) // 8) * 8, b"\0")
        data += b"\xff\xff" + (end - len(data)).to_bytes(2)
        data = data.ljust(BLOCK, b"\0")
        if alone:
            struct.pack_into(">II", data, BLOCK - 8, len(names), 0)
        return bytes(data)


def usual():
    """Make one with a bit of everything; the names, and the content of each file by its path."""
    disk = Xfs()
    pieces = [bytes((65 + one,)) * BLOCK for one in range(9)] + [b"end"]
    apart = b"".join(one + bytes(BLOCK) for one in pieces[:-1]) + b"end"
    files = {b"Docs/a.txt": b"hello", b"Docs/empty": b"", b"big.bin": b"0123456789" * 333}
    numbers = {path: disk.file(content) for path, content in files.items()}
    files[b"apart"] = files[b"deep"] = apart
    holes = extent(1, disk.blocks(1), 1) + extent(2, disk.blocks(1), 1, unwritten=True)
    disk.write(disk.next_block - 2, b"x" * BLOCK)
    disk.write(disk.next_block - 1, b"stale" * 200)
    files[b"holes"] = bytes(BLOCK) + b"x" * BLOCK + bytes(2 * BLOCK - 7)
    many = [(b"name %d" % one, disk.file(b"%d" % one, big=True)) for one in range(20)]
    files.update({b"many/" + name: name[5:] for name, _ in many})
    docs = disk.block_folder(
        [(b"a.txt", numbers[b"Docs/a.txt"]), (b"empty", numbers[b"Docs/empty"])]
    )
    names = [
        (b"Docs", docs),
        (b"many", disk.block_folder(many, several=True)),
        (b"big.bin", numbers[b"big.bin"]),
        (b"hard\xff", numbers[b"big.bin"]),
        (b"apart", disk.scattered(pieces)),
        (b"deep", disk.scattered(pieces, levels=2)),
        (b"holes", disk.inode(0o100644, 2, holes, size=4 * BLOCK - 7, count=2)),
        (b"link", disk.inode(0o120777, 1, b"Docs", size=4)),
        (b"pipe", disk.inode(0o10644, 0, b"")),
    ]
    files[b"hard\xff"] = files[b"big.bin"]
    disk.short_folder(names, number=ROOT)
    disk.raw = seal(disk.raw)
    return disk, files
