"""Lists inside zip archives and gzip files, read as they unpack, with every measure bounded."""

from __future__ import annotations

import gzip
import io
import lzma
import zipfile
import zlib
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, BinaryIO, cast

from hashmatch.errors import HashSetError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import ExitStack
    from pathlib import Path

HEAD = 4
MOST_MEMBERS = 100_000
"""Files in an archive that are taken."""

MOST_IN_MEMORY = 1 << 30
"""Bytes of an archive inside an archive, or of a database inside one, that are taken."""

_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}
_ENCRYPTED = 1
_FREE = 64 << 20  # bytes that may unpack from however little
_MOST_TIMES = 200
_DAMAGED = (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, lzma.LZMAError, EOFError, ValueError)
_BLOCK = 1 << 20


class Packing(Enum):
    """How a list is packed."""

    GZIP = auto()
    ZIP = auto()


@dataclass(frozen=True, slots=True)
class Step:
    """One step into a packed file: how it is packed, the name of what is inside."""

    packing: Packing
    name: str


def kind_of(head: bytes) -> Packing | None:
    """Tell by the first bytes how a file is packed, None where it is not."""
    if head[:2] == b"\x1f\x8b":
        return Packing.GZIP
    return Packing.ZIP if head in {b"PK\x03\x04", b"PK\x05\x06"} else None


@dataclass(frozen=True, slots=True)
class Archive:
    """A zip archive that was looked into; it is closed when nobody holds it any more."""

    zip: zipfile.ZipFile
    length: int

    @classmethod
    def of(cls, file: Path | bytes, name: str) -> Archive:
        """Look into an archive on the disk or in memory.

        Raises:
            HashSetError: it is damaged or cannot be read.
        """
        length = len(file) if isinstance(file, bytes) else file.stat().st_size
        try:
            found = zipfile.ZipFile(io.BytesIO(file) if isinstance(file, bytes) else file)
        except (*_DAMAGED, NotImplementedError, OSError):
            msg = f"the archive {name} is damaged or cut short; get it again"
            raise HashSetError(msg) from None
        return cls(found, length)


class Archives:
    """Archives that stay open while their lists are read, so that each is looked into once.

    There is one for each layer of packing, as lists are read archive after archive.
    """

    def __init__(self) -> None:
        self._open: dict[int, tuple[object, Archive]] = {}

    def get(self, path: Path, steps: Sequence[Step], make: Callable[[], Archive]) -> Archive:
        """Give the archive that those steps lead to."""
        known = self._open.get(len(steps))
        if known is None or known[0] != (path, steps):
            self._open.pop(len(steps), None)  # before there are two in memory
            known = self._open[len(steps)] = ((path, steps), make())
        return known[1]


def members(archive: Archive, name: str) -> list[Step]:
    """Name the files in a zip archive in the order of their names.

    Raises:
        HashSetError: the archive has two files of one name, or too many.
    """
    names = sorted(info.filename for info in archive.zip.infolist() if not info.is_dir())
    if len(names) > MOST_MEMBERS:
        msg = f"the archive {name} holds more than {MOST_MEMBERS} files; import them in parts"
        raise HashSetError(msg)
    if len(set(names)) != len(names):
        msg = f"the archive {name} has two files of one name; unpack it first"
        raise HashSetError(msg)
    return [Step(Packing.ZIP, one) for one in names]


class Layer(io.RawIOBase):
    """What unpacks from a file. ``stated`` is its length in bytes where the archive says it."""

    def __init__(self, inner: BinaryIO, packed: int, name: str, stated: int | None) -> None:
        super().__init__()
        self._inner, self._packed, self._name = inner, packed, name
        self._given = 0
        self.stated = stated

    def readable(self) -> bool:
        """It is for reading."""
        return True

    def tell(self) -> int:
        """Give how many bytes were read."""
        return self._given

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # any buffer fits
        """Read into a buffer.

        Raises:
            HashSetError: the file is damaged, or is made to fill memory and time.
        """
        try:
            block = self._inner.read(len(buffer))
        except _DAMAGED:
            raise HashSetError(_broken(self._name)) from None
        except OSError as error:  # the decoder of bzip2 says so without a number
            if error.errno is None:
                raise HashSetError(_broken(self._name)) from None
            msg = f"{self._name} cannot be read to its end: {error.strerror}"
            raise HashSetError(msg) from None
        buffer[: len(block)] = block
        self._given += len(block)
        if self._given > max(_FREE, _MOST_TIMES * self._packed):
            msg = (
                f"{self._name} unpacks to more than {_MOST_TIMES} times its length, as no list "
                "does; it was not read further"
            )
            raise HashSetError(msg)
        return len(block)


def _broken(name: str) -> str:
    return f"{name} is damaged: it does not unpack to what was packed; get it again"


def unpacked(stack: ExitStack, stream: BinaryIO, name: str) -> Layer:
    """Open what is inside a gzip file; the stack closes it, and messages name the list."""
    counted = _Counted(stream)
    inner = stack.enter_context(gzip.GzipFile(fileobj=counted))
    return _GzipLayer(cast("BinaryIO", inner), counted, name)


def member(stack: ExitStack, archive: Archive, step: Step, name: str) -> Layer:
    """Open a file in an archive.

    Args:
        stack: closes what was opened.
        archive: holds the file.
        step: which file.
        name: the list's name, for messages.

    Raises:
        HashSetError: the archive is damaged, or the file in it is encrypted, or packed in a way
            that is not read here.
    """
    info = archive.zip.getinfo(step.name)
    if info.flag_bits & _ENCRYPTED:
        msg = f"{name} is encrypted; unpack it with its password first"
        raise HashSetError(msg)
    if info.compress_type not in _METHODS:
        msg = f"{name} is packed in a way that is not read here; unpack it first"
        raise HashSetError(msg)
    try:
        inner = stack.enter_context(archive.zip.open(info))
    except (*_DAMAGED, NotImplementedError, RuntimeError):
        msg = f"{name} is damaged, or packed in a way that is not read here; unpack it first"
        raise HashSetError(msg) from None
    packed = min(info.compress_size, archive.length)
    return Layer(cast("BinaryIO", inner), packed, name, info.file_size)


def in_memory(stream: BinaryIO, name: str) -> bytes:
    """Read a packed file whole, where it must be looked into at any place.

    Raises:
        HashSetError: it is larger than that allows.
    """
    parts, length = [], 0
    while block := stream.read(_BLOCK):
        parts.append(block)
        length += len(block)
        if length > MOST_IN_MEMORY:
            msg = f"{name} is larger than {MOST_IN_MEMORY >> 30} GiB; unpack it first"
            raise HashSetError(msg)
    return b"".join(parts)


class _Counted(io.RawIOBase):
    """Counts what a gzip file takes, so that what comes out can be compared with it."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self._stream = stream
        self.taken = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        block = self._stream.read(size)
        self.taken += len(block)
        return block


class _GzipLayer(Layer):
    """A gzip file's content; how long it is stands nowhere."""

    def __init__(self, inner: BinaryIO, counted: _Counted, name: str) -> None:
        super().__init__(inner, 0, name, None)
        self._counted = counted

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # any buffer fits
        self._packed = self._counted.taken
        return super().readinto(buffer)
