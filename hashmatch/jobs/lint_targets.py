"""What a check writes must not be what it reads: no report ever replaces a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hashmatch.errors import HashSetError, UsageError
from hashmatch.jobs.list_files import sources_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path


def refuse_overwriting(targets: Mapping[str, Path], read: Iterable[Path]) -> None:
    """Refuse to write over a file that is read, or to write two things to one file.

    Args:
        targets: each file to be written, by the option that names it.
        read: files, folders and patterns that are read.

    Raises:
        UsageError: one file is both.
    """
    taken = {one for path in read for one in _identities(path)}
    written: dict[Path, str] = {}
    for option, path in targets.items():
        if _identity(path) in taken:
            msg = f"{option} would overwrite {path}, which is read; name another file"
            raise UsageError(msg)
        before = written.setdefault(path.absolute().resolve(), option)
        if before != option:
            msg = f"{before} and {option} name one file; name two"
            raise UsageError(msg)


def _identities(path: Path) -> Iterator[tuple[int, int]]:
    for one in (path, *_inside(path)):
        if (found := _identity(one)) is not None:
            yield found


def _inside(path: Path) -> Sequence[Path]:
    try:
        return [source.path for source in sources_of((path,))]
    except (UsageError, HashSetError):
        return []  # what cannot be read is told when it is read


def _identity(path: Path) -> tuple[int, int] | None:
    """Give what a file is, whatever it is called; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
