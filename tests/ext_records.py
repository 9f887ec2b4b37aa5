"""Makes records of ext4 that hold the content of their file."""

import struct


def record(room, value=b"", size=None, width=512, **more):
    """Make a record whose content lies in it: the room of pointers, and an attribute."""
    raw = bytearray(width)
    size = len(room) + len(value) if size is None else size
    raw[4:8] = struct.pack("<I", size)
    raw[32:36] = struct.pack("<I", 0x10000000)
    raw[40 : 40 + len(room)] = room
    raw[128:130] = b"\x20\0"
    raw[160:164] = struct.pack("<I", 0xEA020000)
    place = width - len(value)
    other = struct.pack("<BBHIII", 3, 1, 0, 0, 0, 0) + b"key\0"
    entry = struct.pack(
        *("<BBHIII", 4, 7, more.get("offset", place - 164), more.get("elsewhere", 0)),
        *(more.get("length", len(value)), 0),
    )
    entries = other + entry + b"data"
    raw[164 : 164 + len(entries)] = entries
    raw[place:] = value
    return bytes(raw)
