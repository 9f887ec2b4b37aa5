"""Files that everybody has: nothing, runs of one byte, a few characters, pictures of one pixel.

A list that carries their digests would hit on almost any medium. The values are computed, so
that nobody has to trust a table.
"""

from __future__ import annotations

import base64
import hashlib
import struct
import zlib
from functools import cache
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from hashmatch.linting.prints import prints
from hashmatch.model.hashes import Algorithm

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from hashmatch.linting.prints import Prints

    Sized = tuple[Prints, NDArray[np.int64]]

_LONGEST_RUN = 8192
_POWERS = tuple(1 << power for power in range(14, 21))
_NAMES = {
    Algorithm.MD5: "md5",
    Algorithm.SHA1: "sha1",
    Algorithm.SHA256: "sha256",
    Algorithm.SHA384: "sha384",
    Algorithm.SHA512: "sha512",
}
# Of no bytes; where a tree or another name gives what a plain digest gives, that is named.
_EMPTY = {
    **{one: hashlib.new(name).digest() for one, name in _NAMES.items()},
    Algorithm.ED2K: bytes.fromhex("31d6cfe0d16ae931b73c59d7e0c089c0"),
    Algorithm.AICH: hashlib.sha1().digest(),
    Algorithm.TTH: bytes.fromhex("5d9ed00a030e638bdb753a6a24fb900e5a63b8e73e6c25b6"),
    Algorithm.PIECES_ROOT: hashlib.sha256().digest(),
}
_TEXTS = (b"\r\n", b"\n\n", b"\r\n\r\n", b"0\n", b"1\n", b"{}", b"[]", b"null", b"true", b"{}\n")

_JPEG = (
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwc"
    "KDcpLDAxNDQ0Hyc5PTgyPC4zNDL/wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAACf/EABQQAQAAAAAAAAAA"
    "AAAAAAAAAAD/2gAIAQEAAD8AKp//2Q=="
)


def single_pixels() -> tuple[bytes, ...]:
    """Give pictures of one pixel as trackers and placeholders are."""
    return (*dict.fromkeys((*_gifs(), *_pngs())), base64.b64decode(_JPEG))


_COLOURS = (
    (b"\xff" * 3, bytes(3)),
    (bytes(3), b"\xff" * 3),
    (bytes(3), bytes(3)),
    (b"\xff" * 3,) * 2,
)
_DELAYS = (bytes(2), b"\x0a\0")
_TABLES = (0x80, 0xF0, 0x91, 0xA1)
"""Ways in which programs describe a table of two colours."""
_LZW = (b"\2\2\x44\1\0", b"\2\2\x4c\1\0", b"\2\2\x54\1\0", b"\2\1\x44\0")


def _gifs() -> Iterator[bytes]:
    """Yield pictures of one pixel as 87a and 89a, clear and opaque, with and without a comment."""
    for colours, table, lzw in product((*_COLOURS, None), _TABLES, _LZW):
        for version, control in product((b"87a", b"89a"), _controls()):
            if control and version == b"87a":
                continue
            flags, palette = (table, b"".join(colours)) if colours else (0, b"")
            if table & 7:
                palette = palette.ljust(3 * (2 << (table & 7)), b"\0") if colours else b""
            screen = struct.pack("<HHBBB", 1, 1, flags, 0, 0)
            image = b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0)
            for end in (b";", b""):
                yield b"GIF" + version + screen + palette + control + image + lzw + end


def _controls() -> Iterator[bytes]:
    """Yield nothing, and the blocks that make a colour clear."""
    yield b""
    for flags, delay, clear in product((0, 1, 5), _DELAYS, (0, 1)):
        yield b"!\xf9\4" + bytes([flags]) + delay + bytes([clear]) + b"\0"


def _pngs() -> Iterator[bytes]:
    """Yield grey, coloured and clear pixels as the usual levels of packing write them."""
    ends = (0, 255)
    for level in (0, 1, 6, 9):
        for value, alpha in product(ends, ends):
            plain, clear = bytes([value]), bytes([alpha])
            yield _png(0, 8, plain, level)
            yield _png(2, 8, plain * 3, level)
            yield _png(4, 8, plain + clear, level)
            yield _png(6, 8, plain * 3 + clear, level)
            for bits in (1, 8):
                yield _png(3, bits, b"\0", level, (b"PLTE", plain * 3))
                yield _png(3, bits, b"\0", level, (b"PLTE", plain * 3), (b"tRNS", clear))
        for bit in (b"\0", b"\x80"):
            yield _png(0, 1, bit, level)


def _png(colour: int, bits: int, pixel: bytes, level: int, *more: tuple[bytes, bytes]) -> bytes:
    header = struct.pack(">IIBBBBB", 1, 1, bits, colour, 0, 0, 0)
    packed = zlib.compress(b"\0" + pixel, level)
    parts = ((b"IHDR", header), *more, (b"IDAT", packed), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    )


@cache
def harmless(algorithm: Algorithm) -> Mapping[bytes, int]:
    """Give the digests of the harmless files with their sizes, as far as they are computed here."""
    name = _NAMES.get(algorithm)
    if name is None:
        return {}
    contents = (*single_pixels(), *_TEXTS, *(bytes([value]) for value in range(256)))
    found = {hashlib.new(name, one).digest(): len(one) for one in contents}
    running = hashlib.new(name)
    for length in range(1, _LONGEST_RUN + 1):
        running.update(b"\0")
        found[running.copy().digest()] = length
    return found | {hashlib.new(name, bytes(length)).digest(): length for length in _POWERS}


@cache
def harmless_prints(algorithm: Algorithm) -> Prints:
    """Give their prints, sorted."""
    return _sorted(harmless(algorithm), algorithm)


@cache
def empty_prints(algorithm: Algorithm) -> Prints:
    """Give the print of what an algorithm makes of no bytes; none where no file is digested."""
    found = _EMPTY.get(algorithm)
    return _sorted(frozenset({found} if found else ()), algorithm)


@cache
def sized_prints(algorithm: Algorithm) -> Sized:
    """Give the sorted prints of the harmless files and of the empty one, with their sizes."""
    empty = _EMPTY.get(algorithm)
    known = {**harmless(algorithm), **({empty: 0} if empty else {})}
    values = np.frombuffer(b"".join(known), np.uint8).reshape(-1, algorithm.size)
    found, at = np.unique(prints(values), return_index=True)
    return found, np.array([*known.values()], np.int64)[at]


def _sorted(found: Iterable[bytes], algorithm: Algorithm) -> Prints:
    values = np.frombuffer(b"".join(found), np.uint8).reshape(-1, algorithm.size)
    return np.unique(prints(values))
