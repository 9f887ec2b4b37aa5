"""Single files named by a person or a program, as a source."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.evidence.folder import is_still, left_out
from hashmatch.evidence.folders import open_quietly
from hashmatch.evidence.trouble import reason_of
from hashmatch.model.evidence import Item
from hashmatch.model.outcomes import Failed, ItemError, Reason, Skipped, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.model.evidence import Entry
    from hashmatch.model.locators import Layer

# Non-blocking: a pipe put in the place of a file must not make the run wait for a writer.
_FILE = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class NamedFiles:
    """The files of the names given, in that order; a name given twice is there twice.

    Paths are raw bytes as the system takes them, relative to the current folder or absolute. A
    link is followed, as somebody chose it by its name. A folder is left out: it is a source of
    its own.
    """

    names: tuple[bytes, ...]

    @property
    def kind(self) -> str:
        """Always ``files``."""
        return "files"

    @property
    def location(self) -> bytes:
        """The current folder, from which relative names start."""
        return os.getcwdb()  # noqa: PTH109  # raw bytes

    @property
    def readable(self) -> tuple[bytes, ...]:
        """The files, and the folder from which relative names start."""
        return (self.location, *self.names)

    @property
    def trusted(self) -> bool:
        """The kernel lists them."""
        return True

    def entries(self) -> Iterator[Entry]:
        """Yield one entry for each name."""
        return map(_entry, self.names)

    def at(self, where: tuple[Layer, ...]) -> Item:  # noqa: ARG002
        """Raise: its items are named by their paths alone."""
        raise ItemError(Stage.OPEN, Reason.VANISHED)

    def open(self, item: Item) -> BinaryIO:
        """Open an item read-only and unbuffered; see :class:`hashmatch.model.evidence.Source`."""
        try:
            descriptor = open_quietly(item.path, _FILE)
        except OSError as error:
            raise ItemError(Stage.OPEN, reason_of(error)) from None
        if not is_still(item, descriptor):
            os.close(descriptor)
            raise ItemError(Stage.OPEN, Reason.REPLACED)
        return os.fdopen(descriptor, "rb", buffering=0)

    def unchanged(self, item: Item, stream: BinaryIO) -> bool:
        """Tell whether the opened item is still as it was listed (size, time, identity)."""
        return is_still(item, stream.fileno())

    def doubt(self, item: Item, stream: BinaryIO) -> Reason | None:  # noqa: ARG002
        """None: what the kernel reads is the content, or it says that it cannot be read."""
        return None


def _entry(path: bytes) -> Entry:
    try:
        status = os.stat(path)  # noqa: PTH116  # raw bytes
    except OSError as error:
        return Failed(path, Stage.STAT, reason_of(error))
    except ValueError:  # a NUL inside: no file can have that name
        return Failed(path, Stage.STAT, Reason.VANISHED)
    if stat.S_ISREG(status.st_mode):
        identity = (status.st_dev, status.st_ino)
        return Item(path, status.st_size, status.st_mtime_ns, status.st_mode, identity)
    if stat.S_ISDIR(status.st_mode):
        return Failed(path, Stage.OPEN, Reason.REPLACED)
    return Skipped(path, left_out(status.st_mode))
