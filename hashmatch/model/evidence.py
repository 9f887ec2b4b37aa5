"""What a source of evidence is, and what it yields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Protocol, TypeAlias

from hashmatch.model.outcomes import Failed, Reason, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.model.facts import Facts
    from hashmatch.model.locators import Layer


@dataclass(frozen=True, slots=True)
class Item:
    """One logical file inside a source, as the walk found it.

    ``path`` is relative to the source, raw bytes, ``/`` between names. ``size`` in bytes,
    ``modified_ns`` in nanoseconds since 1970 as the file system stores it. ``identity`` tells
    whether the same file is opened later (device, inode), or orders items as they lie on the
    medium (volume, offset of the first byte); it never enters a result file. ``place`` is the
    item's locator without the exhibit (:mod:`hashmatch.model.locators`); empty for an item of a
    folder, whose path says it all. ``facts`` is None where there are none beside these.
    """

    path: bytes
    size: int
    modified_ns: int
    mode: int
    identity: tuple[int, int]
    place: str = ""
    facts: Facts | None = None


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder was listed completely. Counted, so that an empty folder is not overlooked."""

    path: bytes


Entry: TypeAlias = Item | Failed | Skipped | Folder


class Source(Protocol):
    """Something that holds items. A source is a small value: worker processes get a copy."""

    @property
    def kind(self) -> str:
        """``folder``, ``file``, ``image`` or ``device``."""

    @property
    def location(self) -> bytes:
        """Where the source lies, as an absolute raw path."""

    @property
    def readable(self) -> tuple[bytes, ...]:
        """Every file or folder that reading the source opens, with all beneath a folder."""

    @property
    def trusted(self) -> bool:
        """Whether the kernel lists it. Else listing runs the parsers that a hostile image meets."""

    def entries(self) -> Iterator[Entry]:
        """Yield every entry exactly once in a stable order; never raise for one entry.

        Raises:
            EvidenceError: the source as a whole cannot be listed.
        """

    def at(self, where: tuple[Layer, ...]) -> Item:
        """Give the item of a place as it is now; only layers of the source itself, none inside it.

        Raises:
            ItemError: there is no such item.
        """

    def open(self, item: Item) -> BinaryIO:
        """Open an item read-only at offset 0, without changing its access time where possible.

        Raises:
            ItemError: the item cannot be opened, or is no longer the one that was listed.
        """

    def unchanged(self, item: Item, stream: BinaryIO) -> bool:
        """Tell whether the opened item is still as it was listed (size, time, identity)."""

    def doubt(self, item: Item, stream: BinaryIO) -> Reason | None:
        """Say why what was read so far is not to the byte what the item held, or None.

        Stretches of a medium that cannot be read come as zeros; what was carved may lack its end.
        """
