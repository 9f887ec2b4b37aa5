"""Logical evidence files (L01, Lx01): the files that someone picked out of a disk, through libewf.

A digest that is stored with a file is compared when the file is read. The library tells neither
files from folders without content, nor what was deleted on the disk: an entry without entries
below it is a file, and all are taken as allocated.

Source: libyal, Expert Witness Compression Format (EWF), "Ltree section".
"""

from __future__ import annotations

import hashlib
import stat
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from hashmatch.evidence.filesystems.interface import MountError
from hashmatch.evidence.filesystems.tsk_content import StreamReader
from hashmatch.evidence.media.interface import MediumError
from hashmatch.evidence.media.libewf import NAME as FORM
from hashmatch.evidence.media.libewf import TROUBLES, open_medium
from hashmatch.model.evidence import Folder, Item
from hashmatch.model.facts import Facts
from hashmatch.model.locators import layer, place
from hashmatch.model.outcomes import Failed, ItemError, Reason, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.filesystems.interface import Content, FileSystem, Run
    from hashmatch.evidence.media.interface import Medium
    from hashmatch.evidence.media.libewf import LibEwf
    from hashmatch.evidence.volume import Opened
    from hashmatch.model.evidence import Entry
    from hashmatch.model.locators import Layer
    from hashmatch.model.secrets import Secrets

NAME = "logical-ewf"
ORDER = 0
KIND = "l01"

