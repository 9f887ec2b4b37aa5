"""The methods by which members are packed: each turns packed blocks into blocks of content.

Every one gives at most a bounded piece at once, however much a packed byte unfolds to. Where the
packed blocks end before the content does, or are not what the method writes, that is damage.
"""

from __future__ import annotations

import bz2
import lzma
import struct
import zlib
from dataclasses import dataclass
from importlib import import_module
from itertools import chain
from typing import TYPE_CHECKING, Any, Protocol

from hashmatch.evidence.members import libarchive
from hashmatch.evidence.members.interface import MemberError
from hashmatch.evidence.members.unpacked import BLOCK
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

MOST_MEMORY = 1 << 30
"""Bytes that a method may ask for its window or model; more is a limit reached."""
_PIECE = 16 << 10
_PPMD = 98
_FOUR_BYTES = 0xFFFFFFFE
_LONGEST_BEGIN = 6
XZ = b"\xfd7zXZ\0"
ZSTD = (b"\x28\xb5\x2f\xfd", *(bytes((0x50 + n, 0x2A, 0x4D, 0x18)) for n in range(16)))
"""How frames begin, those to be passed over included."""
_SMALL = 512  # input at once for what cannot be told how much to give
_CLEAN = (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError, RuntimeError, TypeError)


