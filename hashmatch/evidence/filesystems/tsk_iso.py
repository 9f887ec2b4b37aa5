"""ISO 9660: times with their offset from UTC, and files that are in more than one part.

The library gives neither, so the entries of folders are read again here.

Source: ECMA-119, 9.1.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from hashmatch.evidence.filesystems import iso_beside, moments
from hashmatch.evidence.filesystems.iso_folders import SECTOR, Folders
from hashmatch.evidence.filesystems.moments import Moments
from hashmatch.evidence.filesystems.tsk_family import Family
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from hashmatch.evidence.filesystems.iso_folders import Entry
    from hashmatch.evidence.filesystems.tsk_image import Handle
    from hashmatch.evidence.filesystems.tsk_streams import Stream
    from hashmatch.evidence.media.interface import Medium


class Iso(Family):
    """What ISO 9660 does its own way."""

    shares = True

    sweeps = True

    def __init__(self, content: Medium, mounted: Handle) -> None:
        super().__init__(content, mounted)
        self._folders = Folders(content)
        self._met: set[tuple[int, int]] = set()

    def first_user(self) -> int:
        """Everything is a file."""
        return 0

    def contradictory(self, living: Collection[int]) -> bool:  # noqa: ARG002
        """Tell whether there is more than is listed.

        The library leaves names out that cannot be, and all after them. It lists the names of one
        descriptor; what only another one has it may not know at all. Nobody here reads later
        sessions, and UDF.
        """
        return (
            bool(self._folders.unsound)
            or any(one.size and not one.folder for one in self._unmet())
            or iso_beside.has_more(self.content, self._folders.files)
            or iso_beside.is_continued(self.content)
        )

    def obstacle(self, file: Handle, stream: Stream) -> Reason | None:
        """Files in several parts, interleaved, packed, or behind a record of attributes."""
        entry = self._entry(stream)
        if entry is None and stream.runs:  # no folder has it: nothing says how it is stored
            return Reason.DAMAGED_FILE_SYSTEM
        if entry is not None and entry.apart:
            return Reason.UNSUPPORTED_STORAGE
        return super().obstacle(file, stream)

    def moments(self, file: Handle) -> Moments:
        """The one time that an entry has, with its offset in steps of 15 minutes."""
        found = self.streams(file)
        entry = self._entry(found[0]) if found else None
        if entry is None:
            return Moments()
        year, month, day, hour, minute, second, zone = entry.time
        try:
            moment = datetime(1900 + year, month, day, hour, minute, second)  # noqa: DTZ001
        except ValueError:
            return Moments()
        steps = zone - 256 if zone > 127 else zone
        offset = steps * 15 if -48 <= steps <= 52 else None
        text = moments.written(moment, offset)
        return Moments((("modified", text),), moments.nanoseconds(moment, offset))

    def _entry(self, stream: Stream) -> Entry | None:
        if not stream.runs:
            return None
        key = stream.runs[0].offset // SECTOR, stream.size
        self._met.add(key)
        return self._folders.found.get(key)

    def _unmet(self) -> Iterator[Entry]:
        """Yield what folders have and nobody asked for."""
        yield from (one for key, one in self._folders.found.items() if key not in self._met)
