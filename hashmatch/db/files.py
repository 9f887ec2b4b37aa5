"""Private files of the library, and what the operating system's trouble with them means."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hashmatch.errors import HashSetError, OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700


@contextmanager
def writing(what: str, then: str = "nothing was installed") -> Iterator[None]:
    """Turn trouble of the operating system while writing into one sentence.

    Args:
        what: what is written.
        then: what that means, or what to do.

    Raises:
        OutputError: the disk is full, read-only, not permitted or broken.
    """
    try:
        yield
    except OSError as error:
        msg = f"{what} could not be written ({error.strerror}); {then}"
        raise OutputError(msg) from error


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Turn trouble of the operating system while reading into one sentence.

    Raises:
        HashSetError: the file is missing, not permitted or unreadable.
    """
    try:
        yield
    except OSError as error:
        msg = f"{what} cannot be read ({error.strerror})"
        raise HashSetError(msg) from error


def new_folder(path: Path) -> None:
    """Make a folder that only its owner may enter; it must not exist."""
    path.mkdir(PRIVATE_FOLDER)


def new_file(path: Path) -> int:
    """Open a new private file for reading and writing; it must not exist.

    Returns:
        The descriptor, to be closed by the caller.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    return os.open(path, flags, PRIVATE_FILE)


def write_at(descriptor: int, data: bytes | memoryview, offset: int) -> None:
    """Write all of the bytes at an offset, however many calls it takes."""
    view = memoryview(data).cast("B")
    while view:
        done = os.pwrite(descriptor, view, offset)
        view, offset = view[done:], offset + done


def read_at(descriptor: int, length: int, offset: int) -> bytes:
    """Read as many bytes as the file has there, up to ``length``."""
    parts = []
    while length:
        part = os.pread(descriptor, length, offset)
        if not part:
            break
        parts.append(part)
        length, offset = length - len(part), offset + len(part)
    return b"".join(parts)
