"""Headers of RAR archives before version 5.

Source: RARLAB, "RAR version 4.x technical note".
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

from hashmatch.evidence.members.dos_times import local_time
from hashmatch.evidence.members.interface import MemberError
from hashmatch.evidence.members.rar_entries import SYMLINK, End, Entry, Fields, Lock, piece
from hashmatch.evidence.members.unpacked import Stretch, length
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

MAGIC = b"Rar!\x1a\x07\0"
_MAIN, _FILE, _NEW_SUB, _END = 0x73, 0x74, 0x7A, 0x7B
_ENCRYPTED_HEADERS = 0x80
_BEFORE, _AFTER, _PASSWORD, _SOLID, _WINDOW = 1, 2, 4, 0x10, 0xE0
_LARGE, _UNICODE, _SALT, _HAS_DATA = 0x100, 0x200, 0x400, 0x8000
_BASE = 7
_BEYOND = 64
_GROUPED = 8
_STORED = 0x30
_UNIX = 3
_LINK = 0o120000
_FIXED = 25  # bytes of a file's header after the first seven


def beginning(*, solid: bool) -> bytes:
    """Give what stands before the first member of an archive."""
    return MAGIC + _sealed(_MAIN, _GROUPED if solid else 0, bytes(6))


def end() -> bytes:
    """Give what stands after the last member."""
    return _sealed(_END, 0, b"") + bytes(_BEYOND)


def _sealed(kind: int, flags: int, rest: bytes) -> bytes:
    header = struct.pack("<BHH", kind, flags, _BASE + len(rest)) + rest
    return struct.pack("<H", zlib.crc32(header) & 0xFFFF) + header


def entries(stream: BinaryIO) -> Iterator[Entry | End]:
    """Give every member, in order.

    Raises:
        MemberError: a header is damaged, or all of them are encrypted.
    """
    place, total = len(MAGIC), length(stream)
    while place < total:
        kind, flags, header = _header(stream, place)
        fields = Fields(header[_BASE:])
        if kind == _MAIN and flags & _ENCRYPTED_HEADERS:
            raise MemberError(Reason.UNSUPPORTED_CONTAINER)
        if kind == _END:
            yield End(place + len(header), more=bool(flags & 1))
            return
        place += len(header)
        if kind in {_FILE, _NEW_SUB}:
            entry = _entry(flags, fields, place)
            place += entry.data.size
            if kind == _FILE:
                yield entry
        elif flags & _HAS_DATA:
            place += fields.whole(4)
    yield End(total)  # old ones have no end of their own


def _header(stream: BinaryIO, place: int) -> tuple[int, int, bytes]:
    """Read one header, checked: its kind, its flags, and all of it."""
    crc, kind, flags, size = struct.unpack("<HBHH", piece(stream, place, _BASE))
    if size < _BASE:
        raise MemberError(Reason.DAMAGED_CONTAINER)
    header = piece(stream, place, size)
    if zlib.crc32(header[2:]) & 0xFFFF != crc:
        raise MemberError(Reason.DAMAGED_CONTAINER)
    return kind, flags, header


def _entry(flags: int, fields: Fields, place: int) -> Entry:
    fixed = fields.take(_FIXED)
    packed, size, system, crc, moment, _, method, name_size, attributes = struct.unpack(
        "<IIBIIBBHI", fixed
    )
    large = fields.take(8) if flags & _LARGE else bytes(8)
    packed |= int.from_bytes(large[:4], "little") << 32
    size |= int.from_bytes(large[4:], "little") << 32
    stored_name = fields.take(name_size)
    salt = fields.take(8) if flags & _SALT else b""
    data = Stretch(place, packed)
    mode = attributes & 0xFFFF if system == _UNIX else 0
    kept = flags & ~(_PASSWORD | _SALT | _UNICODE | 0x1000 | 8)
    renamed = fixed[:19] + struct.pack("<H", 1) + fixed[21:]
    link = mode & 0o170000 == _LINK
    return Entry(
        _name(stored_name, unicode=bool(flags & _UNICODE)),
        data,
        size,
        stored=method == _STORED,
        header=_sealed(_FILE, kept, renamed + (large if flags & _LARGE else b"") + b"m"),
        crc=crc,
        local=local_time(moment),
        mode=mode,
        folder=flags & _WINDOW == _WINDOW,
        solid=bool(flags & _SOLID),
        split=bool(flags & (_BEFORE | _AFTER)),
        points=(SYMLINK, b"") if link else None,
        lock=Lock(salt) if flags & _PASSWORD else None,
        window=(64 << 10) << (flags >> 5 & 7),
    )


def _name(stored: bytes, *, unicode: bool) -> bytes:
    """Give a name in UTF-8 where it is known how it is written, with ``/`` between folders."""
    plain, zero, packed = stored.partition(b"\0")
    if unicode and zero:
        name = _unpacked_name(plain, packed).encode("utf-8", "surrogatepass")
    else:
        name = plain
    return name.replace(b"\\", b"/")


def _unpacked_name(plain: bytes, packed: bytes) -> str:
    """Undo how a name in UTF-16 is shortened: what differs from the plain name, two bits a step."""
    result = bytearray()
    fields = Fields(packed)
    high = fields.whole(1) if fields.left else 0
    flags = bits = 0
    while fields.left:
        if not bits:
            flags, bits = fields.whole(1), 8
            if not fields.left:
                break
        bits -= 2
        step = flags >> bits & 3
        if step == 3:
            _run(fields, plain, high, result)
        else:
            low = fields.whole(1)
            upper = (0, high)[step] if step < 2 else fields.whole(1)
            result += bytes((low, upper))
    return result.decode("utf-16-le", "surrogatepass")


def _run(fields: Fields, plain: bytes, high: int, result: bytearray) -> None:
    """Copy several characters of the plain name, perhaps moved into another row of characters."""
    count = fields.whole(1)
    moved = fields.whole(1) if count & 0x80 else None
    for _ in range((count & 0x7F) + 2):
        at = len(result) // 2
        if at >= len(plain):
            break
        if moved is None:
            result += bytes((plain[at], 0))
        else:
            result += bytes(((plain[at] + moved) & 0xFF, high))
