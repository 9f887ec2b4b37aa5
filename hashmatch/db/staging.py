"""Staging folders: where a version is built, held by a lock, removed when left behind."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from hashmatch import durable
from hashmatch.db import files

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from pathlib import Path

PREFIX = ".staging-"
_VERSION = re.compile("[0-9a-f]{32}")


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


def clear_unnamed(sets: Path, versions: Collection[str]) -> None:
    """Remove versions that were moved into place and never came into use; under the lock.

    A program that was killed between the two steps leaves such a folder.
    """
    for folder in sets.iterdir():
        if _VERSION.fullmatch(folder.name) and folder.name not in versions:
            shutil.rmtree(folder)


@contextmanager
def in_place(
    moves: Sequence[tuple[Path, Path]], versions: Callable[[], Collection[str]]
) -> Iterator[None]:
    """Move complete versions into place, and back again when the block fails.

    Args:
        moves: folders and their new paths, which end in the version.
        versions: gives the versions that are known; what is known stays in place.
    """
    try:
        for folder, place in moves:
            folder.rename(place)
        for parent in {place.parent for _, place in moves}:
            durable.sync_folder(parent)
        yield
    except BaseException:
        known = versions()
        for folder, place in moves:
            if place.name not in known and place.exists():
                place.rename(folder)
        raise


def _remove_unless_locked(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder)
    finally:
        os.close(descriptor)
