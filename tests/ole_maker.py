"""Make a compound file of version 3: streams by their paths."""

import struct

END, FREE, FAT, NONE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 0xFFFFFFFF


def compound(streams):
    """Give the bytes of a compound file with streams under paths such as ``a/b``."""
    sectors, table = [], []

    def add(content, size=512):
        """Store content in a chain of sectors; give the first."""
        if not content:
            return END
        first = len(sectors)
        for place in range(0, len(content), size):
            sectors.append(content[place : place + size].ljust(size, b"\0"))
            table.append(len(sectors))
        table[-1] = END
        return first

    mini, mini_table, starts = b"", [], {}
    for path, content in streams.items():
        if len(content) >= 4096 or not content:
            starts[path] = add(content)
            continue
        starts[path] = len(mini) // 64
        for _ in range(0, len(content), 64):
            mini_table.append(len(mini_table) + 1)
        mini_table[-1] = END
        mini += content + bytes(-len(content) % 64)
    root = add(mini)
    mini_start = add(struct.pack(f"<{len(mini_table)}I", *mini_table).ljust(-(-len(mini_table) // 128) * 512, b"\xff")) if mini_table else END

    nodes = [["Root Entry", 5, NONE, NONE, root, len(mini)]]
    index = {(): 0}
    children = {0: []}
    for path, content in streams.items():
        parts = tuple(path.split("/"))
        for depth in range(1, len(parts)):
            if parts[:depth] not in index:
                index[parts[:depth]] = len(nodes)
                children[len(nodes)] = []
                children[index[parts[: depth - 1]]].append(len(nodes))
                nodes.append([parts[depth - 1], 1, NONE, NONE, 0, 0])
        children[index[parts[:-1]]].append(len(nodes))
        nodes.append([parts[-1], 2, NONE, NONE, starts[path], len(content)])
    child = {}
    for parent, below in children.items():
        child[parent] = below[0] if below else NONE
        for one, following in zip(below, below[1:], strict=False):
            nodes[one][3] = following
    raw = b""
    for number, (name, kind, left, right, start, size) in enumerate(nodes):
        text = name.encode("utf-16-le")
        raw += struct.pack(
            "<64sHBBIII16x4x8x8xIQ", text, len(text) + 2, kind, 1, left, right,
            child.get(number, NONE), start, size,
        )  # fmt: skip
    directory = add(raw.ljust(-(-len(raw) // 512) * 512, b"\0"))

    count = 1
    while count * 128 < len(sectors) + count:
        count += 1
    first = len(sectors)
    table += [FAT] * count
    packed = struct.pack(f"<{len(table)}I", *table).ljust(count * 512, b"\xff")
    numbers = [first + one for one in range(count)][:109] + [FREE] * max(0, 109 - count)
    assert count <= 109
    header = struct.pack(
        "<8s16xHHHHH6xIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6,
        0, count, directory, 0, 4096, mini_start, -(-len(mini_table) // 128), END, 0,
    )  # fmt: skip
    return header + struct.pack("<109I", *numbers) + b"".join(sectors) + packed
