"""What a source of evidence is, and what it yields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Protocol, TypeAlias

from hashmatch.model.outcomes import Failed, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Item:
    """One logical file inside a source, as the walk found it.

    ``path`` is relative to the source, raw bytes, ``/`` between names. ``size`` in bytes,
    ``modified_ns`` in nanoseconds since 1970 as the file system stores it. ``identity`` tells
    whether the same file is opened later (device, inode); it never enters a result file.
    """

    path: bytes
    size: int
    modified_ns: int
    mode: int
    identity: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder was listed completely. Counted, so that an empty folder is not overlooked."""

    path: bytes


Entry: TypeAlias = Item | Failed | Skipped | Folder


class Source(Protocol):
    """Something that holds items. A source is a small value: worker processes get a copy."""

    @property
    def kind(self) -> str:
        """``folder``; later also image, archive."""

    @property
    def location(self) -> bytes:
        """Where the source lies, as an absolute raw path."""

    def entries(self) -> Iterator[Entry]:
        """Yield every entry exactly once in a stable order; never raise for one entry.

        Raises:
            EvidenceError: the source as a whole cannot be listed.
        """

    def open(self, item: Item) -> BinaryIO:
        """Open an item read-only at offset 0, without changing its access time where possible.

        Raises:
            ItemError: the item cannot be opened, or is no longer the one that was listed.
        """

    def unchanged(self, item: Item, stream: BinaryIO) -> bool:
        """Tell whether the opened item is still as it was listed (size, time, identity)."""
