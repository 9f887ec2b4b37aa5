"""Files packed with compress (.Z), unpacked by libarchive."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from hashmatch.evidence.members import libarchive
from hashmatch.evidence.members.single import one

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hashmatch.evidence.members.interface import Given
    from hashmatch.evidence.members.methods import Tail
    from hashmatch.model.secrets import Secrets

NAME = "compress"
TITLE = "compress (.Z) file"
HELP = libarchive.HELP
FORWARD = True
prepare = libarchive.library


def recognise(head: bytes, name: bytes) -> bool:  # noqa: ARG001  # content says it
    """Tell by how it begins."""
    return head.startswith(b"\x1f\x9d") and len(head) > 3 and head[2] & 0x60 == 0


def members(stream: BinaryIO, secrets: Secrets) -> Iterator[Given]:  # noqa: ARG001  # no passwords
    """Yield the content; see :class:`hashmatch.evidence.members.interface.Container`."""
    return one(NAME, stream, _unpacked)


def _unpacked(packed: Iterable[bytes], _tail: Tail) -> Iterator[bytes]:
    reader = libarchive.Reader(packed, "raw", NAME)
    reader.go_on()
    yield from reader.blocks()
