"""Archives behind a picture or a program: hidden there, or unpacking themselves.

The archive is given as one file, which is looked into as any other. It goes to the end, but not
over the signature of a program of Windows, which stands behind all else. Looked through are the
first 4 MiB of a program, or all of it where a zip's directory stands at its end; all of a picture
that does not end as pictures of its kind do, since a RAR or 7z behind one that does would have to
be made to. A zip ends with a comment, which may be anything: its directory is looked for.

Source: as in the modules of zip, RAR and 7z, whose first headers have checksums; Microsoft, "PE
Format" (the certificate table).
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.evidence.members import rar4_headers, rar5_headers, seven_zip, zip_directory
from hashmatch.evidence.members.interface import Inside, MemberError
from hashmatch.evidence.members.pieces import piece, places
from hashmatch.evidence.members.unpacked import length, read_at
from hashmatch.evidence.members.zip_entries import LOCAL
from hashmatch.model.locators import layer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.members.interface import Given
    from hashmatch.model.secrets import Secrets

NAME = "attached"
TITLE = "archive behind a program or picture"
HELP = ""
RANK = 91  # after every kind that is known by its content

_PROGRAMS = (
    *(b"MZ", b"\x7fELF", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe"),  # of Windows, Unix, macOS
    *(b"#!", b"Cr24"),  # scripts; extensions of browsers
)
_JPEG, _PNG, _GIF, _WEBP = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"RIFF"
_ENDS = {_JPEG: b"\xff\xd9", _PNG: b"IEND\xaeB`\x82", _GIF: b";"}
_PROGRAM = 4 << 20
_HEAD = 4096
_TABLES = {b"\x0b\1": 24 + 96 + 32, b"\x0b\2": 24 + 112 + 32}
"""Where a program of Windows, of 32 or 64 bits, says where its signature is."""
_HEADER = 256
"""Bytes behind a signature that are enough to tell what follows it by its checksum."""


def recognise(head: bytes, name: bytes) -> bool:  # noqa: ARG001  # content decides
    """Tell whether it begins as a program or a picture that no other kind looks into."""
    return head.startswith((*_PROGRAMS, _PNG, _GIF)) or _is_webp(head)


def members(stream: BinaryIO, secrets: Secrets) -> Iterator[Given]:  # noqa: ARG001  # as it lies
    """Yield the archive, if any; see :class:`hashmatch.evidence.members.interface.Container`."""
    return behind(stream, NAME, 0)


def behind(stream: BinaryIO, kind: str, number: int) -> Iterator[Given]:
    """Yield the archive behind a program or picture, if any.

    Args:
        stream: the whole of it.
        kind: the kind of container it is, for the locator.
        number: how many members were found in it before.
    """
    found = _archive(stream)
    if found is not None:
        place, ending = found
        name, size = b"%d.%b" % (place, ending), _end(stream, place) - place
        where = layer(kind, name, n=number, off=place, len=size)
        yield Inside(name, where, size, piece(stream, place, size))


def _archive(stream: BinaryIO) -> tuple[int, bytes] | None:
    """Find where the first archive begins, and what it is."""
    head, total = read_at(stream, 0, 16), length(stream)
    program = head.startswith(_PROGRAMS)
    if not program and _ends_well(stream, head, total):
        return None
    listed = _is_listed(stream)
    end = min(total, _PROGRAM) if program and not listed else total
    signs = {LOCAL: (_is_zip, b"zip")} if listed or not program else {}
    signs |= {
        rar4_headers.MAGIC: (_is_rar4, b"rar"),
        rar5_headers.MAGIC: (_is_rar5, b"rar"),
        seven_zip.MAGIC: (_is_7z, b"7z"),
    }
    for place, sign in places(stream, tuple(signs), end):
        holds, ending = signs[sign]
        if place and holds(stream, place):
            return place, ending
    return None


def _is_webp(head: bytes) -> bool:
    return head.startswith(_WEBP) and head[8:12] == b"WEBP"


def _ends_well(stream: BinaryIO, head: bytes, total: int) -> bool:
    """Tell whether a picture ends where it should, and no zip does.

    What has zeros behind its end is looked through: the end of an archive may look like that.
    """
    if _is_webp(head):
        said = 8 + int.from_bytes(head[4:8], "little")
        return total <= said + said % 2
    tail = read_at(stream, max(0, total - zip_directory.LONGEST_END), zip_directory.LONGEST_END)
    ended = any(tail.endswith(end) for begin, end in _ENDS.items() if head.startswith(begin))
    return ended and zip_directory.END not in tail


def _end(stream: BinaryIO, begin: int) -> int:
    """Give where an archive ends: with the file, or before the signature of a program there."""
    total = length(stream)
    head = read_at(stream, 0, _HEAD)
    start = int.from_bytes(head[0x3C:0x40], "little") if head.startswith(b"MZ") else _HEAD
    table = start + _TABLES.get(head[start + 24 : start + 26], _HEAD)
    if not head.startswith(b"PE\0\0", start) or table + 8 > len(head):
        return total
    place, size = struct.unpack_from("<II", head, table)
    is_last = begin < place < total and total - 8 <= place + size <= total
    return place if is_last else total


def _is_listed(stream: BinaryIO) -> bool:
    """Tell whether the directory of a zip with entries stands at the end."""
    try:
        found = zip_directory.directory(stream)
    except MemberError:  # the part of one in several files, or what only looks like one
        return False
    return found is not None and found.size > 0


def _is_zip(stream: BinaryIO, place: int) -> bool:
    return zip_directory.sound(stream, place) is not None


def _is_rar4(stream: BinaryIO, place: int) -> bool:
    header = read_at(stream, place + len(rar4_headers.MAGIC), _HEADER)
    size = int.from_bytes(header[5:7], "little")
    return 7 <= size <= len(header) and zlib.crc32(header[2:size]) & 0xFFFF == int.from_bytes(
        header[:2], "little"
    )


def _is_rar5(stream: BinaryIO, place: int) -> bool:
    header = read_at(stream, place + len(rar5_headers.MAGIC), _HEADER)
    size = header[4] if len(header) > 4 else 0  # the first header is short: one byte says so
    stated = int.from_bytes(header[:4], "little")
    return 0 < size < 0x80 and zlib.crc32(header[4 : 5 + size]) == stated


def _is_7z(stream: BinaryIO, place: int) -> bool:
    header = read_at(stream, place, 32)
    return len(header) == 32 and zlib.crc32(header[12:]) == struct.unpack_from("<I", header, 8)[0]
