"""Small files that are hard to read: empty, cut off, damaged, or claiming to be huge."""

from __future__ import annotations

import struct
import zlib

from hashmatch.demo import drawing
from hashmatch.demo.edits import encoded

_PNG = b"\x89PNG\r\n\x1a\n"


def truncated_jpeg(seed: int) -> bytes:
    """Give a JPEG that ends in the middle; its upper part can be decoded."""
    whole = encoded(drawing.scene(seed), "JPEG", quality=90)
    return whole[: len(whole) * 6 // 10]


def corrupt_png(seed: int) -> bytes:
    """Give a file that begins as a PNG and is overwritten from its first chunk on."""
    whole = encoded(drawing.scene(seed, (64, 48)), "PNG")
    return whole[:12] + b"overwritten" * 40 + whole[-12:]


def huge_png(width: int = 60_000, height: int = 60_000) -> bytes:
    """Give a PNG of a few bytes whose header asks for a picture of 60000 by 60000 pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(100), 0)  # stored, so that every zlib gives the same bytes
    return _PNG + _chunk(b"IHDR", header) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def tiny_png() -> bytes:
    """Give a sound PNG of 3 by 3 pixels, too few for a perceptual hash."""
    return encoded(drawing.blank((3, 3), (200, 30, 30)), "PNG")


def _chunk(kind: bytes, body: bytes) -> bytes:
    checksum = zlib.crc32(kind + body)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)
