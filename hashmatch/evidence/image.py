"""An image of a disk, or a block device, as a source: every volume, every file system on it."""

from __future__ import annotations

import io
import stat
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, BinaryIO, cast

from hashmatch.errors import EvidenceError
from hashmatch.evidence import unallocated
from hashmatch.evidence.filesystems.interface import UNKNOWN, MountError
from hashmatch.evidence.stack import Stack
from hashmatch.model import locators
from hashmatch.model.evidence import Folder, Item
from hashmatch.model.outcomes import Failed, ItemError, Reason, Stage
from hashmatch.model.secrets import Secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from _typeshed import WriteableBuffer

    from hashmatch.evidence.filesystems.interface import Content
    from hashmatch.evidence.media.interface import Medium
    from hashmatch.evidence.stack import Told
    from hashmatch.evidence.stamps import Stamp
    from hashmatch.evidence.volumes.interface import Opened, Volume
    from hashmatch.model.evidence import Entry
    from hashmatch.model.facts import Facts
    from hashmatch.model.locators import Layer

WHOLE = "medium"
"""The layer that names a medium as a whole, where a place needs one and no volume has a name."""


@dataclass(frozen=True, slots=True)
class ImageSource:
    """Everything on an image, one volume after the other, in the order of the medium.

    ``location`` is an absolute path without links: the image's first file, or a block device.
    ``form`` is the registered name of its form. ``parts`` are all files that reading opens, the
    first one first. ``secrets`` may open encrypted volumes. ``deleted``: also what file systems
    no longer list; ``carve``: also pictures and videos in space that is not allocated.

    Each process opens the image for itself, at the first question. An item is opened by its
    place; its other fields are not looked at, but for the size.
    """

    location: bytes
    form: str
    parts: tuple[Stamp, ...]
    secrets: Secrets = field(default=Secrets(), repr=False)
    deleted: bool = True
    carve: bool = False
    device: bool = False
    _stack: Stack = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_stack", Stack(self.form, self.parts, self.secrets))

    @property
    def kind(self) -> str:
        """``device`` for a block device, else ``image``."""
        return "device" if self.device else "image"

    @property
    def readable(self) -> tuple[bytes, ...]:
        """All files of the image."""
        return tuple(part.path for part in self.parts)

    @property
    def trusted(self) -> bool:
        """Parsers list it, and it may be hostile to them."""
        return False

    def medium(self) -> Medium:
        """Give its content.

        Raises:
            MediumError: it cannot be opened.
        """
        return self._stack.medium()

    def volumes(self) -> tuple[Volume, ...]:
        """Give what it is divided into, the gaps between included.

        Raises:
            MediumError: it cannot be opened.
        """
        return self._stack.volumes()

    def watch(self, note: Callable[[int], None]) -> None:
        """Have each reading told, with its bytes; before anything is opened."""
        self._stack.watch(note)

    def told(self, volume: Volume) -> Told:
        """What was learnt of a volume when its entries were listed."""
        return self._stack.told(volume)

    def entries(self) -> Iterator[Entry]:
        """Yield every entry of every volume.

        Raises:
            EvidenceError: the medium cannot be opened.
        """
        for volume in self.volumes():
            yield from self.entries_of(volume)

    def entries_of(self, volume: Volume) -> Iterator[Entry]:
        """Yield every entry of one volume: its root first, what was carved last.

        A volume that cannot be looked into is a ``Failed``, and all there is of it but for what
        is carved; a gap between volumes is no entry. What is carved and lies, to the byte, where
        a file lies that is listed and not allocated, is that file, and is not told again.
        """
        listed: set[unallocated.Extents] = set()
        if not volume.gap:
            for entry in self._listed(volume):
                if self.carve:
                    unallocated.note(entry, listed)
                yield entry
        if self.carve:
            yield from self._carved(volume, listed)

    def _listed(self, volume: Volume) -> Iterator[Entry]:
        if volume.trouble is not None:
            yield failed(volume, volume.trouble)
            return
        try:
            mounted = self._stack.mounted(volume)
        except MountError as error:
            yield failed(volume, error.reason)
            return
        except (EvidenceError, LookupError):
            yield failed(volume, Reason.DAMAGED_VOLUMES)
            return
        yield Folder(root(volume))
        for entry in mounted.files.entries(deleted=self.deleted):
            if not isinstance(entry, Folder) or entry.path:
                yield _in_volume(mounted.opened, entry)

    def _carved(self, volume: Volume, listed: set[unallocated.Extents]) -> Iterator[Entry]:
        try:
            mounted = None if volume.gap or volume.trouble else self._stack.mounted(volume)
        except (MountError, LookupError, EvidenceError):
            mounted = None
        try:
            opened = mounted.opened if mounted else self._stack.opened(volume)
        except (MountError, LookupError, EvidenceError):
            if volume.gap:
                yield failed(volume, Reason.DAMAGED_VOLUMES)
            return  # that the volume failed was told before
        yield from unallocated.entries(opened, mounted.files if mounted else None, listed)

    def at(self, where: tuple[Layer, ...]) -> Item:
        """Give the item of a place; of its facts only its size, as what is there now tells it."""
        place = locators.place(where)
        volume, step = self._find(place)
        if len(where) != len(volume.layers) + 1:
            raise ItemError(Stage.OPEN, Reason.VANISHED)
        with self.open(Item(b"", UNKNOWN, 0, stat.S_IFREG, (volume.number, 0), place)) as stream:
            try:
                size = stream.seek(0, io.SEEK_END)
            except OSError:
                raise ItemError(Stage.OPEN, Reason.IO) from None
        path = volume.prefix + (step.path or b"").removeprefix(b"/")
        if (name := step.key("ads")) is not None:
            path += b":" + name
        return Item(path, size, 0, stat.S_IFREG, (volume.number, 0), place)

    def open(self, item: Item) -> BinaryIO:
        """Open what an item's place names; see :class:`hashmatch.model.evidence.Source`."""
        volume, where = self._find(item.place)
        try:
            opener = self._opener(volume, where)
            before = _extent(self.medium())  # what opening the volume met is not of this item
            content = opener(item.size)
        except MountError as error:
            raise ItemError(Stage.OPEN, error.reason) from None
        except (EvidenceError, LookupError, OSError):
            reason = Reason.IO if self._stack.unchanged() else Reason.REPLACED
            raise ItemError(Stage.OPEN, reason) from None
        return cast("BinaryIO", _Reader(content, self.medium(), before))

    def _opener(self, volume: Volume, where: Layer) -> Callable[[int], Content]:
        """Open a volume; what is given opens the item of a size in it."""
        if unallocated.names(where):
            opened = self._stack.opened(volume)
            return lambda _: unallocated.content(opened, where)
        if volume.trouble is not None:
            raise ItemError(Stage.OPEN, volume.trouble)
        files = self._stack.mounted(volume).files
        return lambda size: files.open(where, size)

    def _find(self, place: str) -> tuple[Volume, Layer]:
        """Find the volume of a place, and the step in it."""
        try:
            layers = locators.parse_place(place)
            volumes = self.volumes()
        except (ValueError, OSError, EvidenceError):
            raise ItemError(Stage.OPEN, Reason.VANISHED) from None
        fitting = [one for one in volumes if layers[: len(one.layers)] == one.layers]
        volume = max(fitting, key=lambda one: len(one.layers), default=None)
        if volume is None or len(layers) <= len(volume.layers):
            raise ItemError(Stage.OPEN, Reason.VANISHED)
        if (locked := volume.lock(layers)) is not None:
            raise ItemError(Stage.OPEN, locked)
        return volume, layers[len(volume.layers)]

    def unchanged(self, item: Item, stream: BinaryIO) -> bool:  # noqa: ARG002
        """Tell whether the image's files are those that were named, as they were then."""
        return self._stack.unchanged()

    def doubt(self, item: Item, stream: BinaryIO) -> Reason | None:  # noqa: ARG002
        """Say why what was read so far is not to the byte what the item held, or None."""
        return stream.doubt() if isinstance(stream, _Reader) else None


