"""What differs between kinds of file systems, and what most of them have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.evidence.filesystems import moments
from hashmatch.evidence.filesystems.tsk_image import TROUBLES, Handle
from hashmatch.evidence.filesystems.tsk_streams import DEFAULT, NONRESIDENT, Stream, streams
from hashmatch.model.facts import Recovery
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from hashmatch.evidence.filesystems.allocation import Allocation
    from hashmatch.evidence.filesystems.interface import Run
    from hashmatch.evidence.filesystems.moments import Moments
    from hashmatch.evidence.media.interface import Medium
    from hashmatch.model.outcomes import Rule

UNALLOCATED = 2
"""The library's flag of records and names that are not in use."""

GONE = (("overwritten", "whole"),)
IN_PART = (("overwritten", "in part"),)
"""Notes on a deleted file whose units other files use now."""


@dataclass(frozen=True, slots=True)
class Found:
    """A stream with how its content was found, and what there is to say about that."""

    stream: Stream
    recovery: Recovery | None = None
    notes: tuple[tuple[str, str], ...] = ()


class Family:
    """What is asked about one kind of file system; families that differ say so.

    Args:
        content: the volume.
        mounted: the file system of the library.
    """

    sweeps = False
    """Whether all records are looked through for files that no folder names."""
    data: tuple[int, ...] = (DEFAULT,)
    """The kinds of attributes that hold content."""
    holes = False
    """Whether parts of a file that lie nowhere are zeros; else the file system is damaged."""

    shares = False
    """Whether one folder may have several names; else the second leads astray, and its own folder
    is lost."""

    def __init__(self, content: Medium, mounted: Handle) -> None:
        self.content = content
        self.mounted = mounted
        self.unit = int(mounted.info.block_size)

    def ident(self, addr: int, seq: int) -> bytes:  # noqa: ARG002
        """Name a record in locators: by its number."""
        return b"%d" % addr

    def first_user(self) -> int:
        """The first record that is not the file system's own."""
        return int(self.mounted.info.first_inum)

    def is_metadata(self, addr: int, name: bytes) -> bool:  # noqa: ARG002
        """Tell whether a file is the file system's own."""
        return addr < self.first_user()

    def is_own_stream(self, name: bytes) -> bool:  # noqa: ARG002
        """Tell whether a stream of a file of the file system is its own too."""
        return True

    def folder(self, addr: int) -> int:
        """Give what is the same for entries that are the same folder: its record."""
        return addr

    def left_out(self, file: Handle) -> Rule | None:  # noqa: ARG002
        """Name the rule by which a file is left out that is more than its type says."""
        return None

    def matches(self, file: Handle, seq: int) -> bool:  # noqa: ARG002
        """Tell whether a record that is in use still belongs to a name."""
        return True

    def gone(self, addr: int, seq: int) -> Handle:  # noqa: ARG002
        """Open the record of a deleted name; None where it is not that of the name any more."""
        return None

    def names(self, file: Handle) -> Iterator[tuple[bytes, int, bool]] | None:  # noqa: ARG002
        """Yield names of a folder, records, whether deleted; None where the library lists them.

        Raises:
            ValueError: the list breaks off.
        """
        return None

    def called(self, name: bytes, addr: int) -> bytes:  # noqa: ARG002
        """Give the name of a record as its folder has it, where the library cuts names off."""
        return name

    def streams(self, file: Handle) -> list[Stream]:
        """List the streams of a file."""
        return streams(file, self.unit, self.data)

    def plain(self, addr: int, seq: int) -> Stream | None:  # noqa: ARG002
        """Give the content of a file in use where that is known without the library."""
        return None

    def missing(self, file: Handle, found: list[Stream]) -> list[Stream]:  # noqa: ARG002
        """Give the streams that a file in use has and the library does not tell."""
        return []

    def nothing(self, file: Handle) -> Stream:
        """Stand for the content of a file that has none; not readable if it should have some."""
        return Stream(b"", -1 if int(file.info.meta.size) else 0)

    def obstacle(self, file: Handle, stream: Stream) -> Reason | None:  # noqa: ARG002
        """Say why a stream cannot be read as it was stored; None where it can."""
        if stream.size < 0:
            return Reason.DAMAGED_FILE_SYSTEM
        if self.is_cut(stream.runs):
            return Reason.DAMAGED_MEDIUM
        if self.holes or not stream.flags & NONRESIDENT:
            return None
        whole = stream.covered >= stream.size and not stream.filled
        return None if whole else Reason.DAMAGED_FILE_SYSTEM

    def is_cut(self, runs: Iterable[Run]) -> bool:
        """Tell whether the volume ends before the end of something."""
        return any(run.offset + run.length > self.content.size for run in runs)

    def recovered(self, file: Handle) -> Iterator[Found]:
        """Yield the streams of a deleted file whose content can still be found.

        What is in use again as a whole is the content of other files, and not told.
        """
        for stream in self.streams(file):
            if stream.size > 0 and (stream.runs or not stream.flags & NONRESIDENT):
                notes = self.overwritten(stream)
                if notes != GONE:
                    yield Found(stream, Recovery.BY_RECORD, notes)

    def overwritten(self, stream: Stream) -> tuple[tuple[str, str], ...]:
        """Note that what a deleted file occupied is in use again."""
        space = self.allocation()
        if space is None or not stream.runs or not stream.flags & NONRESIDENT:
            return ()
        counts = [space.any_used(run) for run in stream.runs]
        used, units = (sum(numbers) for numbers in zip(*counts, strict=True))
        if not used:
            return ()
        return GONE if used == units else IN_PART

    def moments(self, file: Handle) -> Moments:
        """Give the times of a file as they are stored."""
        return moments.of_seconds(file.info.meta)

    def record(self, addr: int) -> tuple[Run, ...]:  # noqa: ARG002
        """Where the record of a file lies, for content that lies in it."""
        return ()

    def orphan(self, file: Handle) -> bytes | None:
        """Name a file that no folder names; None where it is no file that anybody had."""
        return b"%d" % int(file.info.meta.addr)

    def allocation(self) -> Allocation | None:
        """Which units are in use; None where the file system does not say."""
        return None

    def space(self, named: Callable[[], Iterable[int]]) -> Allocation | None:  # noqa: ARG002
        """Which units hold what is listed; None where the file system does not say.

        Args:
            named: gives the records that folders name, for which all of them are walked.
        """
        return self.allocation()

    def hides(self, addr: int, shown: Collection[int]) -> bool:  # noqa: ARG002
        """Tell whether a folder in use has more than the library lists of it.

        Args:
            addr: its record.
            shown: the records of the names listed as in use.
        """
        return False

    def contradictory(self, living: Collection[int]) -> bool:  # noqa: ARG002
        """Tell whether the lists of names cannot be right, so that some may be missing.

        Args:
            living: the records of files and folders that are in use and were named.
        """
        return False

    def damaged_structures(self) -> tuple[int, ...]:
        """Records of the file system whose content says which files there are."""
        return ()


def opened(mounted: Handle, addr: int) -> Handle:
    """Open a record; None where there is none."""
    try:
        file = mounted.open_meta(addr)
    except TROUBLES:
        return None
    return file if file.info.meta is not None else None
