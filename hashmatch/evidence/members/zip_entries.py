"""Entries of a zip: what its directory, or the header before a member, says of each.

Source: PKWARE APPNOTE 6.3.10, 4.3 to 4.5; Info-ZIP extra fields 0x5455 and 0x7075.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.evidence.members.interface import MemberError
from hashmatch.evidence.members.unpacked import read_all, read_at
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

LOCAL = b"PK\x03\x04"
CENTRAL = b"PK\x01\x02"
DESCRIPTOR = b"PK\x07\x08"
LOCAL_SIZE = 30
ENCRYPTED, DESCRIBED_AFTER, STRONG, UTF8, HIDDEN_HEADER = 1, 1 << 3, 1 << 6, 1 << 11, 1 << 13
UNKNOWN = -1
"""A checksum or length that nothing states."""
AES = 99
"""The method that says that the real one, and how it is encrypted, is in an extra field."""
ZIP64, NTFS, UNIX_TIMES, UNICODE_NAME, AES_FIELD = 0x0001, 0x000A, 0x5455, 0x7075, 0x9901
_LONG = 0xFFFFFFFF
_CENTRAL_SIZE = 46
_TEXT_ENCODING = "cp874"  # Thai; what it does not map is of another code page


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as it is stored.

    ``offset`` is where its local header begins, as stated; ``mode`` is 0 where no Unix made it.
    ``packed`` and ``size`` in bytes, as stated. ``listed`` says that the directory has it.
    """

    name: bytes
    flags: int
    method: int
    moment: int
    crc: int
    packed: int
    size: int
    offset: int
    extra: bytes = b""
    mode: int = 0
    disk: int = 0
    listed: bool = True

    @property
    def fields(self) -> dict[int, bytes]:
        """The extra fields by their number; of two with one number the first."""
        return fields(self.extra)


def fields(extra: bytes) -> dict[int, bytes]:
    """Take extra fields apart as far as they are sound."""
    found: dict[int, bytes] = {}
    place = 0
    while place + 4 <= len(extra):
        number, size = struct.unpack_from("<HH", extra, place)
        if place + 4 + size > len(extra):
            break
        found.setdefault(number, extra[place + 4 : place + 4 + size])
        place += 4 + size
    return found


def central(stream: BinaryIO, offset: int, size: int) -> Iterator[Entry]:
    """Read the directory, entry by entry.

    Args:
        stream: the zip.
        offset: where the directory begins.
        size: its length in bytes.

    Raises:
        MemberError: it is damaged from here on.
    """
    end = offset + size
    while offset + _CENTRAL_SIZE <= end:
        head = read_at(stream, offset, _CENTRAL_SIZE)
        if not head.startswith(CENTRAL):
            if head.startswith(b"PK\x05\x05"):  # the directory's signature: what comes last
                return
            break
        if len(head) < _CENTRAL_SIZE:
            break
        made, _, flags, method, moment, crc = struct.unpack_from("<HHHHII", head, 4)
        packed, full, *lengths, disk, _, outer, local = struct.unpack_from("<IIHHHHHII", head, 20)
        tail = read_all(stream, sum(lengths))
        offset += _CENTRAL_SIZE + sum(lengths)
        if len(tail) < sum(lengths) or offset > end:
            break
        name, extra = tail[: lengths[0]], tail[lengths[0] : lengths[0] + lengths[1]]
        full, packed, local = _wide(extra, full, packed, local)
        mode = outer >> 16 if made >> 8 in {3, 19} else 0
        yield Entry(name, flags, method, moment, crc, packed, full, local, extra, mode, disk)
    if offset != end:
        raise MemberError(Reason.DAMAGED_CONTAINER)


def _wide(extra: bytes, *values: int) -> tuple[int, ...]:
    """Put in the numbers of 8 bytes of those that do not fit into 4."""
    if _LONG not in values:
        return values
    wide = fields(extra).get(ZIP64, b"")
    numbers = iter(struct.unpack_from(f"<{len(wide) // 8}Q", wide))
    return tuple(next(numbers, value) if value == _LONG else value for value in values)


def local(stream: BinaryIO, offset: int) -> tuple[Entry, int] | None:
    """Read the header before a member.

    Returns:
        It, and where the packed content begins; None where there is no sound header.
    """
    head = read_at(stream, offset, LOCAL_SIZE)
    if len(head) < LOCAL_SIZE or not head.startswith(LOCAL):
        return None
    _, flags, method, moment, crc, packed, size, name_size, extra_size = struct.unpack_from(
        "<HHHIIIIHH", head, 4
    )
    tail = read_all(stream, name_size + extra_size)
    if len(tail) < name_size + extra_size:
        return None
    name, extra = tail[:name_size], tail[name_size:]
    size, packed = _wide(extra, size, packed)
    found = Entry(name, flags, method, moment, crc, packed, size, offset, extra, listed=False)
    return found, offset + LOCAL_SIZE + len(tail)


def agree(stream: BinaryIO, listed: Entry, own: Entry, begin: int) -> bool:
    """Tell whether a member's own header, or the description behind it, says what is listed.

    Where the two differ, programs differ in what they take for the content.

    Args:
        stream: the zip.
        listed: what the directory says.
        own: what the header before the member says; lengths and checksum may follow the content.
        begin: where the packed content begins.
    """
    if own.method != listed.method:
        return False
    pairs = ((listed.packed, own.packed), (listed.size, own.size), (listed.crc, own.crc))
    if own.packed or not own.flags & DESCRIBED_AFTER:
        return all(said in {_LONG, wanted} for wanted, said in pairs)
    crc = struct.pack("<I", listed.crc)
    return read_at(stream, begin + listed.packed, 8).startswith((DESCRIPTOR + crc, crc))


def shown(entry: Entry) -> tuple[bytes, bool]:
    """Give an entry's name as people should see it, in UTF-8.

    That of the Unicode field where it belongs to this name; as it stands where it is UTF-8; else
    read as Thai where every byte is a letter there, and as code page 437 where not.

    Returns:
        The name, and whether it is not what is stored.
    """
    field = entry.fields.get(UNICODE_NAME, b"")
    if len(field) > 5 and field[0] == 1 and field[1:5] == _crc(entry.name) and _is_utf8(field[5:]):
        return field[5:], field[5:] != entry.name
    if entry.flags & UTF8 or _is_utf8(entry.name):
        return entry.name, False
    try:
        return entry.name.decode(_TEXT_ENCODING).encode(), True
    except UnicodeDecodeError:
        return entry.name.decode("cp437").encode(), True


def _crc(name: bytes) -> bytes:
    return struct.pack("<I", zlib.crc32(name))


def _is_utf8(name: bytes) -> bool:
    try:
        name.decode()
    except UnicodeDecodeError:
        return False
    return True
