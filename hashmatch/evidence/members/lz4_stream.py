"""Files packed with LZ4, unpacked by libarchive."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from hashmatch.evidence.members import libarchive, lz4_frames
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
    return head.startswith((lz4_frames.FRAME, lz4_frames.LEGACY))


def members(stream: BinaryIO, secrets: Secrets) -> Iterator[Given]:  # noqa: ARG001  # no passwords
    """Yield the content; see :class:`hashmatch.evidence.members.interface.Container`."""
    return one(NAME, stream, _unpacked)


def _unpacked(packed: Iterable[bytes], tail: Tail) -> Iterator[bytes]:
    frames = lz4_frames.followed(packed, tail)
    reader = libarchive.Reader(frames, "raw", NAME)
    reader.go_on()
    yield from reader.blocks()
    for _ in frames:  # it stops where no frame follows
        continue
