"""The list files behind what the operator names: folders, globs, zip archives, gzip files.

Nothing is ever unpacked to the disk. A list file is told by its path and the steps into it, and
can be opened again and again. Hidden folders, and what systems leave in folders, are no lists; any
other folder inside a folder is refused, as its files would be left out.
"""

from __future__ import annotations

import base64
import glob
import os
import stat
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, cast

from hashmatch.errors import HashSetError, UsageError
from hashmatch.jobs import list_files_packed as packed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from hashmatch.jobs.list_files_packed import Step

_DEEPEST = 2
"""Layers of packing around a list: a gzip file or an archive inside an archive."""

_LITTER = frozenset({".ds_store", "thumbs.db", "desktop.ini", "__macosx"})
_LITTER_FOLDER = "__MACOSX/"


@dataclass(frozen=True, slots=True)
class ListSource:
    """One list file: a file on the disk, and the steps from there to the list inside it."""

    path: Path
    steps: tuple[Step, ...] = ()
    archives: packed.Archives = field(default_factory=packed.Archives, compare=False, repr=False)

    @property
    def name(self) -> str:
        r"""Name without the folder, as the manifest has it: ``lists.zip/part1.json``.

        Bytes that are not UTF-8 stand as ``\xNN``.
        """
        return self._raw.decode("utf-8", "backslashreplace")

    @property
    def exact_name(self) -> str | None:
        """The name's bytes in base64 where they are not UTF-8."""
        raw = self._raw
        return None if self.name.encode() == raw else base64.b64encode(raw).decode()

    @property
    def _raw(self) -> bytes:
        return os.fsencode("/".join((self.path.name, *(step.name for step in self.steps))))

    @property
    def base(self) -> str:
        """The list's own file name."""
        return PurePosixPath(self.steps[-1].name).name if self.steps else self.path.name

    @contextmanager
    def opened(self) -> Iterator[Opened]:
        """Open the list for reading once from its beginning.

        Raises:
            UsageError: the file is missing, not permitted or not a regular file.
            HashSetError: an archive around it is damaged, encrypted or of an unknown kind.
        """
        with ExitStack() as stack:
            raw = stack.enter_context(_open(self.path))
            total = self.path.stat().st_size
            stream: BinaryIO = raw
            position: Callable[[], int] = raw.tell
            for depth, step in enumerate(self.steps):
                if step.packing is packed.Packing.ZIP:
                    layer = packed.member(stack, self._archive(depth, stream), step, self.name)
                else:
                    layer = packed.unpacked(stack, stream, self.name)
                if stream is raw and layer.stated is not None:
                    total, position = layer.stated, layer.tell
                stream = cast("BinaryIO", layer)
            yield Opened(stream, total, position)

    def members(self) -> list[Step]:
        """Name the files in the archive that this is; raises ``HashSetError``."""
        with self.opened() as opened:
            archive = self._archive(len(self.steps), opened.stream)
            return packed.members(archive, self.name)

    def _archive(self, depth: int, stream: BinaryIO) -> packed.Archive:
        """Give the archive after so many steps, which the stream would read."""

        def make() -> packed.Archive:
            file = packed.in_memory(stream, self.name) if depth else self.path
            return packed.Archive.of(file, self.name)

        return self.archives.get(self.path, self.steps[:depth], make)


@dataclass(frozen=True, slots=True)
class Opened:
    """An open list. ``position`` of ``total`` bytes, packed or not, tells how far it was read."""

    stream: BinaryIO
    total: int
    position: Callable[[], int]


def sources_of(paths: Sequence[Path]) -> tuple[ListSource, ...]:
    """Name the list files of a list: a folder stands for all files directly in it.

    A name with ``*``, ``?`` or ``[`` that is no file stands for the files that it fits. The order
    is that of the words, and by name within each.

    Raises:
        UsageError: a path is missing or cannot be looked at, a folder holds no file or another
            folder, or a file was named twice.
        HashSetError: an archive cannot be read.
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
    archives = packed.Archives()
    return tuple(one for path in found for one in _unpacked(ListSource(path, (), archives)))


def _inside(path: Path) -> list[Path]:
    try:
        folder = stat.S_ISDIR(path.stat().st_mode)
        inside = list(path.iterdir()) if folder else [path]
    except OSError as error:
        fitting = _fitting(path)
        if fitting:
            return fitting
        msg = f"no list file can be read at {path}: {error.strerror}"
        raise UsageError(msg) from None
    return _lists(inside) if folder else inside


def _fitting(pattern: Path) -> list[Path]:
    if not glob.has_magic(str(pattern)):
        return []
    return _lists(map(Path, glob.iglob(str(pattern))))  # noqa: PTH207  # a pattern from the root


def _lists(paths: Iterable[Path]) -> list[Path]:
    """Give the lists among the files of a folder, or among those that fit a pattern."""
    found = sorted(path for path in paths if path.name.lower() not in _LITTER)
    hidden = {path for path in found if path.name.startswith(".") and path.is_dir()}
    folders = [path for path in found if path.is_dir() and path not in hidden]
    if folders:
        msg = (
            f"{folders[0]} is a folder in a folder, whose files would be left out; name every "
            "folder that belongs to the list"
        )
        raise UsageError(msg)
    return [path for path in found if path not in hidden]


def _unpacked(source: ListSource) -> list[ListSource]:
    """Give what is inside a packed file, down to lists; an unpacked one is itself the list."""
    with source.opened() as opened:
        kind = packed.kind_of(head_of(opened.stream, packed.HEAD, source.name))
    if kind is None:
        return [source]
    if len(source.steps) == _DEEPEST:
        msg = f"{source.name} is packed more than {_DEEPEST} times over; unpack it first"
        raise HashSetError(msg)
    if kind is packed.Packing.GZIP:
        steps = [packed.Step(kind, _without_suffix(source.base))]
    else:
        steps = [step for step in source.members() if _wanted(step)]
    found = [
        inner for step in steps for inner in _unpacked(replace(source, steps=(*source.steps, step)))
    ]
    if not found:
        msg = f"the archive {source.name} holds no file; expected the files of a list"
        raise HashSetError(msg)
    return found


def head_of(stream: BinaryIO, size: int, name: str) -> bytes:
    """Read the beginning of a list, however small the pieces are in which the stream gives it.

    Raises:
        HashSetError: it cannot be read.
    """
    head = b""
    try:
        while len(head) < size and (block := stream.read(size - len(head))):
            head += block
    except OSError as error:
        msg = f"{name} cannot be read: {error.strerror}"
        raise HashSetError(msg) from None
    return head


def _wanted(step: Step) -> bool:
    name = PurePosixPath(step.name).name.lower()
    return not step.name.startswith(_LITTER_FOLDER) and name not in _LITTER


def _without_suffix(name: str) -> str:
    return name[:-3] if name.lower().endswith(".gz") and len(name) > 3 else name


def _open(path: Path) -> BinaryIO:
    """Open a list, which is opened twice: a pipe would lose what was read the first time."""
    try:
        if stat.S_ISREG(path.stat().st_mode):
            return path.open("rb", buffering=0)
    except OSError as error:
        msg = f"the list {path} cannot be read: {error.strerror}"
        raise UsageError(msg) from None
    msg = f"{path} is not a regular file; save the list to a file first"
    raise UsageError(msg)
