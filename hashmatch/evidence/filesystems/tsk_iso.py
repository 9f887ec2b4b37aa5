"""ISO 9660: times with their offset from UTC, and files that are in more than one part.

The library gives neither, so the entries of folders are read again here.

Source: ECMA-119, 9.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from hashmatch.evidence.filesystems import moments
from hashmatch.evidence.filesystems.moments import Moments
from hashmatch.evidence.filesystems.tsk_family import Family
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.filesystems.tsk_image import Handle
    from hashmatch.evidence.filesystems.tsk_streams import Stream
    from hashmatch.evidence.media.interface import Medium

_SECTOR = 2048
_FIRST_DESCRIPTOR = 16
_MOST_DESCRIPTORS = 64
_SPARE = 1 << 20
_FOLDER, _MORE = 0x02, 0x80
_NAME, _SMALLEST = 32, 34
"""Where an entry has the length of its name, which begins next; bytes of the smallest entry."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a folder: block and size of its content, flags, and a packed time.

    ``apart`` says that the content does not simply begin there and go on, or that the entry is
    a further part of the one before.
    """

    block: int
    size: int
    flags: int
    time: bytes
    apart: bool


class Iso(Family):
    """What ISO 9660 does its own way."""

    def __init__(self, content: Medium, mounted: Handle) -> None:
        super().__init__(content, mounted)
        self._unsound: list[int] = []
        self._entries = {(one.block, one.size): one for one in _all(content, self._unsound)}

    def first_user(self) -> int:
        """Everything is a file."""
        return 0

    def contradictory(self) -> bool:
        """Some folder does not begin with itself, or has names that cannot be.

        The library leaves such names, and all after them, out.
        """
        return bool(self._unsound)

    def obstacle(self, file: Handle, stream: Stream) -> Reason | None:
        """Files in several parts, interleaved ones, and those behind a record of attributes."""
        entry = self._entry(stream)
        if entry is None and stream.runs:  # no folder has it: nothing says how it is stored
            return Reason.DAMAGED_FILE_SYSTEM
        if entry is not None and (entry.flags & _MORE or entry.apart):
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
        return self._entries.get((stream.runs[0].offset // _SECTOR, stream.size))


def _all(content: Medium, unsound: list[int]) -> Iterator[Entry]:
    """Yield the entries of all folders below every descriptor of a volume.

    Blocks of folders whose names cannot be right are added to ``unsound``.
    """
    waiting = list(_roots(content))
    seen = {one.block for one in waiting}
    left = content.size + _SPARE  # folders that overlap are no reason to read for days
    while waiting:
        folder = waiting.pop()
        left -= folder.size
        if left < 0:
            unsound.append(folder.block)
            return
        raw = content.read_at(folder.block * _SECTOR, folder.size)
        if not _is_sound(raw, content.size):
            unsound.append(folder.block)
        for entry in _listed(raw):
            yield entry
            if entry.flags & _FOLDER and entry.block not in seen:
                seen.add(entry.block)
                waiting.append(entry)


def _roots(content: Medium) -> Iterator[Entry]:
    """Yield the first folder of each descriptor: the primary one, and those with other names."""
    for number in range(_FIRST_DESCRIPTOR, _FIRST_DESCRIPTOR + _MOST_DESCRIPTORS):
        raw = content.read_at(number * _SECTOR, _SECTOR)
        if raw[1:6] != b"CD001" or raw[:1] == b"\xff":
            return
        if raw[0] in {1, 2} and len(raw) == _SECTOR:
            yield from _listed(raw[156:190])


def _is_sound(raw: bytes, size: int) -> bool:
    """Tell whether the entries of a folder are as they must be.

    The first is the folder itself, each has room for its name and its content within the volume,
    and nothing follows the last of a sector.
    """
    place = 0
    while place < len(raw):
        length = raw[place]
        if not length:
            end = (place // _SECTOR + 1) * _SECTOR
            if any(raw[place:end]):
                return False
            place = end
            continue
        entry = raw[place : place + length]
        if len(entry) < max(length, _SMALLEST) or not 1 <= entry[_NAME] <= length - _NAME - 1:
            return False
        block, long = (int.from_bytes(entry[at : at + 4], "little") for at in (2, 10))
        if block * _SECTOR + long > size:
            return False
        place += length
    return raw[_NAME : _NAME + 2] == b"\1\0"


def _listed(raw: bytes) -> Iterator[Entry]:
    """Yield the entries of a folder; none reaches over the end of a sector."""
    place, follows = 0, False
    while place + 33 <= len(raw):
        length = raw[place]
        if length < 33:  # the rest of the sector is empty
            place = (place // _SECTOR + 1) * _SECTOR
            continue
        apart = bool(raw[place + 1] or raw[place + 26] or raw[place + 27])
        yield Entry(
            int.from_bytes(raw[place + 2 : place + 6], "little"),
            int.from_bytes(raw[place + 10 : place + 14], "little"),
            raw[place + 25],
            raw[place + 18 : place + 25],
            apart or follows,
        )
        follows = bool(raw[place + 25] & _MORE)
        place += length
