"""The files and folders that are to be digested, and how what is in them is called."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.errors import OutputError, UsageError
from hashmatch.evidence.folder import FolderSource
from hashmatch.evidence.named_files import NamedFiles
from hashmatch.model.names import shown
from hashmatch.model.outcomes import Reason, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hashmatch.model.evidence import Entry, Source
    from hashmatch.model.outcomes import Failed


_NOWHERE = (Stage.STAT, Reason.VANISHED)

_HINTS = (
    (re.compile(rb"\0"), "; the names seem to end with NUL: say so with -0"),
    (re.compile(rb"\n"), "; the names seem to end with line breaks: leave out -0"),
    (re.compile(rb"\r\Z"), "; the list of names seems to have Windows line ends"),
    (re.compile(rb"\A\xef\xbb\xbf"), "; the list of names begins with a byte order mark"),
)


@dataclass(frozen=True, slots=True)
class Places:
    """Sources in the order named, and for each what stands before the paths in it.

    ``repeated`` counts the names of what was named before, or lies in a folder that was named.
    """

    sources: tuple[Source, ...]
    prefixes: tuple[bytes, ...]
    repeated: int = 0

    def entries(self) -> Iterator[tuple[int, Entry]]:
        """List all sources, one after the other, each as far as it is asked.

        A folder of which nothing can be listed is a ``Failed`` like any below it; the others
        are listed all the same.
        """
        for number, source in enumerate(self.sources):
            if isinstance(source, FolderSource):
                entries = source.entries_or_failure()
            else:
                entries = source.entries()
            for entry in entries:
                yield number, entry

    def is_named(self, number: int) -> bool:
        """Tell whether a source is files that were named one by one."""
        return isinstance(self.sources[number], NamedFiles)

    def name(self, number: int, path: bytes) -> bytes:
        """Give the name of something in a source; that of a folder itself without a slash."""
        prefix = self.prefixes[number]
        return prefix + path if path else prefix.rstrip(b"/") or prefix

    def why(self, number: int, failed: Failed) -> str:
        """Say why something failed; of a name that leads nowhere, what may be wrong with it."""
        if not self.is_named(number) or (failed.stage, failed.reason) != _NOWHERE:
            return f"{failed.stage}: {failed.reason}"
        hint = next((hint for sign, hint in _HINTS if sign.search(failed.path)), "")
        return f"does not exist{hint}"


def places_of(named: Sequence[bytes], listed: Sequence[bytes], *, absolute: bool) -> Places:
    """Find out what was named.

    Args:
        named: files and folders from the command line.
        listed: the same from a list of names. One that is missing fails for itself.
        absolute: call everything by its absolute path without links, as ``hashdeep`` does; else
            as it was named.

    Raises:
        UsageError: nothing was named, or something from the command line does not exist.
    """
    _require(named, listed)
    sources: list[Source] = []
    reals: list[bytes] = []
    prefixes: list[bytes] = []
    files: list[bytes] = []

    def close() -> None:
        if files:
            sources.append(NamedFiles(tuple(files)))
            prefixes.append(b"")
            files.clear()

    for path in (*named, *listed):
        real = _real(path)
        if real is not None:
            reals.append(real)
        if real is None or not os.path.isdir(real):  # noqa: PTH112  # raw bytes
            files.append(real if absolute and real is not None else path)
            continue
        close()
        sources.append(FolderSource(real))
        prefixes.append((real if absolute else path).rstrip(b"/") + b"/")
    close()
    return Places(tuple(sources), tuple(prefixes), _repeated(reals, sources))


def _require(named: Sequence[bytes], listed: Sequence[bytes]) -> None:
    if not named and not listed:
        msg = "no file or folder was named"
        raise UsageError(msg)
    for path in named:
        if not os.path.lexists(path):
            msg = f"{shown(path)} does not exist; nothing was read"
            raise UsageError(msg)


def _repeated(reals: Sequence[bytes], sources: Sequence[Source]) -> int:
    folders = {one.location for one in sources if isinstance(one, FolderSource)}
    different = set(reals)
    inside = sum(not folders.isdisjoint(_above(real)) for real in different) if folders else 0
    return len(reals) - len(different) + inside


def _above(path: bytes) -> Iterator[bytes]:
    """Give the folders in which a path lies."""
    while path != b"/":
        path = path.rpartition(b"/")[0] or b"/"
        yield path


def refuse_inside(output: bytes, places: Places) -> None:
    """Refuse to write among what is read, or over it.

    Raises:
        OutputError: the file would lie in one of the folders, or is one of the files.
    """
    written = os.path.realpath(output)
    for source in places.sources:
        if isinstance(source, NamedFiles):
            inside = written in map(_real, source.names)
        else:
            inside = written.startswith(source.location.rstrip(b"/") + b"/")
        if inside:
            msg = f"{shown(output)} lies among what is digested; write it somewhere else"
            raise OutputError(msg)


def _real(path: bytes) -> bytes | None:
    """Give the path without links; None for one that no file can have."""
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):
        return None
