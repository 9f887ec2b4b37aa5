"""Make a compound file of version 3: streams by their paths."""

import itertools
import struct

END, FREE, FAT, DIFAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 0xFFFFFFFC
MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
SECTOR, MINI = 512, 64


def compound(streams):
    """Give the bytes of a compound file with streams under paths such as ``a/b``."""
    sectors = _Sectors()
    starts = {path: sectors.add(content) for path, content in streams.items()}
    root = sectors.add_large(sectors.mini)
    mini_table = sectors.add_large(_numbers(sectors.mini_table)) if sectors.mini else END
    nodes = _nodes(streams, starts)
    nodes[0][4:] = [root, len(sectors.mini)]
    raw = b"".join(_entry(*node) for node in nodes)
    directory = sectors.add_large(raw + bytes(-len(raw) % SECTOR))
    count = more = 0
    while count * 128 < len(sectors.table) + count + more:
        count += 1
        more = -(-max(0, count - 109) // 127)
    first = len(sectors.table)
    numbers = [*range(first, first + count)]
    numbers += [FREE] * (109 + 127 * more - count)
    header = struct.pack(
        "<8s16xHHHHH6xIIIIIIIII", MAGIC, 0x3E, 3, 0xFFFE, 9, 6,
        0, count, directory, 0, 4096, mini_table, -(-len(sectors.mini_table) // 128),
        first + count if more else END, more,
    )  # fmt: skip
    table = _numbers(sectors.table + [FAT] * count + [DIFAT] * more)
    further = [
        [*numbers[109 + 127 * one : 236 + 127 * one], first + count + one + 1]
        for one in range(more)
    ]
    if further:
        further[-1][-1] = END
    tail = b"".join(map(_numbers, further))
    return header + struct.pack("<109I", *numbers[:109]) + sectors.content + table + tail


def _numbers(values):
    raw = struct.pack(f"<{len(values)}I", *values)
    return raw + b"\xff" * (-len(raw) % SECTOR)


class _Sectors:
    """Sectors that are filled one after the other, large and small."""

    def __init__(self):
        self.content, self.table, self.mini, self.mini_table = b"", [], b"", []

    def add(self, content):
        if len(content) >= 4096 or not content:
            return self.add_large(content)
        first = len(self.mini_table)
        self.mini_table += [first + 1 + one for one in range(-(-len(content) // MINI))]
        self.mini_table[-1] = END
        self.mini += content + bytes(-len(content) % MINI)
        return first

    def add_large(self, content):
        if not content:
            return END
        first = len(self.table)
        self.table += [first + 1 + one for one in range(-(-len(content) // SECTOR))]
        self.table[-1] = END
        self.content += content + bytes(-len(content) % SECTOR)
        return first


def _nodes(streams, starts):
    """Name, kind, next one in the same storage, first one inside, first sector, size."""
    nodes = [["Root Entry", 5, FREE, FREE, 0, 0]]
    index, children = {(): 0}, {0: []}
    for path, content in streams.items():
        parts = tuple(path.split("/"))
        for depth in range(1, len(parts)):
            if parts[:depth] not in index:
                index[parts[:depth]] = len(nodes)
                children[index[parts[: depth - 1]]].append(len(nodes))
                children[len(nodes)] = []
                nodes.append([parts[depth - 1], 1, FREE, FREE, 0, 0])
        children[index[parts[:-1]]].append(len(nodes))
        nodes.append([parts[-1], 2, FREE, FREE, starts[path], len(content)])
    for parent, below in children.items():
        nodes[parent][3] = below[0] if below else FREE
        for one, following in itertools.pairwise(below):
            nodes[one][2] = following
    return nodes


def _entry(name, kind, right, child, start, size):
    text = name.encode("utf-16-le")
    return struct.pack(
        "<64sHBBIII16x4x8x8xIQ", text, len(text) + 2, kind, 1, FREE, right, child, start, size
    )
