"""Write small Expert Witness images (EWF version 1), for tests that need one with known bytes.

    first = ewf_maker.write(tmp_path / "disk.E01", content, packed=True, chunks_per_segment=4)

Written from the published layout and independently of the reader; nothing is shared with it.
"""

import hashlib
import struct
import zlib
from dataclasses import dataclass, field

SIGNATURE = b"EVF\x09\x0d\x0a\xff\x00"


@dataclass
class Made:
    """The segments, and where each chunk lies: segment, first byte, byte after it."""

    segments: list[bytes]
    chunks: list[tuple[int, int, int]]


@dataclass
class Plan:
    """What an image is like. ``packed``: True, False, or None for whichever is smaller."""

    chunk_sectors: int = 8
    sector: int = 512
    packed: bool | None = None
    chunks_per_segment: int = 1_000_000
    chunks_per_table: int = 16_375
    guid: bytes = bytes(range(16))
    with_digests: bool = True
    table_copies: bool = True
    base: bool = True
    errors: list[tuple[int, int]] = field(default_factory=list)
    fields: dict[str, str] = field(
        default_factory=lambda: {
            "c": "CASE-1",
            "n": "EV-1",
            "a": "a disk",
            "e": "An Examiner",
            "t": "ภาพ",
            "av": "1.0",
            "ov": "Linux",
            "m": "2026 11 22 0 58 44",
            "u": "2026 11 22 0 58 44",
            "p": "0",
        }
    )
    claimed_sectors: int | None = None


def segment_name(first, number):
    """Name segment ``number`` (from 1) beside the first."""
    if number <= 99:
        return first.with_suffix(f".E{number:02d}")
    number -= 100
    letters = chr(69 + number // 676), chr(65 + number // 26 % 26), chr(65 + number % 26)
    return first.with_suffix("." + "".join(letters))


def write(first, content, **plan):
    """Write an image beside ``first``, a path that ends in ``.E01``; give it back."""
    for number, data in enumerate(make(content, **plan).segments, 1):
        segment_name(first, number).write_bytes(data)
    return first


def make(content, **plan):
    """Make an image in memory."""
    return _Maker(content, Plan(**plan)).made()


def checked(data):
    """Add the Adler-32 that follows most structures."""
    return data + struct.pack("<I", zlib.adler32(data))


class _Maker:
    def __init__(self, content, plan):
        self.content, self.plan = content, plan
        self.size = plan.chunk_sectors * plan.sector
        self.count = -(-len(content) // self.size)
        self.made_chunks = []
        self.segments = []

    def made(self):
        per = self.plan.chunks_per_segment
        starts = range(0, max(self.count, 1), per)
        for number, start in enumerate(starts):
            self.segments.append(bytearray(SIGNATURE + struct.pack("<BHH", 1, number + 1, 0)))
            if number == 0:
                self._opening()
            else:
                self._section("data", self._volume())
            for at in range(start, min(start + per, self.count), self.plan.chunks_per_table):
                end = min(at + self.plan.chunks_per_table, start + per, self.count)
                self._chunks(at, end)
            if number == len(starts) - 1:
                self._closing()
            else:
                self._section("next", b"", last=True)
        return Made([bytes(one) for one in self.segments], self.made_chunks)

    def _section(self, kind, data, *, last=False):
        out = self.segments[-1]
        start = len(out)
        size = 76 + len(data)
        follows = start if last else start + size
        out += checked(struct.pack("<16sQQ40x", kind.encode(), follows, size)) + data

    def _opening(self):
        fields = self.plan.fields
        table = "\t".join(fields) + "\r\n" + "\t".join(fields.values())
        wide = ("\ufeff3\r\nmain\r\n" + table + "\r\n\r\nsrce\r\n0\t1\r\n").encode("utf-16-le")
        narrow = ("1\r\nmain\r\n" + table + "\r\n\r\n").encode("ascii", "replace")
        self._section("header2", zlib.compress(wide))
        self._section("header2", zlib.compress(wide))
        self._section("header", zlib.compress(narrow))
        self._section("volume", self._volume())

    def _volume(self):
        plan = self.plan
        sectors = -(-len(self.content) // plan.sector)
        if plan.claimed_sectors is not None:
            sectors = plan.claimed_sectors
        data = struct.pack(
            "<B3xIIIQIIIB15xB3xI4x16s",
            *(1, self.count, plan.chunk_sectors, plan.sector, sectors),
            *(0, 0, 0, 3, 1, 1, plan.guid),
        )
        return checked(data.ljust(1048, b"\0"))

    def _chunks(self, first, end):
        out = self.segments[-1]
        pieces, packs = [], []
        for number in range(first, end):
            piece = self.content[number * self.size : (number + 1) * self.size]
            piece += bytes(-len(piece) % self.plan.sector)
            packed = zlib.compress(piece)
            smaller = len(packed) < len(piece) + 4
            pack = smaller if self.plan.packed is None else self.plan.packed
            packs.append(pack)
            pieces.append(packed if pack else checked(piece))
        at = start = len(out) + 76
        offsets = []
        base = len(out) if self.plan.base else 0
        for piece, pack in zip(pieces, packs, strict=True):
            self.made_chunks.append((len(self.segments) - 1, at, at + len(piece)))
            offsets.append((at - base) | (0x80000000 if pack else 0))
            at += len(piece)
        self._section("sectors", b"".join(pieces))
        assert len(out) == at >= start
        head = checked(struct.pack("<I4xQ4x", len(offsets), base))
        table = head + checked(struct.pack(f"<{len(offsets)}I", *offsets))
        self._section("table", table)
        if self.plan.table_copies:
            self._section("table2", table)

    def _closing(self):
        plan = self.plan
        if plan.errors:
            head = checked(struct.pack("<I512x", len(plan.errors)))
            entries = b"".join(struct.pack("<II", *one) for one in plan.errors)
            self._section("error2", head + checked(entries))
        if plan.with_digests:
            padded = self.content + bytes(-len(self.content) % plan.sector)
            md5, sha1 = hashlib.md5(padded).digest(), hashlib.sha1(padded).digest()
            self._section("digest", checked((md5 + sha1).ljust(76, b"\0")))
            self._section("hash", checked(md5.ljust(32, b"\0")))
        self._section("done", b"", last=True)
