"""Files found by their structure in space of a volume that no file has, as entries."""

from __future__ import annotations

import io
import stat
from typing import TYPE_CHECKING, BinaryIO, TypeAlias, cast

from hashmatch.evidence.carving import places
from hashmatch.evidence.carving.search import Search
from hashmatch.evidence.carving.space import Space
from hashmatch.evidence.filesystems.interface import MountError, Run
from hashmatch.model import locators
from hashmatch.model.evidence import Item
from hashmatch.model.facts import MOST_EXTENTS, Facts, Recovery, Standing
from hashmatch.model.outcomes import Failed, ItemError, Reason, Stage

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

    from _typeshed import WriteableBuffer

    from hashmatch.evidence.carving.interface import Carved
    from hashmatch.evidence.filesystems.interface import FileSystem
    from hashmatch.evidence.volumes.interface import Opened
    from hashmatch.model.evidence import Entry
    from hashmatch.model.locators import Layer

GAP = "gap"
"""The kind of the step into a stretch that no file system has."""

Extents: TypeAlias = tuple[tuple[int, int], ...]
"""Offset and length of each stretch, as facts have them."""

_MOST_LISTED = 1 << 20
"""Of so many files it is kept where they lie; further ones may be told a second time."""
_FOLDER = b"$carved"
_PART = "part"
_ENDINGS = {"jpeg": "jpg"}


def note(entry: Entry, listed: set[Extents]) -> None:
    """Note where a file lies that is listed and not allocated; nothing where not all is told."""
    if not isinstance(entry, Item) or entry.facts is None or len(listed) >= _MOST_LISTED:
        return
    extents = entry.facts.extents
    whole = bool(extents) and sum(length for _, length in extents) == entry.size
    if whole and entry.facts.standing is not Standing.ALLOCATED:
        listed.add(extents)


def entries(
    opened: Opened,
    files: FileSystem | None,
    listed: Container[Extents] = (),
) -> Iterator[Entry]:
    """Yield what is found, in order; offsets in paths and places are those on the medium.

    Where the volume is no stretch of the medium they are offsets in the volume.

    Args:
        opened: the volume.
        files: its file system; None to search all of the volume.
        listed: extents of files that were listed: what lies there as a whole is left out.
    """
    kind = files.kind if files else GAP
    runs: Iterable[Run] = (Run(0, opened.content.size),)
    try:
        if files is not None:
            runs = files.unallocated()
        space = Space(opened.content.read_at, runs)
    except MountError as error:
        yield _failed(opened, kind, error.reason)
        return
    search = Search(space)
    for found in search:
        item = _item(opened, kind, space, found)
        if not found.whole or item.facts is None or item.facts.extents not in listed:
            yield item
    if search.given_up:
        yield _failed(opened, kind, Reason.LIMIT_TOTAL)


def _item(opened: Opened, kind: str, space: Space, found: Carved) -> Item:
    volume, at = opened.volume, opened.at or 0
    runs = tuple(Run(r.offset + at, r.length) for r in space.runs(found.offset, found.length))
    where = places.layer_of(kind, runs)
    if not found.whole:
        where = locators.Layer(where.kind, where.path, (*where.keys, (_PART, None)))
    facts = Facts(
        Standing.CARVED,
        Recovery.BY_STRUCTURE,
        extents=tuple((run.offset, run.length) for run in runs[:MOST_EXTENTS]),
        fragments=len(runs),
        extents_on="" if opened.at is not None else locators.place(volume.layers),
    )
    name = f"/{runs[0].offset}.{_ENDINGS.get(found.kind, found.kind)}".encode()
    place = locators.place((*volume.layers, where))
    identity = (volume.number, runs[0].offset - at)
    path = volume.prefix + _FOLDER + name
    return Item(path, found.length, 0, stat.S_IFREG, identity, place, facts)


def _failed(opened: Opened, kind: str, reason: Reason) -> Failed:
    volume = opened.volume
    place = locators.place((*volume.layers, locators.layer(kind, places.PATH)))
    return Failed(volume.prefix + _FOLDER, Stage.LIST, reason, place)


def names(where: Layer) -> bool:
    """Tell whether a step of a place leads to something that was carved."""
    return places.is_carved(where)


def content(opened: Opened, where: Layer) -> Bytes:
    """Open what was carved, by the step that leads to it.

    Raises:
        ItemError: the step is none that was ever given, or leads out of the volume.
    """
    try:
        named = places.runs_of(where)
    except ValueError:
        raise ItemError(Stage.OPEN, Reason.VANISHED) from None
    runs = tuple(Run(run.offset - (opened.at or 0), run.length) for run in named)
    end = opened.content.size
    if any(run.offset < 0 or run.offset + run.length > end for run in runs):
        raise ItemError(Stage.OPEN, Reason.VANISHED)
    return Bytes(opened, runs, part=where.has(_PART))


class Bytes(io.RawIOBase):
    """Runs of a volume as one stream; see :class:`hashmatch.evidence.filesystems.Content`."""

    def __init__(self, opened: Opened, runs: tuple[Run, ...], *, part: bool) -> None:
        super().__init__()
        self._medium = opened.content
        self._runs = runs
        self._part = part
        self._space = Space(self._medium.read_at, runs)
        self._at = 0

    @property
    def stream(self) -> BinaryIO:
        """The content: this itself."""
        return cast("BinaryIO", self)

    def doubt(self) -> Reason | None:
        """Say why this is not to the byte what was once a file, as far as that is known."""
        for one in self._medium.damage:
            end = one.offset + one.length
            if any(one.offset < r.offset + r.length and r.offset < end for r in self._runs):
                return Reason.DAMAGED_MEDIUM
        return Reason.CARVED_IN_PART if self._part else None

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Read on; fewer bytes than asked for only at the end."""
        with memoryview(buffer).cast("B") as target:
            left = max(self._space.size - self._at, 0)
            found = self._space.read(self._at, min(len(target), left))
            target[: len(found)] = found
        self._at += len(found)
        return len(found)

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to an offset."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._space.size}[whence]
        self._at = max(base + offset, 0)
        return self._at

    def tell(self) -> int:
        """The offset of the next byte."""
        return self._at
