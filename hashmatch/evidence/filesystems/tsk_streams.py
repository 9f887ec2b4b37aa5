"""The streams of a file as the library tells them: name, size, and where they lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.evidence.filesystems.interface import Run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.filesystems.tsk_image import Handle

NONRESIDENT = 2
ENCRYPTED = 16
COMPRESSED = 32
SPARSE = 64
_WAYS = NONRESIDENT | ENCRYPTED | COMPRESSED | SPARSE
_FILLER = 1
_HOLE = 2

DEFAULT = 1
NTFS_DATA = 128
NTFS_NAME = 48
NTFS_REPARSE = 192
HFS_DATA = 4352
HFS_FORK = 4353


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream of a file.

    ``name`` is empty for the content itself. ``size`` in bytes. ``kind`` and ``number`` are how
    the library names it, ``flags`` as the library gives them. ``runs`` are where it lies, in bytes
    from the beginning of the volume, without holes, in the order of the content. ``covered`` tells
    how many bytes the runs and holes stand for, ``filled`` whether some of them are not known.
    ``valid`` bytes were written, what follows reads as zeros; -1 for all. ``direct`` says that
    the runs are read as they lie, without the library; ``places`` are where in the content each of
    them begins, where holes lie between them, and else empty.
    """

    name: bytes
    size: int
    kind: int = DEFAULT
    number: int = 0
    flags: int = 0
    runs: tuple[Run, ...] = ()
    covered: int = 0
    filled: bool = False
    valid: int = -1
    direct: bool = False
    places: tuple[int, ...] = ()


def streams(
    file: Handle, unit: int, kinds: tuple[int, ...], *, direct: bool = False
) -> list[Stream]:
    """List the streams of a file that are of some kinds, in the library's order.

    Args:
        file: a file of the library.
        unit: bytes of a block of the file system.
        kinds: kinds of attributes.
        direct: whether runs hold nothing but content, so that those of a stream without holes can
            be read as they lie; not where what was never written may lie in them.

    Raises:
        whatever the library does: see :data:`.tsk_image.TROUBLES`.
    """
    found = []
    for one in file:
        info = one.info  # made anew each time it is asked for
        if (kind := int(info.type)) in kinds:
            found.append(_stream(one, info, kind, unit, direct=direct))
    return found


def _stream(attribute: Handle, info: Handle, kind: int, unit: int, *, direct: bool) -> Stream:
    flags, size = int(info.flags), int(info.size)
    runs: list[Run] = []
    covered, filled, holes = 0, False, False
    if flags & NONRESIDENT:
        whole = flags & COMPRESSED  # then runs are of units, and do not end where the content does
        for run in attribute:
            length, marks = int(run.len) * unit, int(run.flags)
            if not marks & (_FILLER | _HOLE):
                there = length if whole else min(length, size - covered)
                if there > 0:
                    runs.append(Run(int(run.addr) * unit, there))
            filled = filled or bool(marks & _FILLER)
            holes = holes or bool(marks)
            covered += length
    # The content proper has no name; what the library calls content kept in a record is its own.
    name = b"" if kind in {DEFAULT, HFS_DATA} else bytes(info.name or b"")
    return Stream(
        name,
        size,
        kind,
        int(info.id),
        flags,
        tuple(joined(runs) if len(runs) > 1 else runs),
        covered,
        filled,
        direct=direct and flags & _WAYS == NONRESIDENT and not holes and covered >= size,
    )


def joined(runs: list[Run]) -> Iterator[Run]:
    """Yield runs, those that follow each other directly as one."""
    last: Run | None = None
    for run in runs:
        if last is not None and last.offset + last.length == run.offset:
            last = Run(last.offset, last.length + run.length)
            continue
        if last is not None:
            yield last
        last = run
    if last is not None:
        yield last
