"""Files packed with LZ4, unpacked by libarchive."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from hashmatch.evidence.members import libarchive
from hashmatch.evidence.members.single import one

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hashmatch.evidence.members.interface import Given
    from hashmatch.evidence.members.methods import Tail
    from hashmatch.model.secrets import Secrets

NAME = "lz4"
TITLE = "LZ4 file"
HELP = libarchive.HELP
FORWARD = True
prepare = libarchive.library


def recognise(head: bytes, name: bytes) -> bool:  # noqa: ARG001  # content says it
    """Tell by how it begins."""
    return head.startswith((b"\x04\x22\x4d\x18", b"\x02\x21\x4c\x18"))


def members(stream: BinaryIO, secrets: Secrets) -> Iterator[Given]:  # noqa: ARG001  # no passwords
    """Yield the content; see :class:`hashmatch.evidence.members.interface.Container`."""
    return one(NAME, stream, _unpacked)


def _unpacked(packed: Iterable[bytes], _tail: Tail) -> Iterator[bytes]:
    reader = libarchive.Reader(packed, "raw", NAME)
    reader.go_on()
    yield from reader.blocks()
