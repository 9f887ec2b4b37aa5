"""Makes small NTFS volumes byte by byte: files with streams, compressed ones too."""

import struct
from dataclasses import dataclass

CLUSTER = 512
RECORD = 1024
UNIT = 16
"""Clusters that are compressed together."""
CHUNK = 4096
MFT = 64
"""The cluster at which the table of records begins."""
RECORDS = 40
FIRST = 24
"""The record of the first file."""
_DATA, _TIME = 0x80, 132_223_104_000_000_000
_VOLUME, _ROOT, _BITMAP_RECORD = 3, 5, 6


@dataclass(frozen=True)
class Data:
    """Content of a stream; ``written`` bytes of it, where not all was."""

    content: bytes
    name: str = ""
    compressed: bool = False
    written: int | None = None


def packed(content):
    """Compress a unit in LZNT1: what repeats with one period is told once, else as it is."""
    out = b""
    for start in range(0, len(content), CHUNK):
        chunk = content[start : start + CHUNK]
        period = next((n for n in (1, 2, 3, 5, 7) if chunk[n:] == chunk[:-n]), 0)
        if not period or len(chunk) < CHUNK:
            out += struct.pack("<H", 0x3000 | len(chunk) - 1) + chunk
            continue
        body, place, tokens = b"", 0, []
        while place < len(chunk):
            bits = max(4, (place - 1).bit_length()) if place else 4
            length = min(len(chunk) - place, (1 << 16 - bits) + 2)
            if place < period or length < 3:
                tokens.append((0, chunk[place : place + 1]))
                place += 1
            else:
                token = (period - 1) << 16 - bits | length - 3
                tokens.append((1, struct.pack("<H", token)))
                place += length
        for first in range(0, len(tokens), 8):
            eight = tokens[first : first + 8]
            body += bytes((sum(kind << bit for bit, (kind, _) in enumerate(eight)),))
            body += b"".join(token for _, token in eight)
        out += struct.pack("<H", 0xB000 | len(body) - 1) + body
    return out


