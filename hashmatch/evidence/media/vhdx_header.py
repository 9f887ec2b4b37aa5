"""What the headers, regions and metadata of a VHDX say, and whether their checksums are right.

Source: Microsoft, [MS-VHDX] Virtual Hard Disk v2 File Format.
"""

from __future__ import annotations

import struct
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.evidence.media import crc32c
from hashmatch.evidence.media.interface import MediumError
from hashmatch.evidence.media.mapped import believable
from hashmatch.model import names

if TYPE_CHECKING:
    from hashmatch.evidence.media.stored import Stored

MAGIC = b"vhdxfile"
MIB = 1 << 20
_HEADERS = 64 << 10, 128 << 10
_REGIONS = 192 << 10, 256 << 10
_HEADER = struct.Struct("<4sIQ16s16s16sHHIQ")
_REGION = struct.Struct("<16sQII")
_METADATA = struct.Struct("<16sIIII")
_LOCATOR = struct.Struct("<IIHH")
_BAT = uuid.UUID("2dc27766-f623-4200-9d64-115e9bfd4a08").bytes_le
_ITEMS = uuid.UUID("8b7ca206-4790-4b9a-b8fe-575f050f886e").bytes_le
_FILE = uuid.UUID("caa16737-fa36-4d43-b3b6-33f0aa44e76b").bytes_le
_SIZE = uuid.UUID("2fa54224-cd1b-4876-b211-5dbed83bf4b8").bytes_le
_PAGE83 = uuid.UUID("beca12ab-b2e6-4523-93ef-c309e000c746").bytes_le
_LOGICAL = uuid.UUID("8141bf1d-a96f-4709-ba47-f233a8faab5f").bytes_le
_PHYSICAL = uuid.UUID("cda348c7-445d-4471-9cc9-e9885251c556").bytes_le
_PARENT = uuid.UUID("a8d35f2d-b30b-454d-abf7-d3d84834ab0c").bytes_le
_KNOWN_ITEMS = frozenset((_FILE, _SIZE, _PAGE83, _LOGICAL, _PHYSICAL, _PARENT))
_REQUIRED = 4
_HAS_PARENT = 2
_MOST_ITEMS = 2047
_LONGEST_ITEM = 1 << 20
_MOST_TABLE = 128 << 20
_NAMED = ("relative_path", "absolute_win32_path", "volume_path")
_REPAIR = "attach a copy read-only in Windows, or convert it with 'qemu-img convert -O raw'"


@dataclass(frozen=True, slots=True)
class Header:
    """How a disk lies: bytes of a block and of a sector, and its table, words of 8 bytes.

    ``table`` is little-endian, ``ratio`` how many blocks share one map of sectors, ``parents``
    names of the parent as stored, likeliest first, ``linkage`` identifiers it may have, ``kept``
    first byte and end of what describes the disk.
    """

    size: int
    block: int
    sector: int
    table: bytes
    ratio: int
    identifier: str
    differs: bool
    parents: tuple[bytes, ...]
    linkage: tuple[str, ...]
    kept: tuple[tuple[int, int], ...]


