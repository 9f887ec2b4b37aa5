"""Headers of a tar: 512 bytes before each member, in the dialects of forty years.

Source: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Header Block"; GNU tar manual, "Basic
Tar Format" and "Storing Sparse Files".
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.evidence.members.interface import MemberError
from hashmatch.evidence.members.moments import iso
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

BLOCK = 512
REGULAR = b"07\0S"
"""Types with content of their own: plain, contiguous, as before there were types, with holes."""
_KNOWN = b"01234567\0LKxgXSDMVNA"
_SUM = slice(148, 156)
_NS = 10**9
_MOST_DIGITS = 32
_TIMES = (
    ("modified", b"mtime"),
    ("accessed", b"atime"),
    ("changed", b"ctime"),
    ("created", b"LIBARCHIVE.creationtime"),
)


@dataclass(frozen=True, slots=True)
class Header:
    """One header as it is stored; ``size`` in bytes, ``mtime`` in seconds since 1970."""

    name: bytes
    kind: bytes
    size: int
    mtime: int
    block: bytes

    @property
    def posix(self) -> bool:
        """Whether it says that it is of the standard, its end included."""
        return self.block[257:262] == b"ustar"


def header(block: bytes) -> Header | None:
    """Read a header; None where it is none, by its checksum."""
    if len(block) < BLOCK or not block.strip(b"\0") or not _sums_up(block):
        return None
    try:
        size, mtime = number(block[124:136]), number(block[136:148])
    except ValueError:
        return None
    kind = block[156:157]
    if size < 0:
        return None
    name = _text(block[:100])
    if block[257:263] == b"ustar\0" and (before := _text(block[345:500])):
        name = before + b"/" + name
    return Header(name, kind, size, mtime, block)


def plausible(block: bytes) -> bool:
    """Tell by the first header whether this is a tar."""
    found = header(block[:BLOCK])
    return found is not None and bool(found.name) and found.kind in _KNOWN


def _sums_up(block: bytes) -> bool:
    """Compare the sum of all bytes, the sum itself taken as blanks; some took bytes as signed."""
    try:
        stated = number(block[_SUM])
    except ValueError:
        return False
    rest = block[:148] + b" " * 8 + block[156:BLOCK]
    plain = sum(rest)
    return stated == plain or stated == plain - 256 * sum(byte > 127 for byte in rest)


def number(field: bytes) -> int:
    """Read a number: octal digits, or binary where the first bit is set.

    Raises:
        ValueError: it is neither.
    """
    if field[0] in {0x80, 0xFF}:
        value = int.from_bytes(field[1:])
        return value - (1 << 8 * (len(field) - 1)) if field[0] == 0xFF else value
    digits = field.partition(b"\0")[0].strip(b" ")
    if digits.strip(b"01234567"):
        msg = "no octal number"
        raise ValueError(msg)
    return int(digits or b"0", 8)


def _text(field: bytes) -> bytes:
    return field.partition(b"\0")[0]


def extended(data: bytes) -> dict[bytes, bytes]:
    """Read the records of an extended header: length, blank, name, ``=``, value, line end.

    Raises:
        MemberError: it is not of that form.
    """
    found: dict[bytes, bytes] = {}
    place = 0
    while place < len(data) and data[place]:
        blank = data.find(b" ", place, place + _MOST_DIGITS)
        digits = data[place:blank] if blank > 0 else b""
        end = place + int(digits) if digits.isdigit() else 0
        name, sign, value = data[blank + 1 : end - 1].partition(b"=")
        if not sign or end > len(data) or data[end - 1 : end] != b"\n":
            raise MemberError(Reason.DAMAGED_CONTAINER)
        found[name] = value
        place = end
    return found


def decimal(value: bytes) -> int:
    """Read a whole number of an extended header.

    Raises:
        MemberError: it is none.
    """
    if len(value) > _MOST_DIGITS or not value.isdigit():
        raise MemberError(Reason.DAMAGED_CONTAINER)
    return int(value)


def times(found: Header, extra: Mapping[bytes, bytes]) -> tuple[tuple[tuple[str, str], ...], int]:
    """Give a member's times in ISO 8601, and the modification in nanoseconds."""
    moments: dict[str, int] = {"modified": found.mtime * _NS}
    for name, key in _TIMES:
        ns = _moment(extra.get(key, b""))
        if ns is not None:
            moments[name] = ns
    return tuple((name, iso(ns)) for name, ns in moments.items()), moments["modified"]


def _moment(value: bytes) -> int | None:
    """Read seconds with a fraction as nanoseconds; None where it is no such number."""
    whole, _, fraction = value.lstrip(b"-").partition(b".")
    if not whole.isdigit() or len(value) > _MOST_DIGITS or fraction.strip(b"0123456789"):
        return None
    ns = int(whole) * _NS + int(fraction[:9].ljust(9, b"0"))
    return -ns if value.startswith(b"-") else ns


def old_sparse(block: bytes) -> tuple[list[tuple[int, int]], bool, int]:
    """Read where content lies in a file with holes, from a header of the type ``S``.

    Returns:
        Offsets and lengths; whether more follow in a block of its own; the file's size.

    Raises:
        MemberError: they are no numbers.
    """
    return _pairs(block[386:482]), bool(block[482]), _number(block[483:495])


def more_sparse(block: bytes) -> tuple[list[tuple[int, int]], bool]:
    """Read a block in which that goes on; raises ``MemberError``."""
    if len(block) < BLOCK:
        raise MemberError(Reason.DAMAGED_CONTAINER)
    return _pairs(block[:504]), bool(block[504])


def _pairs(data: bytes) -> list[tuple[int, int]]:
    fields = (field for field in struct.iter_unpack("12s12s", data))
    return [(_number(start), _number(size)) for start, size in fields if start.strip(b"\0")]


def _number(field: bytes) -> int:
    try:
        return number(field)
    except ValueError:
        raise MemberError(Reason.DAMAGED_CONTAINER) from None