def root(volume: Volume) -> bytes:
    """Give the path of a volume's root."""
    return volume.prefix.rstrip(b"/")


def place_of(volume: Volume) -> str:
    """Give the place of a volume itself."""
    return locators.place(volume.layers or (locators.layer(WHOLE),))


def failed(volume: Volume, reason: Reason) -> Failed:
    """Give the outcome of a volume that cannot be listed, or not to its end."""
    return Failed(root(volume), Stage.LIST, reason, place_of(volume))


def _in_volume(opened: Opened, entry: Entry) -> Entry:
    """Give an entry of a file system as one of the medium."""
    volume = opened.volume
    path = volume.prefix + entry.path if entry.path else root(volume)
    if isinstance(entry, Folder):
        return Folder(path)
    above = locators.place(volume.layers)
    place = f"{above}!{entry.place}" if above and entry.place else entry.place or place_of(volume)
    facts = entry.facts and _on_medium(opened, entry.facts)
    if isinstance(entry, Item):
        identity = (volume.number, entry.identity[1])
        return replace(entry, path=path, place=place, facts=facts, identity=identity)
    return replace(entry, path=path, place=place, facts=facts)


def _on_medium(opened: Opened, facts: Facts) -> Facts:
    """Give extents as places on the medium, or say on which volume they are."""
    if not facts.extents:
        return facts
    if opened.at is None:
        return replace(facts, extents_on=place_of(opened.volume))
    extents = tuple((offset + opened.at, length) for offset, length in facts.extents)
    return replace(facts, extents=extents)


def _extent(medium: Medium) -> tuple[int, int]:
    """How much damage was met: the last stretch may have become longer."""
    damage = medium.damage
    return len(damage), damage[-1].length if damage else 0


class _Reader(io.RawIOBase):
    """The stream of an item, which knows what became doubtful while it was read."""

    def __init__(self, content: Content, medium: Medium, damage_before: tuple[int, int]) -> None:
        super().__init__()
        self._content = content
        self._medium = medium
        self._before = damage_before

    def doubt(self) -> Reason | None:
        found = self._content.doubt()
        if found is None and _extent(self._medium) != self._before:
            return Reason.DAMAGED_MEDIUM
        return found

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int | None:
        return cast("io.RawIOBase", self._content.stream).readinto(buffer)

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._content.stream.seek(offset, whence)

    def tell(self) -> int:
        return self._content.stream.tell()

    def close(self) -> None:
        if not self.closed:
            self._content.stream.close()
        super().close()
