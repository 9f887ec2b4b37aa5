"""Thumbnails of Windows since Vista: ``thumbcache_*.db``, entry by entry.

Each comes as it is stored; its name is the identifier of the entry. Entries without content are
places that are free, or of an index. What stands between entries is not looked at.

Source: libyal, Windows Explorer Thumbnail Cache database format.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.evidence.members.interface import Inside, MemberError
from hashmatch.evidence.members.pieces import piece, places
from hashmatch.evidence.members.unpacked import length, read_at
from hashmatch.model.locators import layer
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.members.interface import Given
    from hashmatch.model.secrets import Secrets

NAME = "thumbcache"
TITLE = "Windows thumbnail cache"
HELP = ""

_MAGIC = b"CMMM"
_LEAST_HEADER = 24  # bytes of the header of the file
_LAYOUTS = {0: (56, 16), 20: (56, 24), 21: (48, 16)}
"""Bytes before the identifier of an entry, and where its sizes are: Vista (20), 7 (21), later."""
_SIZES = struct.Struct("<III")  # of the identifier, of what fills up behind it, of the content
_LONGEST_NAME = 1024


def recognise(head: bytes, name: bytes) -> bool:  # noqa: ARG001  # content decides
    """Tell whether it begins as a thumbnail cache does."""
    return head.startswith(_MAGIC)


def members(stream: BinaryIO, secrets: Secrets) -> Iterator[Given]:  # noqa: ARG001  # never locked
    """Yield the thumbnails; see :class:`hashmatch.evidence.members.interface.Container`.

    Where entries do not follow each other, the next one is searched for, and an error comes after
    the last.
    """
    end = length(stream)
    version = int.from_bytes(read_at(stream, 4, 4), "little")
    layout = _LAYOUTS.get(version, _LAYOUTS[0])
    is_damaged = False
    follows = -1  # where the entry before says that this one begins
    number = 0
    for place, _ in places(stream, (_MAGIC,), end, _LEAST_HEADER):
        if place < follows:
            continue
        is_damaged |= 0 <= follows < place
        found = _entry(stream, place, layout, end)
        if found is None:
            is_damaged, follows = True, place + 1
            continue
        follows, inside = found
        start, size, name = inside
        if size:
            where = layer(NAME, name, n=number)
            yield Inside(name, where, size, piece(stream, start, size))
            number += 1
    if is_damaged or (0 <= follows < end and any(read_at(stream, follows, 4096))):
        raise MemberError(Reason.DAMAGED_CONTAINER)


def _entry(
    stream: BinaryIO, place: int, layout: tuple[int, int], end: int
) -> tuple[int, tuple[int, int, bytes]] | None:
    """Read an entry: where the next begins; where its content begins, bytes of it, its name."""
    before, sizes = layout
    header = read_at(stream, place, before)
    if len(header) < before:
        return None
    whole = int.from_bytes(header[4:8], "little")
    name_size, filled, size = _SIZES.unpack_from(header, sizes)
    start = place + before + name_size + filled
    if start + size > place + whole or place + whole > end or name_size > _LONGEST_NAME:
        return None
    raw = read_at(stream, place + before, name_size // 2 * 2)
    name = raw.decode("utf-16-le", "replace").rstrip("\0")
    identifier = header[8:16][::-1].hex()
    return place + whole, (start, size, (name or identifier).encode("utf-8", "replace"))
