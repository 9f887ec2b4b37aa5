"""Headers of RAR archives before version 5.

Source: RARLAB, "RAR version 4.x technical note".
"""

from __future__ import annotations

import struct
import zlib
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.evidence.members.aes_cbc import decrypted
from hashmatch.evidence.members.dos_times import local_time
from hashmatch.evidence.members.interface import MemberError
from hashmatch.evidence.members.rar_entries import SYMLINK, End, Entry, Fields, Lock, piece
from hashmatch.evidence.members.unpacked import Stretch, length
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from hashmatch.evidence.members.rar_secrets import Passwords

MAGIC = b"Rar!\x1a\x07\0"
_MAIN, _FILE, _NEW_SUB, _END = 0x73, 0x74, 0x7A, 0x7B
_ENCRYPTED_HEADERS = 0x80
_BEFORE, _AFTER, _PASSWORD, _SOLID, _WINDOW = 1, 2, 4, 0x10, 0xE0
_LARGE, _UNICODE, _SALT, _HAS_DATA = 0x100, 0x200, 0x400, 0x8000
_BASE = 7
_SALT_SIZE, _CIPHER_BLOCK = 8, 16
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


def entries(stream: BinaryIO, keys: Passwords) -> Iterator[Entry | End]:
    """Give every member, in order.

    Raises:
        MemberError: a header is damaged, or all of them are encrypted and no password fits.
    """
    place, total = len(MAGIC), length(stream)
    locked: Reason | None = None
    while place < total:
        read = _unlocked(stream, place, keys, locked) if locked else _header(stream, place)
        kind, flags, fields = read.kind, read.flags, Fields(read.data[_BASE:])
        place = read.end
        if kind == _END:
            yield End(place, more=bool(flags & 1))
            return
        if locked:
            locked = Reason.DAMAGED_CONTAINER  # if the next one is not read: there was a password
        elif kind == _MAIN and flags & _ENCRYPTED_HEADERS:
            locked = Reason.KEY_NEEDED
        if kind in {_FILE, _NEW_SUB}:
            entry = _entry(flags, fields, place)
            place += entry.data.size
            if kind == _FILE:
                yield entry
        elif flags & _HAS_DATA:
            place += fields.whole(4)
    yield End(total)  # old ones have no end of their own


@dataclass(frozen=True, slots=True)
class _Header:
    """One header, checked: its kind, its flags, all of it, and where in the file it ends."""

    kind: int
    flags: int
    data: bytes
    end: int


def _header(stream: BinaryIO, place: int) -> _Header:
    size = _size(piece(stream, place, _BASE))
    return _checked(piece(stream, place, size), place + size)


def _unlocked(stream: BinaryIO, place: int, keys: Passwords, otherwise: Reason) -> _Header:
    """Read one that is encrypted, with the first password whose result has the right checksum.

    Raises:
        MemberError: none has, for the reason given.
    """
    salt, begin = piece(stream, place, _SALT_SIZE), place + _SALT_SIZE
    first = piece(stream, begin, _CIPHER_BLOCK)
    for word in list(keys.words):
        key, start = keys.old(word, salt)
        with suppress(MemberError):
            size = _size(b"".join(decrypted([first], key, start)))
            packed = -(-size // _CIPHER_BLOCK) * _CIPHER_BLOCK
            plain = b"".join(decrypted([piece(stream, begin, packed)], key, start))
            found = _checked(plain[:size], begin + packed)
            keys.prefer(word)
            return found
    raise MemberError(otherwise)


def _size(begin: bytes) -> int:
    (size,) = struct.unpack_from("<H", begin, 5)
    if size < _BASE:
        raise MemberError(Reason.DAMAGED_CONTAINER)
    return int(size)


def _checked(header: bytes, end: int) -> _Header:
    crc, kind, flags = struct.unpack_from("<HBH", header)
    if zlib.crc32(header[2:]) & 0xFFFF != crc:
        raise MemberError(Reason.DAMAGED_CONTAINER)
    return _Header(kind, flags, header, end)


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
