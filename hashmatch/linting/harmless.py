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
from typing import TYPE_CHECKING

import numpy as np

from hashmatch.linting.prints import prints
from hashmatch.model.hashes import Algorithm

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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

_GIF = "474946383961 0100 0100 80 00 00 {} {} {} 2c 00000000 0100 0100 00 02 02 {} 00 3b"
_CONTROL = "21f904 01 000000 00 00"  # makes colour 0 transparent
_JPEG = (
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwc"
    "KDcpLDAxNDQ0Hyc5PTgyPC4zNDL/wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAACf/EABQQAQAAAAAAAAAA"
    "AAAAAAAAAAD/2gAIAQEAAD8AKp//2Q=="
)


def single_pixels() -> tuple[bytes, ...]:
    """Give pictures of one pixel as trackers and placeholders are."""
    gifs = tuple(
        bytes.fromhex(_GIF.format(first, second, control, code))
        for first, second in (("ffffff", "000000"), ("000000", "ffffff"), ("000000", "000000"))
        for control in (_CONTROL, "")
        for code in ("4401", "4c01")
    )
    grey = tuple(_png(0, bytes([value])) for value in (0, 255))
    colours = tuple(_png(6, bytes(value)) for value in ((0, 0, 0, 0), (255, 255, 255, 255)))
    return (*gifs, *grey, *colours, base64.b64decode(_JPEG))


def _png(colour: int, pixel: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", 1, 1, 8, colour, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" + pixel, 9)), (b"IEND", b""))
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
