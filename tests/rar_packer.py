"""Members packed as version 2.9 of RAR does, in its simplest way: for tests, as nothing free packs.

Source: the layout that the readers of libarchive and The Unarchiver agree on.
"""

import struct
import zlib

from tests.archives import rar4_block

MATCH = 3, 9
"""How many bytes a match copies, and from how far back."""
_MAIN, _OFFSETS, _LOW, _LENGTHS = 299, 60, 17, 28
_END, _COPY, _SLOT = 256, 271, 6
_USED = 0, 1, 2, 9  # lengths of codes that occur, two bits each


class _Bits:
    def __init__(self):
        self.text = []

    def put(self, value, size):
        self.text.append(f"{value:0{size}b}")

    def bytes(self):
        text = "".join(self.text)
        text += "0" * (-len(text) % 8)
        return int(text, 2).to_bytes(len(text) // 8, "big") + bytes(4)


def _codes(lengths):
    """Give the code of every symbol: shorter ones first, in order."""
    code, codes = 0, {}
    for size in range(1, 16):
        for symbol, own in enumerate(lengths):
            if own == size:
                codes[symbol] = code, size
                code += 1
        code <<= 1
    return codes


def packed(data, before=b""):
    """Pack bytes: letters as they are, and a match wherever :data:`MATCH` fits.

    Args:
        data: what is packed.
        before: what was packed before, in an archive whose members build on each other.
    """
    main = [9] * 256 + [2] + [0] * (_COPY - _END - 1) + [2]
    main += [0] * (_MAIN - len(main))
    offsets = [int(n in {0, _SLOT}) for n in range(_OFFSETS)]
    others = [int(n < 2) for n in range(_LOW)] + [int(n < 2) for n in range(_LENGTHS)]
    bits = _Bits()
    bits.put(0, 2)  # letters and matches, new tables
    for symbol in range(20):
        bits.put(2 if symbol in _USED else 0, 4)
    for length in (*main, *offsets, *others):
        bits.put(_USED.index(length), 2)
    codes, slots = _codes(main), _codes(offsets)
    whole, place = before + data, len(before)
    size, back = MATCH
    while place < len(whole):
        if place >= back and whole[place : place + size] == whole[place - back :][:size]:
            bits.put(*codes[_COPY])
            bits.put(*slots[_SLOT])
            bits.put(0, 2)
            place += size
        else:
            bits.put(*codes[whole[place]])
            place += 1
    bits.put(*codes[_END])
    bits.put(0b01, 2)  # no more of this member, new tables for the next
    return bits.bytes()


def rar4_packed(name, plain, data, *, solid=False, crc=None):
    """Write a member that is packed."""
    crc = zlib.crc32(plain) if crc is None else crc
    sizes = (len(data), len(plain), 3, crc, 0x5ACB0A00, 29, 0x33, len(name), 0o100644)
    flags = 0x8000 | (0x10 if solid else 0)
    return rar4_block(0x74, flags, struct.pack("<IIBIIBBHI", *sizes) + name, data)


def rar4_solid(*members, wrong=()):
    """Write an archive whose members build on each other.

    Args:
        members: name and content of each.
        wrong: names of those whose checksum is not that of the content.
    """
    blocks, before = [rar4_block(0x73, 8, bytes(6))], b""
    for name, plain in members:
        data = packed(plain, before)
        crc = 1 if name in wrong else None
        blocks.append(rar4_packed(name, plain, data, solid=bool(before), crc=crc))
        before += plain
    return b"Rar!\x1a\x07\0" + b"".join(blocks) + rar4_block(0x7B, 0x4000, b"")