class NtfsVolume:
    """A volume whose root has files; each is a list of :class:`Data`, or has times as well."""

    def __init__(self, files, clusters=4096):
        self._image = bytearray(clusters * CLUSTER)
        self._clusters = clusters
        self._next = MFT + RECORDS * RECORD // CLUSTER
        self._records = {}
        self._map = self._put(bytes(clusters // 8))
        names = []
        for number, (name, file) in enumerate(files.items(), FIRST):
            streams, times = file if isinstance(file, tuple) else (file, (_TIME,) * 4)
            attributes = _standard(times) + _resident(0x30, _name(name), 1)
            for ident, one in enumerate(streams, 2):
                attributes += self._data(one, ident)
            self._record(number, attributes, 1)
            names.append((number, _name(name)))
        table = _nonresident(_DATA, b"\x32" + _run(RECORDS * 2, MFT), RECORDS * RECORD, 1)
        self._record(0, _standard() + table, 1)
        self._record(_ROOT, _standard() + _resident(0x90, _index(names), 1, "$I30"), 3)
        version = _resident(0x70, struct.pack("<8xBBH", 3, 1, 0), 2)
        self._record(_VOLUME, _standard() + _resident(0x60, b"M\0", 1) + version, 1)
        for number in range(RECORDS):
            if number not in self._records:
                self._record(number, _standard(), 1 if number < FIRST else 0)

    def _data(self, one, ident):
        size, name = len(one.content), one.name
        written = size if one.written is None else one.written
        if not one.compressed and size < 100:
            return _resident(_DATA, one.content, ident, name)
        if not one.compressed:
            runs = b"\x32" + _run(-(-size // CLUSTER), self._put(one.content))
            return _nonresident(_DATA, runs, size, ident, name, written)
        runs, last = b"", 0
        for start in range(0, size, UNIT * CLUSTER):
            unit = one.content[start : start + UNIT * CLUSTER]
            body = packed(unit)
            count = -(-len(body) // CLUSTER)
            if not any(unit):
                count = 0
            elif count >= UNIT:
                body, count = unit.ljust(UNIT * CLUSTER, b"\0"), UNIT
            if count:
                place = self._put(body)
                runs += b"\x32" + _run(count, place - last)
                last = place
            if count < UNIT:
                runs += bytes((0x01, UNIT - count))
        return _nonresident(_DATA, runs, size, ident, name, written, unit=4)

    def _put(self, content):
        place = self._next
        self._image[place * CLUSTER : place * CLUSTER + len(content)] = content
        self._next += -(-len(content) // CLUSTER)
        return place

    def _record(self, number, attributes, flags):
        head = struct.pack(
            *("<4sHHQHHHHIIQH", b"FILE", 48, 3, 0, 1, 1, 56, flags, 0, RECORD, 0, 9),
        )
        body = bytearray(
            (head.ljust(56, b"\0") + attributes + b"\xff\xff\xff\xff").ljust(RECORD, b"\0")
        )
        assert len(body) == RECORD
        body[24:28] = struct.pack("<I", 56 + len(attributes) + 8)
        body[48:50] = b"\1\0"
        for sector in (1, 2):
            end = sector * 512 - 2
            body[48 + 2 * sector : 50 + 2 * sector] = body[end : end + 2]
            body[end : end + 2] = b"\1\0"
        self._records[number] = bytes(body)

    def made(self):
        """Give the bytes of the volume."""
        used = (1 << self._next) - 1
        place = self._map * CLUSTER
        self._image[place : place + self._clusters // 8] = used.to_bytes(
            self._clusters // 8, "little"
        )
        runs = b"\x32" + _run(-(-self._clusters // 8 // CLUSTER), self._map)
        bitmap = _nonresident(_DATA, runs, self._clusters // 8, 1)
        self._record(_BITMAP_RECORD, _standard() + bitmap, 1)
        boot = bytearray(512)
        boot[:11] = b"\xeb\x52\x90NTFS    "
        struct.pack_into("<HB", boot, 11, CLUSTER, 1)
        struct.pack_into("<QQQbxxxbxxxQ", boot, 40, self._clusters - 1, MFT, MFT, -10, 8, 7)
        boot[510:] = b"\x55\xaa"
        self._image[:512] = boot
        for number, record in self._records.items():
            place = MFT * CLUSTER + number * RECORD
            self._image[place : place + RECORD] = record
        return bytes(self._image)


def _run(count, delta):
    return struct.pack("<H", count) + struct.pack("<i", delta)[:3]


def _standard(times=(_TIME,) * 4):
    return _resident(0x10, struct.pack("<4Q", *times).ljust(48, b"\0"), 0)


def _name(name):
    head = struct.pack("<Q7Q", _ROOT | 1 << 48, *(_TIME,) * 4, 0, 0, 0)[:64]
    return head + struct.pack("<BB", len(name), 1) + name.encode("utf-16-le")


def _padded(content):
    return content + bytes(-len(content) % 8)


def _resident(kind, content, ident, name=""):
    label = _padded(name.encode("utf-16-le"))
    body = _padded(content)
    head = struct.pack(
        *("<IIBBHHHIHH", kind, 24 + len(label) + len(body), 0, len(name), 24, 0, ident),
        *(len(content), 24 + len(label), 0),
    )
    return head + label + body


def _nonresident(kind, runs, size, ident, name="", written=None, unit=0):
    label = _padded(name.encode("utf-16-le"))
    start = 72 if unit else 64
    body = _padded(runs + b"\0")
    step = CLUSTER << unit
    whole = -(-size // step) * step
    head = struct.pack(
        *("<IIBBHHHQQHH4xQQQ", kind, start + len(label) + len(body), 1, len(name), start),
        *(1 if unit else 0, ident, 0, whole // CLUSTER - 1, start + len(label), unit),
        *(whole, size, size if written is None else written),
    )
    return head + (struct.pack("<Q", whole) if unit else b"") + label + body


def _index(names):
    entries = b""
    for number, name in names:
        body = _padded(name)
        entries += struct.pack("<QHHI", number | 1 << 48, 16 + len(body), len(name), 0) + body
    entries += struct.pack("<QHHI", 0, 16, 0, 2)
    head = struct.pack("<IIIB3x", 0x30, 1, 4096, 8)
    return head + struct.pack("<IIII", 16, 16 + len(entries), 16 + len(entries), 0) + entries