class _Decoder(Protocol):
    """What :mod:`bz2`, :mod:`lzma` and the zstd modules call a decompressor."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


@dataclass(slots=True)
class Tail:
    """Whether something that is no part of it follows what was unpacked."""

    left: bool = False


def inflate(
    packed: Iterable[bytes], tail: Tail | None = None, *, bits: int = -15
) -> Iterator[bytes]:
    """Unpack deflate; what follows its end is passed over, which the tail is told."""
    decoder = zlib.decompressobj(bits)
    for block in packed:
        rest = block
        while True:
            with damage():
                part = decoder.decompress(rest, BLOCK)
            yield part
            rest = decoder.unconsumed_tail
            if decoder.eof:
                if tail is not None:
                    tail.left |= bool(decoder.unused_data.strip(b"\0"))
                return
            if not rest and len(part) < BLOCK:
                break
    raise MemberError(Reason.DAMAGED_CONTAINER)


def inflate64(packed: Iterable[bytes]) -> Iterator[bytes]:
    """Unpack deflate64."""
    decoder: Any = library("inflate64").Inflater()
    for block in packed:
        for start in range(0, len(block), _SMALL):
            with damage():
                part = bytes(decoder.inflate(block[start : start + _SMALL]))
            yield part
            if decoder.eof:
                return
    with damage():
        part = bytes(decoder.inflate(b""))
    yield part
    if not decoder.eof:
        raise MemberError(Reason.DAMAGED_CONTAINER)


def bunzip2(packed: Iterable[bytes], tail: Tail | None = None) -> Iterator[bytes]:
    """Unpack bzip2, one stream or several after another."""
    return streams(packed, bz2.BZ2Decompressor, (b"BZh",), tail)


def unxz(packed: Iterable[bytes], tail: Tail | None = None) -> Iterator[bytes]:
    """Unpack xz, one stream or several after another."""
    return streams(packed, _xz, (XZ,), tail)


def _xz() -> lzma.LZMADecompressor:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MOST_MEMORY)


def unzstd(packed: Iterable[bytes], tail: Tail | None = None) -> Iterator[bytes]:
    """Unpack Zstandard, one frame or several after another."""
    return streams(packed, zstd().ZstdDecompressor, ZSTD, tail)


def zstd() -> Any:  # noqa: ANN401  # one of two modules with the same names
    """Give the module that reads Zstandard; raises ``MemberError`` where there is none."""
    try:
        return import_module("compression.zstd")
    except ImportError:
        return library("backports.zstd")


def raw_lzma(packed: Iterable[bytes], filters: list[dict[str, Any]]) -> Iterator[bytes]:
    """Unpack LZMA or LZMA2 without a header, through filters as :mod:`lzma` names them.

    Such content has no end of its own to be sure of: it may end where the packed blocks do.
    """
    if any(one.get("dict_size", 0) > MOST_MEMORY for one in filters):
        raise MemberError(Reason.LIMIT_KEPT)
    with damage():
        decoder = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters)
    yield from _one(packed, decoder)


def zip_lzma(packed: Iterable[bytes]) -> Iterator[bytes]:
    """Unpack LZMA as zip has it: version, length of the properties, properties, LZMA."""
    blocks = iter(packed)
    head = b""
    for block in blocks:
        head += block
        if len(head) >= 9:
            break
    if len(head) < 9 or head[2:4] != b"\x05\x00":
        raise MemberError(Reason.DAMAGED_CONTAINER)
    yield from raw_lzma(_after(head[9:], blocks), [lzma_properties(head[4:9])])


def lzma_properties(properties: bytes) -> dict[str, Any]:
    """Read the five bytes that say how LZMA was set up.

    Raises:
        MemberError: they are none.
    """
    if len(properties) != 5 or properties[0] >= 9 * 5 * 5:
        raise MemberError(Reason.DAMAGED_CONTAINER)
    rest, lc = divmod(properties[0], 9)
    pb, lp = divmod(rest, 5)
    size = max(struct.unpack_from("<I", properties, 1)[0], 4096)
    return {"id": lzma.FILTER_LZMA1, "lc": lc, "lp": lp, "pb": pb, "dict_size": size}


def zip_ppmd(packed: Iterable[bytes], packed_size: int, size: int) -> Iterator[bytes]:
    """Unpack PPMd as zip has it, by libarchive, in a zip made for it of one member.

    The sizes are those stated, of what is packed alone. No checksum is compared. Python's library
    for it is left alone: damaged input destroys memory in it.
    """
    if max(packed_size, size) > _FOUR_BYTES or min(packed_size, size) < 0:
        raise MemberError(Reason.UNSUPPORTED_CONTAINER)
    fields = (20, 0, _PPMD, 0, 0, packed_size, size, 1, 0)
    head = b"PK\x03\x04" + struct.pack("<HHHIIIIHH", *fields) + b"m"
    reader = libarchive.Reader(
        chain((head,), packed, (bytes(64),)), "zip_streamable", options="zip:ignorecrc32=1"
    )
    reader.go_on()
    yield from reader.blocks(size)


def streams(
    packed: Iterable[bytes],
    new: Callable[[], _Decoder],
    begins: tuple[bytes, ...],
    tail: Tail | None,
) -> Iterator[bytes]:
    """Unpack streams that follow each other, until something else follows.

    Args:
        packed: all of them.
        new: makes a decoder for one.
        begins: with what one can begin.
        tail: is told where something else follows.

    Raises:
        MemberError: one is damaged or breaks off.
    """
    blocks = small(packed)
    rest = next(blocks, b"")
    first = True
    while rest:
        while len(rest) < _LONGEST_BEGIN and (following := next(blocks, b"")):
            rest += following
        if not first and not any(rest.startswith(one) for one in begins):
            if tail is not None:
                tail.left = True
            return
        first = False
        with damage():
            decoder = new()
        yield from _one(_after(rest, blocks), decoder)
        if not decoder.eof:
            raise MemberError(Reason.DAMAGED_CONTAINER)
        rest = unpadded(decoder.unused_data, blocks)


def small(packed: Iterable[bytes]) -> Iterator[bytes]:
    """Cut blocks into small ones: many streams in one block would each copy what is left of it."""
    for block in packed:
        for start in range(0, len(block), _PIECE):
            yield block[start : start + _PIECE]


def unpadded(rest: bytes, blocks: Iterator[bytes]) -> bytes:
    """Pass over zeros that fill up the end."""
    while not (rest := rest.lstrip(b"\0")):
        following = next(blocks, None)
        if following is None:
            return b""
        rest = following
    return rest


def _one(packed: Iterable[bytes], decoder: _Decoder) -> Iterator[bytes]:
    """Unpack with one decoder, to its end or that of the blocks."""
    for block in packed:
        data = block
        while True:
            with damage():
                part = decoder.decompress(data, BLOCK)
            yield part
            if decoder.eof:
                return
            if decoder.needs_input or not (part or data):
                break
            data = b""


def _after(first: bytes, blocks: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    for block in blocks:  # noqa: UP028  # 'yield from' would end the blocks with this one
        yield block


def library(name: str) -> Any:  # noqa: ANN401  # a module without types
    """Give an optional module; raises ``MemberError`` where it is not installed."""
    try:
        return import_module(name)
    except ImportError:
        raise MemberError(Reason.NO_BACKEND) from None


class damage:  # noqa: N801  # used like a word
    """Turns what decoders raise at wrong input into the reason for it."""

    def __enter__(self) -> None:
        """Nothing is prepared."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, MemoryError):
            raise MemberError(Reason.LIMIT_KEPT) from None
        if isinstance(error, _CLEAN) or type(error).__name__ == "ZstdError":
            raise MemberError(Reason.DAMAGED_CONTAINER) from None
