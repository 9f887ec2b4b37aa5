"""What a file system gives: its entries, allocated and deleted, and their content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.media.interface import Medium
    from hashmatch.evidence.volume import Opened
    from hashmatch.model.evidence import Entry
    from hashmatch.model.locators import Layer
    from hashmatch.model.outcomes import Reason
    from hashmatch.model.secrets import Secrets


UNKNOWN = -1
"""The size of an entry of which only the place is known."""


class MountError(Exception):
    """A file system was recognised and cannot be read."""

    def __init__(self, reason: Reason, advice: str) -> None:
        super().__init__(reason, advice)
        self.reason = reason
        self.advice = advice


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of a volume in bytes."""

    offset: int
    length: int


class FileSystem(Protocol):
    """One mounted file system; reads only. Used by one thread at a time, never over a fork."""

    @property
    def kind(self) -> str:
        """As locators name it: ``ntfs``, ``fat16``, ``ext4``, ``iso9660``, ..."""

    def entries(self, *, deleted: bool) -> Iterator[Entry]:
        """Yield every entry once in a stable order; never raise for one entry.

        Paths are relative to the root, raw bytes, ``/`` between names. The place of an entry is
        this file system's own layer alone (kind, path, ``id=`` and, where they apply, ``ads=`` and
        ``del``). The first number of an item's identity is 0, the second the offset of its first
        byte in the volume (of its record, where the content lies in that). Extents are offsets in
        the volume.

        Args:
            deleted: also what is no longer listed, and orphans.
        """

    def open(self, where: Layer, size: int) -> Content:
        """Open what a layer names, for an entry that was listed with this size.

        Where only its place is known the size is :data:`UNKNOWN`, and the stream tells it.

        Raises:
            ItemError: there is no such entry any more, or it cannot be opened.
        """

    def unallocated(self) -> Iterator[Run]:
        """Yield the space that holds no allocated content, in order; may take in metadata."""

    def close(self) -> None:
        """Let go of what is held."""


class Content(Protocol):
    """An open entry: a seekable binary stream, and whether what it gave is to the byte true."""

    @property
    def stream(self) -> BinaryIO:
        """The content."""

    def doubt(self) -> Reason | None:
        """Why what was read so far may not be what was stored; None where there is no reason."""


class Kind(Protocol):
    """A module of this package that reads one family of file systems."""

    NAME: str

    def recognise(self, content: Medium) -> bool:
        """Tell by its signatures whether a volume holds such a file system."""

    def mount(self, opened: Opened, secrets: Secrets) -> FileSystem:
        """Make it readable.

        Raises:
            MountError: it is such a file system, and cannot be read.
        """
