"""Files packed with LZMA alone (.lzma), as was usual before xz: one stream without a signature.

Source: the header as the LZMA SDK (lzma-specification.txt) describes it. Only such sizes of the
dictionary are taken for sound as programs write: a power of two, or half as much again.
"""

from __future__ import annotations

import lzma
import struct
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.evidence.members import methods
from hashmatch.evidence.members.single import one

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hashmatch.evidence.members.interface import Given
    from hashmatch.evidence.members.methods import Tail
    from hashmatch.model.secrets import Secrets

NAME = "lzma"
TITLE = "LZMA file"
HELP = ""
FORWARD = True

_ENDINGS = (b".lzma", b".tlz")
_HEADER = struct.Struct("<BIQB")
_USUAL = b"\x5d\0\0"
_PROPERTIES = 9 * 5 * 5
_DICTIONARIES = frozenset(k << n for n in range(11, 31) for k in (2, 3))
_UNKNOWN = (1 << 64) - 1
_LARGEST = 1 << 38


def recognise(head: bytes, name: bytes) -> bool:
    """Tell by a sound header, and by the name where the header is not the most usual one."""
    if len(head) <= _HEADER.size:
        return False
    usual = head.startswith(_USUAL)
    if not usual and not name.lower().endswith(_ENDINGS):  # every file is asked: cheap first
        return False
    properties, dictionary, size, first = _HEADER.unpack_from(head)
    sound = properties < _PROPERTIES and dictionary in _DICTIONARIES and first == 0
    if name.lower().endswith(_ENDINGS):
        return sound and (size == _UNKNOWN or size < _LARGEST)
    return sound and size == _UNKNOWN


def members(stream: BinaryIO, secrets: Secrets) -> Iterator[Given]:  # noqa: ARG001  # no passwords
    """Yield the content; see :class:`hashmatch.evidence.members.interface.Container`.

    There is no checksum: of damage only that is noticed which the method cannot have written.
    """
    return one(NAME, stream, _unpacked)


def _unpacked(packed: Iterable[bytes], tail: Tail) -> Iterator[bytes]:
    return methods.streams(packed, _decoder, (), tail)


def _decoder() -> lzma.LZMADecompressor:
    return lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=methods.MOST_MEMORY)
