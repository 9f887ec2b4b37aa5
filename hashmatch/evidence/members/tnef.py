"""Attachments in a ``winmail.dat``, in which Outlook may wrap a message.

Names are the short ones, unless the attachment's own properties have a longer one. A message
attached to it, which lies in properties, is not looked into.

Source: [MS-OXTNEF].
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.evidence.members.interface import Inside, MemberError
from hashmatch.evidence.members.unpacked import length, read_at, unpacked
from hashmatch.model.locators import layer
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.members.interface import Given
    from hashmatch.model.secrets import Secrets

NAME = "tnef"
TITLE = "winmail.dat (TNEF)"
HELP = ""

_MAGIC = b"\x78\x9f\x3e\x22"
_ATTRIBUTE = struct.Struct("<BII")
_START = 6
_RENDERED, _TITLE, _DATA, _PROPERTIES = 0x69002, 0x18010, 0x6800F, 0x69005
_LONG_NAMES = (b"\x1f\0\x07\x37", b"\x1e\0\x07\x37")  # as properties begin: kind, number
_MOST_TEXT = 1 << 20
_BLOCK = 256 << 10


def recognise(head: bytes, name: bytes) -> bool:  # noqa: ARG001  # content decides
    """Tell whether it begins as TNEF does."""
    return head.startswith(_MAGIC)


def members(stream: BinaryIO, secrets: Secrets) -> Iterator[Given]:  # noqa: ARG001  # never locked
    """Yield attachments; see :class:`hashmatch.evidence.members.interface.Container`."""
    end = length(stream)
    number = 0
    data, name = (-1, 0), b""
    for kind, place, size in _attributes(stream, end):
        if kind == _RENDERED:
            if data[0] >= 0:
                yield _inside(stream, data, name, number)
                number += 1
            data, name = (-1, 0), b""
        elif kind == _DATA:
            data = (place, size)
        elif kind == _TITLE:
            name = name or read_at(stream, place, min(size, _MOST_TEXT)).rstrip(b"\0")
        elif kind == _PROPERTIES:
            name = _long_name(read_at(stream, place, min(size, _MOST_TEXT))) or name
    if data[0] >= 0:
        yield _inside(stream, data, name, number)


def _attributes(stream: BinaryIO, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield the number of each attribute, where its content begins, and bytes of it.

    Raises:
        MemberError: one goes beyond the end, or is followed by something else.
    """
    place = _START
    while place < end:
        header = read_at(stream, place, _ATTRIBUTE.size)
        if len(header) < _ATTRIBUTE.size:
            raise MemberError(Reason.DAMAGED_CONTAINER)
        level, kind, size = _ATTRIBUTE.unpack(header)
        place += _ATTRIBUTE.size
        if level not in {1, 2}:
            raise MemberError(Reason.DAMAGED_CONTAINER)
        yield kind, place, size
        place += size + 2


def _inside(stream: BinaryIO, data: tuple[int, int], name: bytes, number: int) -> Inside:
    name = name or b"attachment-%d" % number
    where = layer(NAME, name, n=number)
    return Inside(name, where, data[1], lambda: unpacked(_content(stream, *data)))


def _content(stream: BinaryIO, start: int, size: int) -> Iterator[bytes]:
    """Give the content of an attribute, and compare its checksum, the sum of its bytes."""
    total, place = 0, start
    while place < start + size:
        block = read_at(stream, place, min(_BLOCK, start + size - place))
        if not block:
            raise MemberError(Reason.DAMAGED_CONTAINER)
        place += len(block)
        total += sum(block)
        yield block
    if read_at(stream, place, 2) != (total & 0xFFFF).to_bytes(2, "little"):
        raise MemberError(Reason.CHECKSUM)


def _long_name(properties: bytes) -> bytes:
    """Find the long name among properties: kind, number, how many values, bytes, text."""
    for mark in _LONG_NAMES:
        place = properties.find(mark)
        if place < 0:
            continue
        size = int.from_bytes(properties[place + 8 : place + 12], "little")
        raw = properties[place + 12 : place + 12 + size]
        if mark is _LONG_NAMES[0]:
            raw = raw[: len(raw) // 2 * 2].decode("utf-16-le", "replace").encode("utf-8", "replace")
        return raw.rstrip(b"\0")
    return b""
