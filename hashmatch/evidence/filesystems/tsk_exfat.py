"""exFAT: offsets of times from UTC, content that was never written, deleted files.

Source: Microsoft, exFAT file system specification.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from hashmatch.evidence.filesystems import allocation, fat_layout, moments
from hashmatch.evidence.filesystems.fat_layout import SLOT
from hashmatch.evidence.filesystems.moments import Moments
from hashmatch.evidence.filesystems.tsk_family import opened
from hashmatch.evidence.filesystems.tsk_fat import Fat
from hashmatch.evidence.filesystems.tsk_image import TROUBLES, Handle
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from hashmatch.evidence.filesystems.allocation import Bits
    from hashmatch.evidence.filesystems.fat_layout import Layout
    from hashmatch.evidence.filesystems.tsk_streams import Stream
    from hashmatch.evidence.media.interface import Medium

_IN_USE = 0x80
_FILE = 0x05
_STREAM = 0x40
_OWN = (0x81, 0x82)
"""The map of clusters in use and the table of capital letters, which have one entry each."""
_CONTIGUOUS = 2
_BITMAP_NAME = b"$ALLOC_BITMAP"
_TIMES = (("modified", 12, 21, 23), ("accessed", 16, None, 24), ("created", 8, 20, 22))
"""Where each time lies: date and time, hundredths, offset from UTC."""


class Exfat(Fat):
    """What exFAT does its own way."""

    def __init__(self, content: Medium, mounted: Handle) -> None:
        super().__init__(content, mounted, "exfat")

    @cached_property
    def layout(self) -> Layout | None:
        """Where things lie."""
        return fat_layout.exfat(self.content)

    def is_metadata(self, addr: int, name: bytes) -> bool:  # noqa: ARG002
        """Entries that are not those of a file belong to the file system."""
        return self.slot(addr)[0] & ~_IN_USE != _FILE

    def called(self, name: bytes, addr: int) -> bytes:  # noqa: ARG002
        """Names are whole."""
        return name

    def moments(self, file: Handle) -> Moments:
        """Times are local; most have their offset from UTC in steps of 15 minutes."""
        slot = self.slot(int(file.info.meta.addr))
        times, modified_ns = [], 0
        for name, place, part, zone in _TIMES:
            packed = int.from_bytes(slot[place : place + 4], "little")
            hundredths = slot[part] if part else 0
            moment = moments.local(packed >> 16, packed & 0xFFFF, hundredths)
            if moment is None:
                continue
            offset = _offset(slot[zone])
            parts = hundredths not in {0, 100}
            times.append((name, moments.written(moment, offset, parts=parts)))
            if name == "modified":
                modified_ns = moments.nanoseconds(moment, offset)
        return Moments(tuple(times), modified_ns)

    def is_folder(self, layout: Layout, first: int) -> bool:
        """Folders have nothing at their beginning by which they are known."""
        return layout.is_cluster(first)

    def streams(self, file: Handle) -> list[Stream]:
        """List the content, which reads as zeros where it was never written."""
        found = super().streams(file)
        entry = self._second(int(file.info.meta.addr))
        if entry is None:
            return found
        valid = int.from_bytes(entry[8:16], "little")
        return [replace(one, valid=valid) if valid < one.size else one for one in found]

    def obstacle(self, file: Handle, stream: Stream) -> Reason | None:
        """Without its second entry nothing says how much of a file was written."""
        if self._second(int(file.info.meta.addr)) is None:
            return Reason.DAMAGED_FILE_SYSTEM
        return super().obstacle(file, stream)

    def start(self, addr: int) -> tuple[int, int, bool]:
        """Give the first cluster of an entry, its size, and whether it says that all follow."""
        own = self.slot(addr)
        entry = own if own[0] in _OWN else self._second(addr)
        if entry is None:
            return 0, 0, False
        first, size = int.from_bytes(entry[20:24], "little"), int.from_bytes(entry[24:32], "little")
        return first, size, own[0] not in _OWN and bool(entry[1] & _CONTIGUOUS)

    def used(self, first: int, count: int) -> Bits:
        """Tell which clusters are in use, by the bitmap."""
        return allocation.bitmap(self._read_bitmap, first, count)

    def _second(self, addr: int) -> bytes | None:
        """Read the entry that follows that of a file, across the end of a cluster if need be."""
        layout = self.layout
        if layout is None:
            return None
        place = layout.slot_at(addr) + SLOT
        if (place - layout.clusters) % layout.cluster == 0:
            last = (place - layout.clusters) // layout.cluster + 1
            following = layout.following(self.content, last, 1).tolist()
            number = following[0] if following and layout.is_cluster(following[0]) else last + 1
            place = layout.cluster_at(number)
        entry = self.content.read_at(place, SLOT)
        return entry if len(entry) == SLOT and entry[0] & ~_IN_USE == _STREAM else None

    @cached_property
    def _bitmap(self) -> Handle:
        """The bitmap of clusters, which the library shows as a file of the first folder."""
        try:
            for file in self.mounted.open_dir(inode=int(self.mounted.info.root_inum)):
                if file.info.name.name == _BITMAP_NAME:
                    return opened(self.mounted, int(file.info.name.meta_addr))
        except TROUBLES:
            return None
        return None

    def _read_bitmap(self, offset: int, length: int) -> bytes:
        if self._bitmap is None:
            return b""
        try:
            there = min(length, int(self._bitmap.info.meta.size) - offset)
            return bytes(self._bitmap.read_random(offset, there)) if there > 0 else b""
        except TROUBLES:
            return b""


def _offset(value: int) -> int | None:
    """Read an offset from UTC in minutes: 7 bits with a sign, steps of 15; None for not said."""
    if not value & _IN_USE:
        return None
    steps = value & 0x7F
    return (steps - 128 if steps & 0x40 else steps) * 15
