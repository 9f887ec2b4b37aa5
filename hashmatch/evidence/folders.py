"""Reach folders below a root by descriptor, one name at a time, following no link.

A path is never given to the kernel as a whole. So no path is too long, and no link that appears
in the middle of a path while it is being read can lead out of the evidence.
"""

from __future__ import annotations

import errno
import os
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

KEPT_OPEN = 64
"""Folders kept open at most; neighbours are then reached in a single step."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
# Non-blocking: a pipe put in the place of a file must not make the run wait for a writer.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class OpenFolders:
    """The folders used last, kept open. Nothing is opened before the first question.

    May be shared by threads. A copy sent to another process starts with nothing open. Paths are
    relative to the root, raw bytes, ``b""`` for the root itself. Every method raises ``OSError``
    as the operating system gives it.
    """

    def __init__(self, root: bytes) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._open: OrderedDict[bytes, int] = OrderedDict()

    def __reduce__(self) -> tuple[type[OpenFolders], tuple[bytes]]:
        return OpenFolders, (self._root,)

    def __enter__(self) -> OpenFolders:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Close every folder; the next question opens what it needs again."""
        with self._lock:
            while self._open:
                os.close(self._open.popitem()[1])

    def descriptor(self, folder: bytes) -> int:
        """The open folder itself, for one thread that asks many things of it.

        It is closed by whatever opens other folders; ask again after that.
        """
        with self._lock:
            return self._descriptor(folder)

    def identity(self) -> tuple[int, int]:
        """Device and inode of the root."""
        with self._lock:
            status = os.fstat(self._descriptor(b""))
        return status.st_dev, status.st_ino

    def names(self, folder: bytes) -> tuple[list[bytes], OSError | None]:
        """List a folder in byte order.

        Returns:
            The names, and the error that ended the listing early. Names listed before an error
            are kept: what can be read of a damaged folder is examined.
        """
        found: list[bytes] = []
        trouble: OSError | None = None
        with self._lock:
            try:
                with os.scandir(self._descriptor(folder)) as entries:
                    for entry in entries:
                        found.append(os.fsencode(entry.name))  # noqa: PERF401  # keep what was read
            except OSError as error:
                trouble = error
        found.sort()
        return found, trouble

    def open(self, path: bytes) -> int:
        """Open a file for reading, without changing its access time where that is allowed."""
        folder, _, name = path.rpartition(b"/")
        with self._lock:
            return open_quietly(name, _FILE, self._descriptor(folder))

    def _descriptor(self, path: bytes) -> int:
        nearest, below = path, list[bytes]()
        while nearest and nearest not in self._open:
            nearest, _, name = nearest.rpartition(b"/")
            below.append(name)
        if nearest in self._open:
            self._open.move_to_end(nearest)
        else:
            self._open[nearest] = open_quietly(self._root, _FOLDER)
        while below:
            name = below.pop()
            descriptor = open_quietly(name, _FOLDER | os.O_NOFOLLOW, self._open[nearest])
            nearest = nearest + b"/" + name if nearest else name
            self._keep(nearest, descriptor)
        return self._open[nearest]

    def _keep(self, path: bytes, descriptor: int) -> None:
        self._open[path] = descriptor
        if len(self._open) > KEPT_OPEN:
            os.close(self._open.popitem(last=False)[1])


def open_quietly(name: bytes, flags: int, folder: int | None = None) -> int:
    """Open without leaving an access time, or with one where only the owner may do that."""
    try:
        return os.open(name, flags | os.O_NOATIME, dir_fd=folder)
    except PermissionError as error:
        if error.errno != errno.EPERM:
            raise
        return os.open(name, flags, dir_fd=folder)
