"""Import the files of one list as a new version of a set."""

from __future__ import annotations

import hashlib
import io
import stat
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from hashmatch.db.description import SetKind
from hashmatch.db.manifest import ListFile
from hashmatch.errors import HashSetError, UsageError
from hashmatch.formats import registry
from hashmatch.formats.interface import HEAD_SIZE, ReadOptions
from hashmatch.model.records import HashRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from hashmatch.db.description import SetDescription
    from hashmatch.db.library import Library
    from hashmatch.db.manifest import Manifest
    from hashmatch.formats.interface import ListFormat
    from hashmatch.model.people import Setting
    from hashmatch.model.records import ListEvent

TELL_EVERY = 1 << 14  # records between two words about the progress
_SLICE = 1 << 20


@dataclass(frozen=True, slots=True)
class Reading:
    """How the files are to be read.

    ``ignore_categories`` is what the operator states to use a list with category codes as a
    whole, with one meaning for every record.
    """

    files: tuple[Path, ...]
    format_name: str | None = None
    options: ReadOptions = field(default_factory=ReadOptions)
    ignore_categories: bool = False


class _Digesting(io.RawIOBase):
    """A stream that digests what is read from it, so that a list is read once."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self._stream = stream
        self._digest = hashlib.sha256()
        self._size = 0

    def readable(self) -> bool:
        """It is for reading."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # any buffer fits
        """Read into a buffer and note what was read."""
        count = self._stream.readinto(buffer)  # type: ignore[attr-defined]  # a raw file has it
        self._digest.update(memoryview(buffer)[:count])
        self._size += count
        return int(count)

    def finish(self, name: str) -> ListFile:
        """Read to the end and describe the whole file."""
        while self.read(_SLICE):
            pass
        return ListFile(name, self._size, self._digest.hexdigest())


@dataclass(frozen=True, slots=True)
class Import:
    """A reading of files together with what the operator states about the set."""

    reading: Reading
    description: SetDescription
    allow_expired: bool = False


def ingest(
    request: Import, library: Library, setting: Setting, show: Callable[[int], None]
) -> Manifest:
    """Import all files of a list as one new set version.

    Args:
        request: the files, how to read them, what they are.
        library: where to install the set.
        setting: clock and chance.
        show: called now and then with the number of records read.

    Raises:
        UsageError: a file is missing or is not a regular file.
        HashSetError: the list is refused or not recognised; the library is as it was.
        OutputError: the library cannot be written; it is as it was.
    """
    reading = request.reading
    chosen = choose_format(reading)
    _refuse_idle_words(reading.options, chosen)
    reader = _Reader(reading, chosen, request.description.kind, show)
    with library.stage(
        request.description,
        clock=setting.clock,
        entropy=setting.entropy,
        allow_expired=request.allow_expired,
    ) as builder:
        for path in reading.files:
            with _open(path) as raw:
                stream = _Digesting(raw)
                events = reader.events(path, io.BufferedReader(stream, _SLICE))
                builder.add_file(events, partial(stream.finish, path.name))
        return library.publish(builder)


def _refuse_idle_words(options: ReadOptions, chosen: ListFormat) -> None:
    """Refuse a statement that the format would not look at: what it says would not happen."""
    idle = [f"--{word}" for word in options.stated if word not in chosen.takes]
    if idle:
        msg = f"{' and '.join(idle)} means nothing for a {chosen.title}, which says it itself"
        raise UsageError(msg)


def choose_format(reading: Reading) -> ListFormat:
    """Take the format that was named, else the one that all files are recognised as.

    Raises:
        UsageError: a file is missing or is not a regular file.
        HashSetError: a file is not recognised, or no single format fits all files.
    """
    heads = [(path, _head(path)) for path in reading.files]
    if reading.format_name:
        return registry.by_name(reading.format_name)
    found = {path: registry.detect(head, path.name) for path, head in heads}
    for path, one in found.items():
        if one is None:
            msg = (
                f"{path} is not recognised as a hash list; "
                f"say what it is with --format ({', '.join(registry.names())})"
            )
            raise HashSetError(msg)
    different = {one.name: one for one in found.values() if one}
    if len(different) != 1:
        msg = f"the files have different formats ({', '.join(different)}); import them one by one"
        raise HashSetError(msg)
    return next(iter(different.values()))


def _head(path: Path) -> bytes:
    with _open(path) as stream:
        return stream.read(HEAD_SIZE)


def _open(path: Path) -> BinaryIO:
    """Open a list, which is opened twice: a pipe would lose what was read the first time."""
    try:
        if stat.S_ISREG(path.stat().st_mode):
            return path.open("rb", buffering=0)
    except OSError as error:
        msg = f"the list {path} cannot be read: {error.strerror}"
        raise UsageError(msg) from None
    msg = f"{path} is not a regular file; save the list to a file first, then import it"
    raise UsageError(msg)


@dataclass(slots=True)
class _Reader:
    """Reads the files of one list and watches what the operator must have stated."""

    reading: Reading
    format: ListFormat
    kind: SetKind
    show: Callable[[int], None]
    records: int = 0

    def events(self, path: Path, stream: BinaryIO) -> Iterator[ListEvent]:
        """Yield a file's events; trouble names the file."""
        try:
            for event in self.format.read(stream, self.reading.options):
                if isinstance(event, HashRecord):
                    self._note(event)
                yield event
        except HashSetError as error:
            msg = f"{path.name}: {error}"
            raise HashSetError(msg) from None
        except OSError as error:
            msg = f"{path.name} cannot be read to its end: {error.strerror}"
            raise HashSetError(msg) from None

    def _note(self, record: HashRecord) -> None:
        self.records += 1
        if self.records % TELL_EVERY == 0:
            self.show(self.records)
        flat = self.kind is not SetKind.CATEGORIZED
        if flat and record.category is not None and not self.reading.ignore_categories:
            msg = (
                f"record {record.place} carries a category code: state what the codes mean with "
                "--kind categorized --scheme NAME, or --scheme none to give all records the "
                f"meaning {self.kind}"
            )
            raise HashSetError(msg)


def files_of(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Name the files of a list: a folder stands for all files directly in it.

    Raises:
        UsageError: a path is missing or cannot be looked at, or a folder holds no file.
    """
    found: list[Path] = []
    for path in paths:
        inside = _inside(path)
        if not inside:
            msg = f"no list file at {path}"
            raise UsageError(msg)
        found += inside
    if len(set(found)) != len(found):
        msg = "a list file was named twice"
        raise UsageError(msg)
    return tuple(found)


def _inside(path: Path) -> list[Path]:
    try:
        if stat.S_ISDIR(path.stat().st_mode):
            return sorted(p for p in path.iterdir() if stat.S_ISREG(p.stat().st_mode))
    except OSError as error:
        msg = f"no list file can be read at {path}: {error.strerror}"
        raise UsageError(msg) from None
    return [path]
