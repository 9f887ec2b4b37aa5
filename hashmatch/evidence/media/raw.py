"""A bare copy of a disk or volume, byte for byte: dd, raw, img."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hashmatch.evidence.media import signatures
from hashmatch.evidence.media.joined import Joined
from hashmatch.evidence.media.segments import Segments

if TYPE_CHECKING:
    from hashmatch.evidence.media.interface import Medium
    from hashmatch.model.secrets import Secrets

NAME = "raw"
TITLE = "Raw copy (dd, raw, img)"
CERTAINTY = 9


def recognise(head: bytes, tail: bytes, path: bytes) -> bool:  # noqa: ARG001  # see Form
    """Yes only where a partition table or a file system with a name begins."""
    return signatures.name_of(head, tail) is not None


def open_medium(path: bytes, secrets: Secrets) -> Medium:  # noqa: ARG001  # see Form
    """Open any regular file as raw content: it is the caller who decides that it is."""
    return Joined(NAME, Segments((path,)))


def files(path: bytes) -> tuple[bytes, ...]:
    """The file itself."""
    return (path,)
