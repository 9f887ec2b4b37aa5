"""A file that an image is kept in, read at places; and the files that lie beside it."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from hashmatch.evidence.folders import open_quietly
from hashmatch.evidence.media.interface import MediumError, Segment
from hashmatch.evidence.trouble import reason_of
from hashmatch.model import names

if TYPE_CHECKING:
    from collections.abc import Callable

_Map = TypeVar("_Map")
Build: TypeAlias = "Callable[[bytes, list[Stored]], _Map]"
_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
_SECTOR = 512


class Stored:
    """An open file. Reads give what is there; nothing is ever written."""

    def __init__(self, path: bytes, *, link: bool = True, device: bool = False) -> None:
        """Open it.

        Args:
            path: absolute.
            link: whether it may be a link. What an image names itself may not.
            device: whether it must be a block device; else it must be a regular file.

        Raises:
            MediumError: it cannot be opened, or is not what it must be.
        """
        self.path = path
        try:
            self._descriptor = open_quietly(path, _FLAGS | (0 if link else os.O_NOFOLLOW))
        except OSError as error:
            msg = f"{names.shown(path)} cannot be opened ({reason_of(error)})"
            raise MediumError(msg) from None
        self.status = os.fstat(self._descriptor)
        if not (stat.S_ISBLK if device else stat.S_ISREG)(self.status.st_mode):
            self.close()
            kind = "block device" if device else "regular file"
            msg = f"{names.shown(path)} is not a {kind}; name the image itself"
            raise MediumError(msg)
        self.size = os.lseek(self._descriptor, 0, os.SEEK_END)

    @property
    def segment(self) -> Segment:
        """Its path and size."""
        return Segment(self.path, self.size)

    def read(self, offset: int, length: int) -> bytes:
        """Read; fewer bytes only where the file ends.

        Raises:
            OSError: the operating system cannot read them.
        """
        length = min(length, self.size - offset)
        if offset < 0 or length <= 0:
            return b""
        found = os.pread(self._descriptor, length, offset)
        while found and len(found) < length:
            more = os.pread(self._descriptor, length - len(found), offset + len(found))
            if not more:
                break
            found += more
        return found

    def header(self, offset: int, length: int) -> bytes:
        """Read what describes the image; zeros follow where the file ends.

        Raises:
            MediumError: the operating system cannot read it.
        """
        try:
            return self.read(offset, length).ljust(length, b"\0")
        except OSError as error:
            msg = f"{names.shown(self.path)} cannot be read ({reason_of(error)})"
            raise MediumError(msg) from None

    def sectors(self, offset: int, length: int) -> tuple[bytes, list[tuple[int, int, str]]]:
        """Read past what cannot be read: zeros stand for it.

        Returns:
            As many bytes as were asked for; and the stretches of them that are zeros for want of
            better, each as first byte from the beginning of these, length, and why.
        """
        try:
            found = self.read(offset, length)
        except OSError:
            return self._one_by_one(offset, length)
        lost = length - len(found)
        return found.ljust(length, b"\0"), [(len(found), lost, "truncated")] if lost else []

    def _one_by_one(self, offset: int, length: int) -> tuple[bytes, list[tuple[int, int, str]]]:
        parts: list[bytes] = []
        lost: list[tuple[int, int, str]] = []
        for place in range(0, length, _SECTOR):
            wanted = min(_SECTOR, length - place)
            try:
                found, why = self.read(offset + place, wanted), "truncated"
            except OSError:
                found, why = b"", "unreadable"
            if len(found) < wanted:
                lost.append((place + len(found), wanted - len(found), why))
            parts.append(found.ljust(wanted, b"\0"))
        return b"".join(parts), lost

    def close(self) -> None:
        """Close it; a second time does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def beside(path: bytes, name: bytes) -> bytes:
    """Give the path of a file beside another, by the last part of a name stored in an image.

    Images name others as they lay on the machine that made them, in the way of Windows or not.
    Nothing outside the folder of the image is ever reached by such a name.
    """
    last = name.replace(b"\\", b"/").rpartition(b"/")[2]
    folder, slash, _ = path.rpartition(b"/")
    return folder + slash + last


def lies_beside(path: bytes, name: bytes) -> bool:
    """Tell whether a regular file, and no link, of that name lies beside another."""
    last = name.replace(b"\\", b"/").rpartition(b"/")[2]
    if last in {b"", b".", b".."} or b"\0" in last:
        return False
    try:
        return stat.S_ISREG(os.lstat(beside(path, last)).st_mode)
    except OSError:
        return False


def size_of(path: bytes) -> int | None:
    """Give the bytes of a regular file; None where it is none, or cannot be looked at."""
    try:
        status = Path(os.fsdecode(path)).stat()
    except OSError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def put_together(path: bytes, build: Build[_Map]) -> tuple[_Map, list[Stored]]:
    """Have an image put together; should that fail, the files opened so far are closed.

    Args:
        path: of the file that was named.
        build: opens it and what it names, and adds each file to the list as soon as it is open.

    Returns:
        What was built; and the files, in the order in which they were opened.

    Raises:
        MediumError: it cannot be put together.
    """
    opened: list[Stored] = []
    try:
        return build(path, opened), opened
    except BaseException:
        _close(opened)
        raise


def files_of(path: bytes, build: Build[_Map]) -> tuple[bytes, ...]:
    """Name the files that putting an image together opens, as far as that goes."""
    opened: list[Stored] = []
    try:
        build(path, opened)
    except MediumError:
        pass  # opening the medium says what is wrong
    finally:
        _close(opened)
    return tuple(file.path for file in opened) or (path,)


def _close(opened: list[Stored]) -> None:
    for file in opened:
        file.close()
