"""One file as a source: an archive, a phone's backup, a single picture."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.evidence.named_files import NamedFiles
from hashmatch.model import locators
from hashmatch.model.evidence import Folder, Item
from hashmatch.model.outcomes import ItemError, Reason, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.model.evidence import Entry
    from hashmatch.model.locators import Layer


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file, whose only item it is; what it holds are members of that item.

    ``location`` is an absolute path without links. The item's path is the file's own name.
    """

    location: bytes

    @property
    def kind(self) -> str:
        """Always ``file``."""
        return "file"

    @property
    def readable(self) -> tuple[bytes, ...]:
        """The file itself."""
        return (self.location,)

    @property
    def trusted(self) -> bool:
        """The kernel lists it."""
        return True

    def entries(self) -> Iterator[Entry]:
        """Yield the one entry."""
        name = self.location.rpartition(b"/")[2]
        where = locators.place((locators.layer("file", name),))
        for entry in self._file.entries():
            if not isinstance(entry, Folder):
                yield replace(entry, path=name, place=where)

    def at(self, where: tuple[Layer, ...]) -> Item:
        """Give the one item."""
        one = next(self.entries())
        if not isinstance(one, Item) or (locators.place(where) != one.place):
            raise ItemError(Stage.OPEN, Reason.VANISHED)
        return one

    def open(self, item: Item) -> BinaryIO:
        """Open it read-only and unbuffered; see :class:`hashmatch.model.evidence.Source`."""
        return self._file.open(replace(item, path=self.location))

    def unchanged(self, item: Item, stream: BinaryIO) -> bool:
        """Tell whether the opened file is still as it was listed (size, time, identity)."""
        return self._file.unchanged(item, stream)

    def doubt(self, item: Item, stream: BinaryIO) -> Reason | None:  # noqa: ARG002
        """None: what the kernel reads is the content, or it says that it cannot be read."""
        return None

    @property
    def _file(self) -> NamedFiles:
        return NamedFiles((self.location,))
