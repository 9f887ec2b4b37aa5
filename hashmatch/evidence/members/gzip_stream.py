"""Files packed with gzip; several streams after one another are one content.

Source: RFC 1952.
"""

from __future__ import annotations

import struct
import zlib
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.evidence.members.methods import streams
from hashmatch.evidence.members.moments import iso
from hashmatch.evidence.members.single import NAMELESS, one
from hashmatch.evidence.members.unpacked import read_all
from hashmatch.model.facts import Facts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hashmatch.evidence.members.interface import Given
    from hashmatch.evidence.members.methods import Tail
    from hashmatch.model.secrets import Secrets

NAME = "gzip"
TITLE = "gzip file"
HELP = ""
FORWARD = True
MAGIC = b"\x1f\x8b\x08"
_HEAD = 4096
_EXTRA, _NAMED = 4, 8
_FLAGS = 0b11111


def recognise(head: bytes, name: bytes) -> bool:  # noqa: ARG001  # content says it
    """Tell by how it begins."""
    return head.startswith(MAGIC) and len(head) > 10 and head[3] <= _FLAGS


def members(stream: BinaryIO, secrets: Secrets) -> Iterator[Given]:  # noqa: ARG001  # no passwords
    """Yield the content; see :class:`hashmatch.evidence.members.interface.Container`."""
    head = read_all(stream, _HEAD)
    seekable = stream.seekable()
    if seekable:
        stream.seek(-len(head), 1)
    name = _name(head) or NAMELESS
    modified = struct.unpack_from("<I", head, 4)[0] * 10**9 if len(head) > 10 else 0
    facts = Facts(times=(("modified", iso(modified)),)) if modified else None

    def unpacked(packed: Iterable[bytes], tail: Tail) -> Iterator[bytes]:
        return unpack(packed if seekable else chain((head,), packed), tail)

    yield from one(NAME, stream, unpacked, name=name, modified_ns=modified, facts=facts)


def _name(head: bytes) -> bytes:
    """Read the name of what was packed; empty where there is none."""
    if len(head) < 12 or not head[3] & _NAMED:
        return b""
    place = 10
    if head[3] & _EXTRA:
        place += 2 + struct.unpack_from("<H", head, 10)[0]
    end = head.find(b"\0", place)
    return head[place:end] if end > place else b""


def unpack(packed: Iterable[bytes], tail: Tail) -> Iterator[bytes]:
    """Unpack every stream, each checked by its checksum and length."""
    return streams(packed, _Decoder, (MAGIC,), tail)


class _Decoder:
    """Makes zlib look like the other decompressors."""

    def __init__(self) -> None:
        self._decoder = zlib.decompressobj(31)
        self._full = False

    @property
    def eof(self) -> bool:
        return self._decoder.eof

    @property
    def unused_data(self) -> bytes:
        return self._decoder.unused_data

    @property
    def needs_input(self) -> bool:
        return not (self._full or self._decoder.unconsumed_tail)

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """Unpack what is left of the input before, and the next."""
        part = self._decoder.decompress(self._decoder.unconsumed_tail + data, max_length)
        self._full = len(part) == max_length
        return part