def read_header(file: Stored) -> Header:
    """Read and verify everything that says where content lies.

    Raises:
        MediumError: it is damaged or cut off; it was not closed; or it is not understood.
    """
    shown = names.shown(file.path)
    identifier, log = _current(file, shown)
    regions = _regions(file, shown)
    items = _items(file, regions[_ITEMS], shown)
    block, flags = struct.unpack("<II", items[_FILE][:8])
    size = believable(int.from_bytes(items[_SIZE][:8], "little"), shown)
    sector = int.from_bytes(items[_LOGICAL][:4], "little")
    if not MIB <= block <= 256 * MIB or block & (block - 1) or sector not in {512, 4096}:
        msg = f"the metadata of {shown} are damaged: blocks of {block}, sectors of {sector} bytes"
        raise MediumError(msg)
    ratio = (sector << 23) // block
    differs = bool(flags & _HAS_PARENT)
    blocks = -(-size // block)
    entries = -(-blocks // ratio) * (ratio + 1) if differs else blocks + (blocks - 1) // ratio
    place, length = regions[_BAT]
    if entries * 8 > min(length, _MOST_TABLE) or place + entries * 8 > file.size:
        msg = f"{shown} is damaged or cut off: the table of its blocks is missing"
        raise MediumError(msg)
    parent = _locator(items.get(_PARENT, b"")) if differs else {}
    return Header(
        size,
        block,
        sector,
        file.header(place, entries * 8),
        ratio,
        identifier,
        differs,
        tuple(parent[name].encode("utf-8", "replace") for name in _NAMED if name in parent),
        tuple(
            parent[name].strip("{}").lower()
            for name in ("parent_linkage", "parent_linkage2")
            if name in parent
        ),
        ((0, MIB), log, *((start, start + length) for start, length in regions.values())),
    )


def _current(file: Stored, shown: str) -> tuple[str, tuple[int, int]]:
    """Give what the newer of the two headers that is whole says.

    That is the identifier of the content, and first byte and end of the log.
    """
    found: list[tuple[int, bytes, bytes, int, tuple[int, int]]] = []
    for place in _HEADERS:
        raw = file.header(place, 4096)
        if _is_whole(raw, b"head"):
            _, _, number, _, content, log, _, version, size, start = _HEADER.unpack_from(raw)
            found.append((number, content, log, version, (start, start + size)))
    if not found:
        msg = f"{shown} is damaged: the checksums of both headers are wrong"
        raise MediumError(msg)
    _, content, log, version, where = max(found)
    if version != 1:
        msg = f"{shown} is a VHDX of version {version}, which is not read; {_REPAIR}"
        raise MediumError(msg)
    if log != bytes(16):
        msg = f"{shown} was not closed: changes wait in its log; {_REPAIR}"
        raise MediumError(msg)
    return str(uuid.UUID(bytes_le=content)), where


def _regions(file: Stored, shown: str) -> dict[bytes, tuple[int, int]]:
    for place in _REGIONS:
        raw = file.header(place, 64 << 10)
        count = int.from_bytes(raw[8:12], "little")
        if count > _MOST_ITEMS or not _is_whole(raw, b"regi"):
            continue
        found: dict[bytes, tuple[int, int]] = {}
        for number in range(count):
            name, start, length, required = _REGION.unpack_from(raw, 16 + number * _REGION.size)
            if required & 1 and name not in {_BAT, _ITEMS}:
                msg = f"{shown} has a region of an unknown kind that must be known; {_REPAIR}"
                raise MediumError(msg)
            found[name] = start, length
        if _BAT in found and _ITEMS in found:
            return found
    msg = f"{shown} is damaged: neither table of its regions is whole"
    raise MediumError(msg)


def _items(file: Stored, region: tuple[int, int], shown: str) -> dict[bytes, bytes]:
    table = file.header(region[0], 64 << 10)
    count = int.from_bytes(table[10:12], "little")
    found: dict[bytes, bytes] = {}
    for number in range(count if table.startswith(b"metadata") and count <= _MOST_ITEMS else 0):
        name, place, length, flags, _ = _METADATA.unpack_from(table, 32 + number * _METADATA.size)
        if flags & _REQUIRED and name not in _KNOWN_ITEMS:
            msg = f"{shown} has metadata of an unknown kind that must be known; {_REPAIR}"
            raise MediumError(msg)
        if name in _KNOWN_ITEMS and length <= _LONGEST_ITEM:
            found[name] = file.header(region[0] + place, length)
    for name, least in ((_FILE, 8), (_SIZE, 8), (_LOGICAL, 4)):
        if len(found.get(name, b"")) < least:
            msg = f"the metadata of {shown} are damaged: sizes are missing"
            raise MediumError(msg)
    return found


def _locator(raw: bytes) -> dict[str, str]:
    """Read the pairs of key and value by which a parent is found."""
    found: dict[str, str] = {}
    count = int.from_bytes(raw[18:20], "little")
    for number in range(min(count, max(0, len(raw) - 20) // _LOCATOR.size, 64)):
        key, value, key_size, size = _LOCATOR.unpack_from(raw, 20 + number * _LOCATOR.size)
        name = raw[key : key + key_size].decode("utf-16-le", "replace")
        found[name] = raw[value : value + size].decode("utf-16-le", "replace")
    return found


def _is_whole(raw: bytes, signature: bytes) -> bool:
    return raw.startswith(signature) and crc32c.holds(raw, 4)