_MOST_ENTRIES = 10_000_000
_DEEPEST = 1000
_PIECE = 1 << 20
_TIMES = (
    ("modified", "get_modification_time_as_integer"),
    ("accessed", "get_access_time_as_integer"),
    ("changed", "get_entry_modification_time_as_integer"),
    ("created", "get_creation_time_as_integer"),
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def recognise(content: Medium) -> bool:
    """Tell by what the medium says of itself: its bytes are those of files in a row."""
    return content.facts.form == FORM and bool(content.facts.said.get("logical"))


def mount(opened: Opened, secrets: Secrets) -> FileSystem:
    """Open the image again, as one of files.

    Raises:
        MountError: it cannot be opened, or holds no tree of files.
    """
    try:
        medium = open_medium(opened.content.facts.segments[0].path, secrets)
    except (MediumError, LookupError) as error:
        raise MountError(Reason.DAMAGED_FILE_SYSTEM, str(error)) from None
    try:
        root = medium.handle.get_root_file_entry()
    except TROUBLES:
        root = None
    if root is None:
        medium.close()
        raise MountError(Reason.DAMAGED_FILE_SYSTEM, "the list of its files cannot be read")
    return LogicalEwf(medium, root)


class LogicalEwf:
    """The tree of files of a logical evidence file."""

    def __init__(self, medium: LibEwf, root: Any) -> None:  # noqa: ANN401  # of the library
        self._medium = medium
        self._root = root

    @property
    def kind(self) -> str:
        """Always ``l01``."""
        return KIND

    def entries(self, *, deleted: bool) -> Iterator[Entry]:  # noqa: ARG002  # see the module
        """Yield every entry once, depth first in the order in which they are stored."""
        yield Folder(b"")
        levels: list[_Level] = [_Level(self._root, b"", "", _children(self._root))]
        seen = 0
        while levels:
            level = levels[-1]
            if level.count is None:
                yield Failed(level.path, Stage.LIST, Reason.DAMAGED_FILE_SYSTEM)
            if level.count is None or level.done >= level.count:
                levels.pop()
                continue
            seen += 1
            if seen > _MOST_ENTRIES or len(levels) > _DEEPEST:
                limit = Reason.LIMIT_COUNT if seen > _MOST_ENTRIES else Reason.LIMIT_DEPTH
                yield Failed(level.path, Stage.LIST, limit)
                levels.pop()
                continue
            below = level.next()
            if isinstance(below, Failed):
                yield below
                continue
            if below.count == 0 or _size(below.entry):
                yield _item(below, seen)
            if below.count != 0:
                yield Folder(below.path)
                levels.append(below)

    def open(self, where: Layer, size: int) -> Content:
        """Open what a layer names by the numbers of the way down.

        Raises:
            ItemError: there is no such entry.
        """
        entry = self._root
        try:
            for number in (where.key("id") or b"").split(b"."):
                entry = entry.get_sub_file_entry(int(number))
        except (*TROUBLES, LookupError):
            raise ItemError(Stage.OPEN, Reason.VANISHED) from None
        return _Content(entry, size)

    def unallocated(self) -> Iterator[Run]:
        """Yield nothing: there is only what was picked out."""
        return iter(())

    def close(self) -> None:
        """Let go of the image."""
        self._root = None
        self._medium.close()


@dataclass(slots=True)
class _Level:
    """An entry, the way to it, and how many of the entries below it were visited."""

    entry: Any
    path: bytes
    way: str
    count: int | None
    done: int = 0

    def next(self) -> _Level | Failed:
        number = self.done
        self.done += 1
        ahead = self.path + b"/" if self.path else b""
        way = f"{self.way}.{number}" if self.way else str(number)
        try:
            entry = self.entry.get_sub_file_entry(number)
            name = _name(entry, number)
        except TROUBLES:
            return Failed(ahead + b"$%d" % number, Stage.STAT, Reason.DAMAGED_FILE_SYSTEM)
        return _Level(entry, ahead + name, way, _children(entry))


class _Content:
    """A file of the image; its stored digest is compared once all of it was read."""

    def __init__(self, entry: Any, size: int) -> None:  # noqa: ANN401  # of the library
        self._entry = entry
        self._size = size
        self._stored = _digest(entry)
        self._known: bool | None = None
        self._next = 0
        self._state = hashlib.md5(usedforsecurity=False)
        self._stream = StreamReader(size, self._fetch)

    @property
    def stream(self) -> BinaryIO:
        """The content."""
        return cast("BinaryIO", self._stream)

    def doubt(self) -> Reason | None:
        """Why what was read is not what was picked out: its stored digest is another."""
        if self._stored is None:
            return None
        if self._known is None:
            self._read_through()
        return None if self._known else Reason.DAMAGED_MEDIUM

    def _read_through(self) -> None:
        """Digest it from the beginning: it was not read in order, or not to its end."""
        self._next, self._state = 0, hashlib.md5(usedforsecurity=False)
        try:
            while self._known is None:
                if not self._fetch(self._next, min(_PIECE, self._size - self._next)):
                    self._known = self._state.hexdigest() == self._stored
        except ItemError:
            self._known = False

    def _fetch(self, offset: int, length: int) -> bytes:
        try:
            found: bytes = self._entry.read_buffer_at_offset(length, offset) if length else b""
        except TROUBLES:
            raise ItemError(Stage.READ, Reason.DAMAGED_MEDIUM) from None
        if len(found) != length:
            raise ItemError(Stage.READ, Reason.DAMAGED_MEDIUM)
        if offset == self._next and self._known is None:
            self._state.update(found)
            self._next += length
            if self._next >= self._size:
                self._known = self._state.hexdigest() == self._stored
        return found


def _item(level: _Level, number: int) -> Item:
    times = tuple((name, time) for name, ask in _TIMES if (time := _time(level.entry, ask)))
    where = layer(KIND, b"/" + level.path, id=level.way)
    notes = (("stored_md5", digest),) if (digest := _digest(level.entry)) else ()
    facts = Facts(times=times, notes=notes)
    modified = _seconds(level.entry, _TIMES[0][1]) * 1_000_000_000
    size = _size(level.entry)
    return Item(level.path, size, modified, stat.S_IFREG, (0, number), place((where,)), facts)


def _children(entry: Any) -> int | None:  # noqa: ANN401  # of the library
    try:
        return int(entry.get_number_of_sub_file_entries())
    except TROUBLES:
        return None


def _name(entry: Any, number: int) -> bytes:  # noqa: ANN401  # of the library
    name = entry.get_name()
    text = str(name).encode("utf-8", "surrogatepass") if name else b"$%d" % number
    return text.replace(b"/", b"\xe2\x88\x95").replace(b"\0", b"")


def _size(entry: Any) -> int:  # noqa: ANN401  # of the library
    try:
        return max(0, int(entry.get_size() or 0))
    except TROUBLES:
        return 0


def _digest(entry: Any) -> str | None:  # noqa: ANN401  # of the library
    try:
        text = str(entry.get_hash_value_md5() or "").lower()
        return text if len(bytes.fromhex(text)) == 16 and any(bytes.fromhex(text)) else None
    except TROUBLES:
        return None


def _seconds(entry: Any, question: str) -> int:  # noqa: ANN401  # of the library
    try:
        return int(getattr(entry, question)() or 0)
    except (*TROUBLES, AttributeError):
        return 0


def _time(entry: Any, question: str) -> str:  # noqa: ANN401  # of the library
    seconds = _seconds(entry, question)
    try:
        moment = _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return ""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if seconds else ""
