"""Write a cleaned copy of a checked list: never in place, never over another file."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch import durable
from hashmatch.errors import HashSetError, OutputError, UsageError
from hashmatch.formats import registry
from hashmatch.jobs.list_files import sources_of
from hashmatch.linting.removal import DIFFERENT, SPANNING

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator
    from pathlib import Path

    from hashmatch.jobs.lint import Request
    from hashmatch.linting.report import Report

_REWRITTEN = ("csv", "plain")
"""Formats in which a row is a line, and no line says anything about another."""

_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_State = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Cleaning:
    """The list, the copy to be written, and what the list was like before it was checked."""

    source: Path
    target: Path
    state: _State


def prepared(request: Request, target: Path) -> Cleaning:
    """Make sure that a copy can be written, before anything is read.

    Raises:
        UsageError: not one unpacked file was named, the copy is there already, or is the list.
    """
    sources = sources_of(request.files)
    if len(sources) != 1 or sources[0].steps or request.files[0].is_dir():
        msg = "--fix-to writes a copy of one list that is not packed; name that file alone"
        raise UsageError(msg)
    if target.exists() or target.is_symlink():
        msg = f"there is already a file {target}; --fix-to overwrites nothing"
        raise UsageError(msg)
    return Cleaning(sources[0].path, target, _state(sources[0].path))


def write(cleaning: Cleaning, request: Request, report: Report) -> Iterator[str]:
    """Write the copy and yield what to tell about it.

    Raises:
        UsageError: the list is of a format or encoding that is not rewritten line by line.
        HashSetError: the list could not be read to its end, or changed meanwhile.
        OutputError: the copy cannot be written; nothing of it is left.
    """
    removal, one = request.plan.removal, report.lists[0]
    if one.broken is not None or removal is None:
        msg = f"{cleaning.source} could not be read to its end; no copy was written"
        raise HashSetError(msg)
    if one.format_title not in {registry.by_name(name).title for name in _REWRITTEN}:
        msg = f"--fix-to cannot rewrite a {one.format_title}; only a table or a plain list"
        raise UsageError(msg)
    try:
        with cleaning.source.open("rb") as source, durable.creating(cleaning.target) as out:
            if source.read(2) in _WIDE:
                msg = "--fix-to cannot rewrite UTF-16; save the list as UTF-8 first"
                raise UsageError(msg)
            source.seek(0)
            counts = removal.copy(source, out)
            if _state(cleaning.source) != cleaning.state:
                msg = f"{cleaning.source} changed while it was checked; no copy was written"
                raise HashSetError(msg)
    except OSError as error:
        msg = f"the copy {cleaning.target} could not be written: {error.strerror}"
        raise OutputError(msg) from None
    yield from _told(cleaning.target, counts)


def _told(target: Path, counts: Counter[str]) -> Iterator[str]:
    kept = {SPANNING, DIFFERENT}
    removed = sum(number for why, number in counts.items() if why not in kept)
    yield f"{target}: {removed:,} rows left out; nothing else was changed"
    for why in sorted(counts):
        yield f"{target}: {counts[why]:,} {'' if why in kept else 'left out by '}{why}"


def _state(path: Path) -> _State:
    found = path.stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
