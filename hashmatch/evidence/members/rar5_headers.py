"""Headers of RAR archives since version 5.

Source: RARLAB, "RAR 5.0 archive format".
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.evidence.members.aes_cbc import decrypted
from hashmatch.evidence.members.interface import MemberError
from hashmatch.evidence.members.moments import since_1601
from hashmatch.evidence.members.rar_entries import (
    COPY,
    HARD_LINK,
    LONGEST_HEADER,
    SYMLINK,
    End,
    Entry,
    Fields,
    Lock,
    number,
    piece,
)
from hashmatch.evidence.members.unpacked import Stretch, length
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from hashmatch.evidence.members.rar_secrets import Passwords

MAGIC = b"Rar!\x1a\x07\x01\0"
_MAIN, _FILE, _ENCRYPTION, _END = 1, 2, 4, 5
_EXTRA, _DATA, _BEFORE, _AFTER = 1, 2, 8, 16
_FOLDER, _TIME, _CRC, _UNKNOWN_SIZE = 1, 2, 4, 8
_SOLID = 1 << 6  # of a member
_GROUPED = 4  # of an archive
_BEYOND = 64
_LINKS = {1: SYMLINK, 2: SYMLINK, 3: SYMLINK, 4: HARD_LINK, 5: COPY}
_TIMES = ((2, "modified"), (4, "created"), (8, "accessed"))


@dataclass(frozen=True, slots=True)
class _Block:
    """A header: its kind and flags, its own fields, further ones, and where its content lies."""

    kind: int
    flags: int
    fields: Fields
    extra: bytes
    data: Stretch


def beginning(*, solid: bool) -> bytes:
    """Give what stands before the first member of an archive."""
    return MAGIC + sealed(number(_MAIN) + number(0) + number(_GROUPED if solid else 0))


def end() -> bytes:
    """Give what stands after the last member."""
    return sealed(number(_END) + number(0) + number(0)) + bytes(_BEYOND)


def sealed(header: bytes) -> bytes:
    """Put length and checksum before a header."""
    sized = number(len(header)) + header
    return struct.pack("<I", zlib.crc32(sized)) + sized


def entries(stream: BinaryIO, keys: Passwords) -> Iterator[Entry | End]:
    """Give every member, in order.

    Raises:
        MemberError: a header is damaged, or encrypted and no password fits.
    """
    place, total = len(MAGIC), length(stream)
    key: bytes | None = None
    while place < total:
        header, place = _header(stream, place, key)
        block = _block(header, place)
        place += block.data.size
        if block.kind == _ENCRYPTION:
            key = keys.fitting(_lock(block.fields, start=False)).key
        elif block.kind == _FILE:
            yield _entry(block)
        elif block.kind == _END:
            yield End(place, more=bool(block.fields.number() & 1))
            return
    raise MemberError(Reason.DAMAGED_CONTAINER)


def _header(stream: BinaryIO, place: int, key: bytes | None) -> tuple[bytes, int]:
    """Read one header, decrypted and checked; give it without its length, and what follows it."""
    if key is None:
        begin = piece(stream, place, 7)
        fields = Fields(begin[4:])
        size = _bounded(fields.number())
        whole = piece(stream, place, 4 + fields.place + size)
        following = place + len(whole)
    else:
        start = piece(stream, place, 16)
        begin = b"".join(decrypted([piece(stream, place + 16, 16)], key, start))
        fields = Fields(begin[4:])
        size = _bounded(fields.number())
        packed = -(-(4 + fields.place + size) // 16) * 16
        data = b"".join(decrypted([piece(stream, place + 16, packed)], key, start))
        whole = data[: 4 + fields.place + size]
        following = place + 16 + packed
    if zlib.crc32(whole[4:]) != int.from_bytes(whole[:4], "little"):
        raise MemberError(Reason.DAMAGED_CONTAINER)
    return whole[4 + fields.place :], following


def _bounded(size: int) -> int:
    if size > LONGEST_HEADER:
        raise MemberError(Reason.DAMAGED_CONTAINER)
    return size


def _block(header: bytes, place: int) -> _Block:
    fields = Fields(header)
    kind, flags = fields.number(), fields.number()
    extra_size = fields.number() if flags & _EXTRA else 0
    data_size = fields.number() if flags & _DATA else 0
    rest = fields.rest()
    if extra_size > len(rest):
        raise MemberError(Reason.DAMAGED_CONTAINER)
    own = rest[: len(rest) - extra_size]
    return _Block(kind, flags, Fields(own), rest[len(own) :], Stretch(place, data_size))


def _lock(fields: Fields, *, start: bool) -> Lock:
    if fields.number():  # the version of the encryption
        raise MemberError(Reason.UNSUPPORTED_CONTAINER)
    flags, power, salt = fields.number(), fields.whole(1), fields.take(16)
    block = fields.take(16) if start else b""
    check = fields.take(12) if flags & 1 else b""
    return Lock(salt, block, power, check, tweaked=bool(flags & 2))


def _entry(block: _Block) -> Entry:
    fields = block.fields
    flags, size, attributes = fields.number(), fields.number(), fields.number()
    times = (("modified", fields.whole(4) * 10**9),) if flags & _TIME else ()
    crc = fields.whole(4) if flags & _CRC else -1
    setup, system = fields.number(), fields.number()
    name = fields.take(fields.number())
    extra = _extra(block.extra)
    more = _times(extra[3]) if 3 in extra else ()
    unknown = flags & _UNKNOWN_SIZE
    told = (_FILE, _DATA, block.data.size, unknown, size, attributes, setup, system, 1)
    return Entry(
        name,
        block.data,
        -1 if flags & _UNKNOWN_SIZE else size,
        stored=not setup >> 7 & 7,
        header=sealed(b"".join(map(number, told)) + b"m"),
        crc=crc,
        blake=extra[2][1:33] if 2 in extra and extra[2][:1] == b"\0" else b"",
        times=more or times,
        mode=attributes if system == 1 else 0,
        folder=bool(flags & _FOLDER),
        solid=bool(setup & _SOLID),
        split=bool(block.flags & (_BEFORE | _AFTER)),
        points=_points(Fields(extra[5])) if 5 in extra else None,
        lock=_lock(Fields(extra[1]), start=True) if 1 in extra else None,
        window=(128 << 10) << (setup >> 10 & 15),
    )


def _extra(data: bytes) -> dict[int, bytes]:
    """Take further fields apart; of two of one kind the first."""
    fields, found = Fields(data), dict[int, bytes]()
    while fields.left:
        own = Fields(fields.take(fields.number()))
        found.setdefault(own.number(), own.rest())
    return found


def _times(data: bytes) -> tuple[tuple[str, int], ...]:
    fields = Fields(data)
    flags = fields.number()
    seconds = flags & 1
    found = [
        (name, fields.whole(4) * 10**9 if seconds else since_1601(fields.whole(8)))
        for bit, name in _TIMES
        if flags & bit
    ]
    if seconds and flags & 0x10:
        found = [(name, ns + fields.whole(4) % 10**9) for name, ns in found]
    return tuple(found)


def _points(fields: Fields) -> tuple[str, bytes]:
    kind = _LINKS.get(fields.number())
    fields.number()
    target = fields.take(fields.number())
    if kind is None:
        raise MemberError(Reason.UNSUPPORTED_CONTAINER)
    return kind, target
