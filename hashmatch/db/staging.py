"""Staging folders: where a version is built, held by a lock, removed when left behind."""

from __future__ import annotations

import fcntl
import os
import shutil
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from hashmatch.db import files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PREFIX = ".staging-"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder for oneself; others wait. Readers of the library never ask for it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def staging(sets: Path, word: str) -> Iterator[Path]:
    """Make a staging folder beside the installed versions, and remove it unless it was moved.

    Args:
        sets: the folder of installed versions.
        word: random, tells this folder from others.
    """
    folder = sets / f"{PREFIX}{word}"
    with ExitStack() as held:
        with files.writing("the new set version"), locked(sets):
            clear(sets)
            files.new_folder(folder)
            # What cannot be removed now is removed by the next import.
            held.callback(shutil.rmtree, folder, ignore_errors=True)
            held.enter_context(locked(folder))  # before another import may look for leftovers
        yield folder


def clear(sets: Path) -> None:
    """Remove staging folders that an interrupted import left; one in use is let alone."""
    for folder in sets.glob(f"{PREFIX}*"):
        with suppress(FileNotFoundError, BlockingIOError):  # published just now, or in use
            _remove_unless_locked(folder)


def _remove_unless_locked(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder)
    finally:
        os.close(descriptor)
