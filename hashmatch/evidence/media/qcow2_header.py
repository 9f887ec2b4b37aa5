"""What the header of a QCOW2 image says, and whether its content can be read.

Source: QEMU, docs/interop/qcow2.rst.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.evidence.media.interface import MediumError
from hashmatch.evidence.media.mapped import believable
from hashmatch.evidence.media.zstandard import zstd_is_there
from hashmatch.model import names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.media.stored import Stored
    from hashmatch.model.records import Json

MAGIC = b"QFI\xfb"
PLACE = 0x00FF_FFFF_FFFF_FE00
"""The bits of an entry of a table that say where something lies."""
COMPRESSED, ZERO = 1 << 62, 1
"""The bits of an entry that say how a cluster is stored."""
_HEADER = struct.Struct(">4sIQIIQIIQQIIQ")
_WORD = struct.Struct(">Q")
_LATER = struct.Struct(">QQQII")
_DIRTY, _CORRUPT, _ELSEWHERE, _COMPRESSION, _EXTENDED = 1, 2, 4, 8, 16
_UNDERSTOOD = _DIRTY | _CORRUPT | _ELSEWHERE | _COMPRESSION | _EXTENDED
_BACKING_FORMAT = 0xE2792ACA
_LONGEST_NAME = 1023
_MOST_TABLE = 32 << 20  # bytes of the first table: QEMU itself takes no more
_MOST_COUNTS = 8 << 20  # bytes of the table of counts: QEMU itself takes no more
_CONVERT = "convert it with 'qemu-img convert -O raw' and scan that"


@dataclass(frozen=True, slots=True)
class Header:
    """The layout of an image. ``table`` is its first table, big-endian words of 8 bytes.

    ``kept`` are the numbers of the clusters that describe the image and hold no content.

    ``backing`` is the name of the file below, ``backing_format`` its form, both as stored.
    """

    version: int
    size: int
    cluster_bits: int
    table: bytes
    backing: bytes = b""
    backing_format: bytes = b""
    zstd: bool = False
    extended: bool = False
    snapshots: int = 0
    dirty: bool = False
    kept: frozenset[int] = frozenset()

    @property
    def said(self) -> dict[str, Json]:
        """What of it belongs into a record."""
        said: dict[str, Json] = {
            "version": self.version,
            "cluster_size": 1 << self.cluster_bits,
            "snapshots_not_read": self.snapshots,
        }
        if self.dirty:
            said["dirty"] = "was not closed; what was written last may be missing"
        if self.backing:
            said["below"] = names.shown(self.backing)
        return said


def read_header(file: Stored) -> Header:
    """Read and judge a header.

    Raises:
        MediumError: the image is damaged, encrypted, or stored in a way that is not understood.
    """
    head = file.header(0, 4096)
    shown = names.shown(file.path)
    fields = _HEADER.unpack_from(head)
    _, version, place, length, bits, size, crypt, entries, table_at, _, _, snapshots, _ = fields
    if version not in {2, 3}:
        msg = f"{shown} is a QCOW image of version {version}, which is not read; {_CONVERT}"
        raise MediumError(msg)
    if crypt:
        msg = f"{shown} is an encrypted QCOW2 image; decrypt it with 'qemu-img convert' and the key"
        raise MediumError(msg)
    features, header_length, zstd = _features(head, shown) if version == 3 else (0, 72, False)
    if not 9 <= bits <= 21:
        msg = f"the QCOW2 header of {shown} is damaged: clusters of 2^{bits} bytes"
        raise MediumError(msg)
    size = believable(size, shown) if size else 0
    table = _table(file, table_at, entries, (size, bits, bool(features & _EXTENDED)))
    return Header(
        version,
        size,
        bits,
        table,
        _backing(file, place, length),
        _extensions(head, header_length).get(_BACKING_FORMAT, b""),
        zstd,
        bool(features & _EXTENDED),
        snapshots,
        bool(features & _DIRTY),
        frozenset(_kept(file, bits, (table_at, table), (fields[9], fields[10]))),
    )


def _kept(
    file: Stored, bits: int, first: tuple[int, bytes], counts: tuple[int, int]
) -> Iterator[int]:
    """Name the clusters of the header and of the tables: of content, and of references."""
    yield 0
    place, table = first
    yield from range(place >> bits, (place + len(table) - 1 >> bits) + 1)
    at, many = counts
    size = min(many << bits, _MOST_COUNTS, max(0, file.size - at))
    if size:
        yield from range(at >> bits, (at + size - 1 >> bits) + 1)
    for words in (table, file.header(at, size // 8 * 8) if size else b""):
        for (word,) in _WORD.iter_unpack(words):
            if 0 < word & PLACE < file.size:
                yield (word & PLACE) >> bits


def _features(head: bytes, shown: str) -> tuple[int, int, bool]:
    features, _, _, _, length = _LATER.unpack_from(head, 72)
    if features & _CORRUPT:
        msg = f"{shown} is marked as corrupt; repair a copy with 'qemu-img check -r all', scan that"
        raise MediumError(msg)
    if features & _ELSEWHERE:
        msg = f"{shown} keeps its content in another file, which is not read; {_CONVERT}"
        raise MediumError(msg)
    if features & ~_UNDERSTOOD:
        msg = f"{shown} uses features {features:#x} of QCOW2, not all of them known; {_CONVERT}"
        raise MediumError(msg)
    kind = head[104] if features & _COMPRESSION and length > 104 else 0
    if kind > 1:
        msg = f"{shown} is compressed in an unknown way (type {kind}); {_CONVERT}"
        raise MediumError(msg)
    if kind and not zstd_is_there():
        msg = (
            f"{shown} is compressed with Zstandard and nothing here unpacks that: "
            "pip install 'hashmatch[disk]'"
        )
        raise MediumError(msg)
    return features, length, bool(kind)


def _table(file: Stored, place: int, entries: int, shape: tuple[int, int, bool]) -> bytes:
    size, bits, extended = shape
    reach = 1 << (2 * bits - (4 if extended else 3))  # bytes of content that one entry stands for
    needed = -(-size // reach)
    if entries < needed or needed * 8 > _MOST_TABLE:
        msg = (
            f"the QCOW2 header of {names.shown(file.path)} is damaged: {entries} entries "
            f"for {size} bytes"
        )
        raise MediumError(msg)
    if place + needed * 8 > file.size:
        msg = f"{names.shown(file.path)} is cut off: the table of its content is missing"
        raise MediumError(msg)
    return file.header(place, needed * 8)


def _backing(file: Stored, place: int, length: int) -> bytes:
    if not place:
        return b""
    if not 0 < length <= _LONGEST_NAME:
        msg = f"the QCOW2 header of {names.shown(file.path)} is damaged: a name of {length} bytes"
        raise MediumError(msg)
    return file.header(place, length)


def _extensions(head: bytes, place: int) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    while place + 8 <= len(head):
        kind, length = struct.unpack_from(">II", head, place)
        if not kind or length > len(head):
            break
        found[kind] = head[place + 8 : place + 8 + length]
        place += 8 + -(-length // 8) * 8
    return found
