"""A folder as a source: any mounted drive, or part of one."""

from __future__ import annotations

import io
import os
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.errors import EvidenceError
from hashmatch.evidence import ahead
from hashmatch.evidence.folders import OpenFolders
from hashmatch.evidence.trouble import reason_of
from hashmatch.model import names
from hashmatch.model.evidence import Entry, Folder, Item
from hashmatch.model.outcomes import Failed, ItemError, Reason, Rule, Skipped, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hashmatch.model.evidence import Source
    from hashmatch.model.locators import Layer

_RULES = {
    stat.S_IFLNK: Rule.SYMLINK,
    stat.S_IFIFO: Rule.FIFO,
    stat.S_IFSOCK: Rule.SOCKET,
    stat.S_IFCHR: Rule.CHARACTER_DEVICE,
    stat.S_IFBLK: Rule.BLOCK_DEVICE,
}


@dataclass(frozen=True, slots=True)
class FolderSource:
    """Everything below a folder, hidden files and other mounted file systems included.

    ``location`` is an absolute path; it may itself be a link. Links below it are reported and
    never followed. Hard links are reported under each of their names. An item is the same one
    only while device, inode, size and modification time agree, so a file system that gives its
    files new inode numbers at will yields ``replaced-since-listed``, not a wrong reading.
    """

    location: bytes
    _folders: OpenFolders = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_folders", OpenFolders(self.location))

    @property
    def kind(self) -> str:
        """Always ``folder``."""
        return "folder"

    @property
    def readable(self) -> tuple[bytes, ...]:
        """The folder itself."""
        return (self.location,)

    @property
    def trusted(self) -> bool:
        """The kernel lists it."""
        return True

    def entries(self) -> Iterator[Entry]:
        """Yield every entry once: depth first, each folder's names in byte order.

        A folder that was listed gives a ``Folder`` just before what it holds. Where a listing
        breaks off, the folder is a ``Failed`` and the names that could be read follow it.

        Raises:
            EvidenceError: the folder is missing, not a folder, or nothing of it can be listed.
        """
        with OpenFolders(self.location) as folders:
            walk = _Walk(folders)
            root, trouble = walk.root()
            if trouble is not None:
                raise EvidenceError(_unusable(self.location, trouble))
            yield root
            yield from walk.below()

    def entries_or_failure(self) -> Iterator[Entry]:
        """Yield the same; but a folder of which nothing can be listed is a ``Failed``, and all."""
        with OpenFolders(self.location) as folders:
            walk = _Walk(folders)
            yield walk.root()[0]
            yield from walk.below()

    def at(self, where: tuple[Layer, ...]) -> Item:
        """Give the file of a place such as ``dir:/folder/name``, as it is now."""
        path = (where[0].path or b"").removeprefix(b"/") if len(where) == 1 else b""
        if not path or where[0].kind != "dir":
            raise ItemError(Stage.OPEN, Reason.VANISHED)
        try:
            descriptor = self._folders.open(path)
        except OSError as error:
            raise ItemError(Stage.OPEN, reason_of(error)) from None
        try:
            status = os.fstat(descriptor)
        finally:
            os.close(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ItemError(Stage.OPEN, Reason.REPLACED)
        identity = (status.st_dev, status.st_ino)
        return Item(path, status.st_size, status.st_mtime_ns, status.st_mode, identity)

    def open(self, item: Item) -> BinaryIO:
        """Open an item read-only and unbuffered; see :class:`hashmatch.model.evidence.Source`."""
        try:
            descriptor = self._folders.open(item.path)
        except OSError as error:
            raise ItemError(Stage.OPEN, reason_of(error)) from None
        if not is_still(item, descriptor):
            os.close(descriptor)
            raise ItemError(Stage.OPEN, Reason.REPLACED)
        return io.FileIO(descriptor)

    def fetch_ahead(self, items: Sequence[Item]) -> bool:
        """Have items brought into memory that will be opened next; see :mod:`.ahead`."""
        return ahead.fetch(self._folders.open, items)

    def unchanged(self, item: Item, stream: BinaryIO) -> bool:
        """Tell whether the opened item is still as it was listed (size, time, identity)."""
        return is_still(item, stream.fileno())

    def doubt(self, item: Item, stream: BinaryIO) -> Reason | None:  # noqa: ARG002
        """None: what the kernel reads is the content, or it says that it cannot be read."""
        return None


def fetch_ahead(sources: Sequence[Source], items: Sequence[tuple[int, Item]]) -> None:
    """Have numbered items of folders among the sources brought into memory, those of each at once.

    Items of other sources are left to be read as they come.
    """
    for number in sorted({number for number, _ in items}):
        source = sources[number]
        if isinstance(source, FolderSource):
            source.fetch_ahead([item for n, item in items if n == number])


def left_out(mode: int) -> Rule:
    """Name the rule by which something that is neither file nor folder is left out."""
    return _RULES.get(stat.S_IFMT(mode), Rule.UNKNOWN_KIND)


def is_still(item: Item, descriptor: int) -> bool:
    """Tell whether a descriptor is of the item, as it was listed (size, time, identity)."""
    try:
        status = os.fstat(descriptor)
    except OSError:  # the device went away: nothing can be said for the item any more
        return False
    return stat.S_ISREG(status.st_mode) and (
        (status.st_dev, status.st_ino) == item.identity
        and status.st_size == item.size
        and status.st_mtime_ns == item.modified_ns
    )


@dataclass(slots=True)
class _Level:
    """A folder that is being walked: its own identity and the names not yet visited."""

    path: bytes
    identity: tuple[int, int]
    names: Iterator[bytes]


class _Walk:
    """One pass over a tree. Keeps the way down in a list, so that no depth is too deep."""

    def __init__(self, folders: OpenFolders) -> None:
        self._folders = folders
        self._levels: list[_Level] = []
        self._above: set[tuple[int, int]] = set()

    def root(self) -> tuple[Entry, OSError | None]:
        """Enter the root; with the error where nothing of it can be listed."""
        try:
            identity = self._folders.identity()
        except OSError as error:
            return Failed(b"", Stage.LIST, reason_of(error)), error
        found, trouble = self._folders.names(b"")
        if trouble and not found:
            return Failed(b"", Stage.LIST, reason_of(trouble)), trouble
        return self._enter(b"", identity, found, trouble), None

    def below(self) -> Iterator[Entry]:
        while self._levels:
            yield from self._visit(self._levels[-1])

    def _visit(self, level: _Level) -> Iterator[Entry]:
        """Go on with a folder until its names are through, or one is a folder to enter first."""
        folder = level.path + b"/" if level.path else b""
        descriptor: int | None = None  # valid until another folder is opened
        for name in level.names:
            path = folder + name
            try:
                if descriptor is None:
                    descriptor = self._folders.descriptor(level.path)
                status = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
            except OSError as error:
                yield Failed(path, Stage.STAT, reason_of(error))
                continue
            mode, identity = status.st_mode, (status.st_dev, status.st_ino)
            if stat.S_ISREG(mode):
                yield Item(path, status.st_size, status.st_mtime_ns, mode, identity)
            elif not stat.S_ISDIR(mode):
                yield Skipped(path, left_out(mode))
            elif identity in self._above:
                yield Skipped(path, Rule.FOLDER_LOOP)
            else:
                yield self._enter(path, identity, *self._folders.names(path))
                return
        self._above.discard(self._levels.pop().identity)

    def _enter(
        self, path: bytes, identity: tuple[int, int], found: list[bytes], trouble: OSError | None
    ) -> Entry:
        self._levels.append(_Level(path, identity, iter(found)))
        self._above.add(identity)
        return Failed(path, Stage.LIST, reason_of(trouble)) if trouble else Folder(path)


def _unusable(location: bytes, error: OSError) -> str:
    where = names.shown(location)
    if isinstance(error, FileNotFoundError):
        return f"{where} does not exist; name the folder where the evidence is mounted"
    if isinstance(error, NotADirectoryError):
        return f"{where} is not a folder; name the folder where the evidence is mounted"
    return f"{where} cannot be listed ({reason_of(error)}); check the mount and your permissions"
