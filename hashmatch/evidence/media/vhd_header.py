"""What the footer and the header of a VHD say, and whether their checksums are right.

Source: Microsoft, Virtual Hard Disk Image Format Specification 1.0.
"""

from __future__ import annotations

import struct
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.evidence.media.interface import MediumError
from hashmatch.evidence.media.mapped import believable
from hashmatch.model import names

if TYPE_CHECKING:
    from hashmatch.evidence.media.stored import Stored
    from hashmatch.model.records import Json

COOKIE = b"conectix"
FIXED, DYNAMIC, DIFFERENCING = 2, 3, 4
FOOTER_SIZES = 512, 511
"""Bytes of a footer: before Virtual PC 2004 there was one less."""
_FOOTER = struct.Struct(">8sIIQI4sI4sQQHBBII16sB")
_HEADER = struct.Struct(">8sQQIIII16sII512s")
_LOCATOR = struct.Struct(">4sIIIQ")
_HEADER_SIZE = 1024
_SUM_OF_FOOTER, _SUM_OF_HEADER = 64, 36
_LARGEST_BLOCK = 1 << 28
_MOST_BLOCKS = 1 << 23
_LONGEST_NAME = 4096
_NAMED = (b"W2ru", b"W2ku")


@dataclass(frozen=True, slots=True)
class Footer:
    """What a footer says; ``length`` is its own, in bytes, ``header`` the place of the header."""

    kind: int
    size: int
    header: int
    length: int
    identifier: bytes
    said: dict[str, Json]


@dataclass(frozen=True, slots=True)
class Header:
    """How a dynamic disk lies: bytes of a block, and the table of big-endian words of 4 bytes.

    ``parents`` are names of the parent as stored, likeliest first; ``parent`` its identifier,
    ``kept`` first byte and end of what describes the disk.
    """

    block: int
    table: bytes
    parent: bytes
    parents: tuple[bytes, ...]
    kept: tuple[tuple[int, int], ...]


def read_footer(file: Stored) -> Footer:
    """Read the footer, or its copy at the beginning where that at the end is damaged.

    Raises:
        MediumError: neither is whole, or the disk is of an unknown type.
    """
    shown = names.shown(file.path)
    for place, length in (*((file.size - size, size) for size in FOOTER_SIZES), (0, 512)):
        raw = file.header(max(0, place), length)
        if raw.startswith(COOKIE) and _is_whole(raw, _SUM_OF_FOOTER):
            return _footer(raw, shown, at_end=place > 0)
    msg = (
        f"the checksum of the VHD footer of {shown} is wrong; if it is a fixed disk, scan a copy "
        "without its last 512 bytes as a raw image"
    )
    raise MediumError(msg)


def fixed_size(raw: bytes) -> int | None:
    """Give the bytes of content that a footer tells of; None where it is not of a fixed disk."""
    if not _is_whole(raw, _SUM_OF_FOOTER):
        return None
    fields = _FOOTER.unpack_from(raw)
    return int(fields[9]) if fields[13] == FIXED else None


def _footer(raw: bytes, shown: str, *, at_end: bool) -> Footer:
    fields = _FOOTER.unpack_from(raw)
    header, app, host, size = fields[3], fields[5], fields[7], fields[9]
    cylinders, heads, sectors, kind, _, identifier, saved = fields[10:]
    if kind not in {FIXED, DYNAMIC, DIFFERENCING} or (kind == FIXED and not at_end):
        msg = f"{shown} is cut off" if kind == FIXED else f"{shown} is a VHD of unknown type {kind}"
        raise MediumError(msg)
    said: dict[str, Json] = {
        "disk_type": {FIXED: "fixed", DYNAMIC: "dynamic", DIFFERENCING: "differencing"}[kind],
        "identifier": str(uuid.UUID(bytes=identifier)),
        "creator": _word(app),
        "creator_system": _word(host),
        "geometry": f"{cylinders}/{heads}/{sectors}",
    }
    if not at_end:
        said["footer"] = "is missing or damaged; its copy at the beginning was used"
    if saved:
        said["saved_state"] = "the machine was not shut down"
    return Footer(kind, believable(size, shown), header, len(raw), identifier, said)


def read_header(file: Stored, footer: Footer) -> Header:
    """Read the header of a dynamic or differencing disk.

    Raises:
        MediumError: it is damaged or cut off.
    """
    shown = names.shown(file.path)
    raw = file.header(footer.header, _HEADER_SIZE)
    cookie, _, place, _, entries, block, _, parent, _, _, name = _HEADER.unpack_from(raw)
    if cookie != b"cxsparse" or not _is_whole(raw, _SUM_OF_HEADER):
        msg = f"the header of the dynamic VHD {shown} is damaged or missing; its checksum is wrong"
        raise MediumError(msg)
    needed = -(-footer.size // block) if 512 <= block <= _LARGEST_BLOCK else 0
    if block % 512 or not 0 < needed <= min(entries, _MOST_BLOCKS):
        msg = f"the header of the dynamic VHD {shown} is damaged: {entries} blocks of {block} bytes"
        raise MediumError(msg)
    if place + needed * 4 > file.size:
        msg = f"{shown} is cut off: the table of its blocks is missing"
        raise MediumError(msg)
    table = file.header(place, needed * 4)
    kept = (footer.header, footer.header + _HEADER_SIZE), (place, place + needed * 4)
    return Header(block, table, parent, tuple(_parents(file, raw, name)), kept)


def _parents(file: Stored, raw: bytes, name: bytes) -> list[bytes]:
    found = [_path(name, "utf-16-be")]
    for number in range(8):
        code, _, length, _, place = _LOCATOR.unpack_from(raw, 576 + number * _LOCATOR.size)
        if code in _NAMED and 0 < length <= _LONGEST_NAME:
            found.append(_path(file.header(place, length), "utf-16-le"))
    return [path for path in dict.fromkeys(found) if path]


def _path(raw: bytes, encoding: str) -> bytes:
    text = raw[: len(raw) // 2 * 2].decode(encoding, "replace")
    return text.partition("\0")[0].encode("utf-8", "surrogatepass")


def _is_whole(raw: bytes, place: int) -> bool:
    total = sum(raw) - sum(raw[place : place + 4])
    return ~total & 0xFFFFFFFF == int.from_bytes(raw[place : place + 4])


def _word(raw: bytes) -> str:
    return raw.decode("ascii", "replace").strip(" \0")
