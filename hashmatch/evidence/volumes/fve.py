"""The metadata of BitLocker volumes: how they are encrypted, and with what their key is sealed.

There are three copies. Those whose checksum holds are believed before others, others only where
there are several, and none where they differ in how the content is encrypted.

Source: libyal, "BitLocker Drive Encryption (BDE) format specification"; the checksum behind the
metadata as dislocker reads it (``bitlocker_validations_t``).
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.evidence.volumes.tables import block, number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.media.interface import Medium

SIGN = b"-FVE-FS-"
VOLUME_KEY, CONTENT_KEY, MOVED_HEAD = 2, 3, 15
"""Kinds of entry: the key of the volume, sealed; that of the content; where the head lies."""
KEY, SALT, SEALED, PROTECTOR, EXTERNAL, PLACE = 1, 3, 5, 8, 9, 15
"""What entries hold."""
BLOCK_HEAD, HEAD = 64, 48
_GUID = bytes.fromhex("3bd66749292ed84a8399f6a339e3d001")
_GUID_USED_SPACE = bytes.fromhex("3b4da89280dd0e4d9e4eb1e3284eaed8")
_TO_GO, _FIXED = 424, 160
_COPY = 65536
_ENOUGH = 2
"""So many copies are believed without a checksum that holds, where they agree."""
_ENTRY = struct.Struct("<4H")


class FveError(Exception):
    """The metadata cannot be used; says in English words why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its kind, what it holds, and that."""

    kind: int
    value: int
    content: bytes

    def packed(self) -> bytes:
        """Write it as it is stored."""
        return _ENTRY.pack(_ENTRY.size + len(self.content), self.kind, self.value, 1) + self.content


@dataclass(frozen=True, slots=True)
class Protector:
    """The key of a volume sealed in one way; ``identity`` as a GUID is stored."""

    identity: bytes
    kind: int
    parts: tuple[Entry, ...]

    def held(self, value: int) -> Iterator[bytes]:
        """Yield what it holds of one sort."""
        return (one.content for one in self.parts if one.value == value)


@dataclass(frozen=True, slots=True)
class Metadata:
    """One copy. ``table`` is where in the first sector its places are named, None in the oldest."""

    table: int | None
    block: bytes
    head: bytes
    entries: tuple[Entry, ...]
    whole: bool

    @property
    def method(self) -> int:
        """How the content is encrypted."""
        return number(self.head, 36, 2)

    @property
    def places(self) -> tuple[int, ...]:
        """Where the copies lie."""
        return struct.unpack_from("<3Q", self.block, 32)

    @property
    def moved(self) -> tuple[bytes, ...]:
        """Where what belongs at the beginning of the volume lies."""
        return tuple(one.content for one in self._of(MOVED_HEAD, PLACE))

    @property
    def content_keys(self) -> tuple[bytes, ...]:
        """The key of the content, sealed with that of the volume."""
        return tuple(one.content for one in self._of(CONTENT_KEY, SEALED))

    @property
    def protectors(self) -> tuple[Protector, ...]:
        """The key of the volume, sealed in several ways."""
        return tuple(_protector(one.content) for one in self._of(VOLUME_KEY, PROTECTOR))

    def agrees(self, other: Metadata) -> bool:
        """Tell whether another copy says the same of where what lies, and how it is encrypted."""
        mine, its = ((one.block[10:12], one.block[16:24], one.block[28:]) for one in (self, other))
        return (mine, self.method, self.moved) == (its, other.method, other.moved)

    def _of(self, kind: int, value: int) -> Iterator[Entry]:
        return (one for one in self.entries if (one.kind, one.value) == (kind, value))


def recognise(content: Medium) -> bool:
    """Tell whether a volume is encrypted with BitLocker, that of removable drives included."""
    head = content.read_at(0, 512)
    return head[3:11] == SIGN or head[_TO_GO : _TO_GO + 16] == _GUID


def read(content: Medium) -> Metadata:
    """Give the copy that is believed.

    Raises:
        FveError: there is none.
    """
    first = block(content, 0)
    table = _table(first)
    found = []
    for place in _places(content, first, table):
        try:
            found.append(_copy(block(content, place, _COPY), table))
        except FveError:
            continue  # the others may be whole
    sure = [one for one in found if one.whole] or found
    if not sure or (len(sure) < _ENOUGH and not sure[0].whole):
        msg = "none of the three copies of its metadata can be relied on"
        raise FveError(msg)
    if not all(sure[0].agrees(one) for one in sure):
        msg = "the copies of its metadata do not agree"
        raise FveError(msg)
    return sure[0]


def entries(raw: bytes) -> Iterator[Entry]:
    """Yield entries that follow each other, up to an empty one.

    Raises:
        FveError: one cannot be as long as it says.
    """
    at = 0
    while len(raw) - at >= _ENTRY.size and any(raw[at : at + _ENTRY.size]):
        size, kind, value, _ = _ENTRY.unpack_from(raw, at)
        if not _ENTRY.size <= size <= len(raw) - at:
            msg = "an entry of its metadata is longer than they are"
            raise FveError(msg)
        yield Entry(kind, value, raw[at + _ENTRY.size : at + size])
        at += size


def listed(raw: bytes) -> bytes:
    """Give the bytes of the entries after a head that tells their length twice.

    Raises:
        FveError: it is no such head, or they are not all there.
    """
    size, version, head, again = struct.unpack_from("<4I", raw.ljust(HEAD, b"\0"))
    if (version, head, again) != (1, HEAD, size) or not HEAD <= size <= len(raw):
        msg = "its metadata have no head that is known"
        raise FveError(msg)
    return raw[HEAD:size]


def _table(first: bytes) -> int | None:
    """Say where the first sector names the places of the metadata."""
    for at, known in ((_FIXED, (_GUID, _GUID_USED_SPACE)), (_TO_GO, (_GUID,))):
        if first[at : at + 16] in known:
            return at + 16
    return None


def _places(content: Medium, first: bytes, table: int | None) -> tuple[int, ...]:
    if table is not None:
        return struct.unpack_from("<3Q", first, table)
    # Windows Vista: the first sector is that of NTFS and names one place, in clusters.
    place = number(first, 56, 8) * first[13] * number(first, 11, 2)
    return place, *struct.unpack_from("<2Q", block(content, place, BLOCK_HEAD), 40)


def _copy(raw: bytes, table: int | None) -> Metadata:
    version = number(raw, 10, 2)
    if not raw.startswith(SIGN) or version not in {1, 2}:
        msg = "its metadata begin with no sign that is known"
        raise FveError(msg)
    length = number(raw, 8, 2) << (4 if version > 1 else 0)
    whole = length >= BLOCK_HEAD + HEAD and zlib.crc32(raw[:length]) == number(raw, length + 4, 4)
    held = tuple(entries(listed(raw[BLOCK_HEAD:])))
    found = Metadata(table, raw[:BLOCK_HEAD], raw[BLOCK_HEAD : BLOCK_HEAD + HEAD], held, whole)
    if not found.protectors or not found.content_keys:
        msg = "its metadata hold no keys"
        raise FveError(msg)
    return found


def _protector(raw: bytes) -> Protector:
    return Protector(raw[:16], number(raw, 26, 2), tuple(entries(raw[28:])))
