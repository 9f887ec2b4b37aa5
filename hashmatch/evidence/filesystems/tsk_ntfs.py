"""NTFS: sequence numbers of records, streams beside the content, reparse points, orphans.

Source: the layout of MFT records as published by Microsoft for ``FILE_RECORD_SEGMENT_HEADER``,
and of reparse points in [MS-FSCC] 2.1.2.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from hashmatch.evidence.filesystems import allocation, moments, ntfs_plain
from hashmatch.evidence.filesystems.interface import Run
from hashmatch.evidence.filesystems.moments import Stored
from hashmatch.evidence.filesystems.tsk_family import UNALLOCATED, Family, opened
from hashmatch.evidence.filesystems.tsk_image import TROUBLES, Handle
from hashmatch.evidence.filesystems.tsk_streams import (
    COMPRESSED,
    ENCRYPTED,
    NTFS_DATA,
    NTFS_NAME,
    NTFS_REPARSE,
    SPARSE,
    Stream,
    streams,
)
from hashmatch.model.outcomes import Reason, Rule

if TYPE_CHECKING:
    from hashmatch.evidence.filesystems.allocation import Allocation, Bits
    from hashmatch.evidence.filesystems.moments import Moments

_MFT, _BITMAP, _BAD, _EXTEND = 0, 6, 8, 11
_FIRST_USER = 24
_LINKS = {
    0xA000000C: Rule.SYMLINK,
    0xA0000003: Rule.SYMLINK,  # a folder or volume mounted elsewhere
    0xA000001D: Rule.SYMLINK,
    0x80000023: Rule.SOCKET,
    0x80000024: Rule.FIFO,
    0x80000025: Rule.CHARACTER_DEVICE,
    0x80000026: Rule.BLOCK_DEVICE,
}
_ELSEWHERE = frozenset({0x80000017, 0x80000013, 0xC0000004, 0x80000006})
"""Content is compressed beside the file (WOF), deduplicated, or moved to other storage."""
_BASE = 0x20, 0x26
"""Where a record that goes on another one names that."""
_SECTOR_END = 510
"""Bytes of a record that its sequence numbers never replace."""
_STANDARD = (0x10).to_bytes(4, "little")
_TIMES = (("modified", 8), ("accessed", 24), ("changed", 16), ("created", 0))
_FROM_1601 = 11_644_473_600 * 10_000_000
_LARGEST_COMPRESSED = 4096
"""Bytes of a cluster; NTFS compresses nothing where they are larger."""
_NAME = 0x42
_SPACES = {0: 1, 1: 2, 2: 0, 3: 2}
"""Name spaces by preference: a name that was made short for DOS is the last."""


class Ntfs(Family):
    """What NTFS does its own way."""

    sweeps = True
    data = (NTFS_DATA,)
    _plain: Handle = None
    """The file that was looked at last, if it is no reparse point."""
    _last: tuple[int, bytes] = -1, b""
    """The record that was read last: its number, and itself."""

    def ident(self, addr: int, seq: int) -> bytes:
        """Name a record by its number and the sequence number that the name has."""
        return b"%d-%d" % (addr, seq)

    def first_user(self) -> int:
        """The first record that is not reserved."""
        return _FIRST_USER

    def is_own_stream(self, name: bytes) -> bool:
        """Files of the file system have streams whose names begin with ``$``, and no others."""
        return not name or name.startswith(b"$")

    def matches(self, file: Handle, seq: int) -> bool:
        """Tell whether the record has the sequence number of the name."""
        return int(file.info.meta.seq) == seq

    def gone(self, addr: int, seq: int) -> Handle:
        """Open the record of a deleted name: deleting counts its sequence number up by one."""
        file = opened(self.mounted, addr)
        if file is None or not int(file.info.meta.flags) & UNALLOCATED:
            return None
        following = seq % 0xFFFF + 1
        return file if int(file.info.meta.seq) in {seq, following} else None

    def streams(self, file: Handle) -> list[Stream]:
        """List the streams of a file, and note by the way whether it is a reparse point."""
        found = streams(file, self.unit, (NTFS_DATA, NTFS_REPARSE))
        data = [one for one in found if one.kind == NTFS_DATA]
        self._plain = file if len(data) == len(found) else None
        return data

    def plain(self, addr: int, seq: int) -> Stream | None:
        """Give the content of a file by its record; it is the same as the library tells."""
        size = self._record_size
        place, run = self._record_at(addr)
        if run is None or run.length - place < size:
            return None
        raw = self.content.read_at(run.offset + place, size)
        found = ntfs_plain.stream(raw, seq, self.unit, self._clusters)
        return None if found is None or self.is_cut(found.runs) else found

    def missing(self, file: Handle, found: list[Stream]) -> list[Stream]:
        """Streams whose list of runs is damaged: the library tells nothing of them."""
        named = ntfs_plain.names(self._raw(int(file.info.meta.addr)))
        if len(named) <= len(found):
            return []
        known = {one.name for one in found}
        return [Stream(name, -1) for name in named if name not in known]

    def nothing(self, file: Handle) -> Stream:  # noqa: ARG002
        """Even an empty file has a stream: a record without one is damaged."""
        return Stream(b"", -1)

    def left_out(self, file: Handle) -> Rule | None:
        """Links, sockets and devices are reparse points."""
        return _LINKS.get(self._reparse(file))

    def obstacle(self, file: Handle, stream: Stream) -> Reason | None:
        """Say why a stream cannot be read as it was stored."""
        if stream.flags & ENCRYPTED:
            return Reason.KEY_NEEDED
        if stream.flags & COMPRESSED and self.unit > _LARGEST_COMPRESSED:
            return Reason.UNSUPPORTED_STORAGE
        if not stream.name and stream.size:
            tag = self._reparse(file)
            if tag in _ELSEWHERE or (tag and stream.flags & SPARSE):
                return Reason.UNSUPPORTED_STORAGE
        return super().obstacle(file, stream)

    def moments(self, file: Handle) -> Moments:
        """Times are UTC in steps of 100 ns since 1601, in the first attribute of the record.

        The library keeps 32 bits of seconds of them.
        """
        raw = self._raw(int(file.info.meta.addr))[:_SECTOR_END]
        start = int.from_bytes(raw[20:22], "little")
        kind, form = raw[start : start + 4], raw[start + 8 : start + 9]
        body = start + int.from_bytes(raw[start + 20 : start + 22], "little")
        if len(raw) < body + 32 or raw[:4] != b"FILE" or (kind, form) != (_STANDARD, b"\0"):
            return moments.Moments()
        stored = []
        for name, place in _TIMES:
            since = int.from_bytes(raw[body + place : body + place + 8], "little")
            if since:  # else it was never set
                seconds, rest = divmod(since - _FROM_1601, 10_000_000)
                stored.append(Stored(name, seconds, rest * 100, 7))
        return moments.of_stored(stored)

    def record(self, addr: int) -> tuple[Run, ...]:
        """Where a record of the MFT lies; one that is in two pieces by its first."""
        place, run = self._record_at(addr)
        if run is None:
            return ()
        return (Run(run.offset + place, min(self._record_size, run.length - place)),)

    def _raw(self, addr: int) -> bytes:
        """Read a record as it lies; what is asked of one is asked before the next."""
        if addr != self._last[0]:
            runs = self.record(addr)
            raw = self.content.read_at(runs[0].offset, runs[0].length) if runs else b""
            self._last = addr, raw
        return self._last[1]

    def _record_at(self, addr: int) -> tuple[int, Run | None]:
        """Give where in a run of the MFT a record begins."""
        place = addr * self._record_size
        for run in self._mft_runs:
            if place < run.length:
                return place, run
            place -= run.length
        return 0, None

    def orphan(self, file: Handle) -> bytes | None:
        """Name an orphan by its record, which keeps the name; no record that goes on another."""
        addr = int(file.info.meta.addr)
        head = self._read(self._mft, addr * self._record_size, self._record_size)
        if any(head[_BASE[0] : _BASE[1]]):
            return None
        name = self._named(file)
        if not name and not any(one.size for one in self.streams(file)):
            return None  # a record that was never used
        return name or b"%d" % addr

    def allocation(self) -> Allocation | None:
        """The clusters, by $Bitmap."""
        return self._allocation

    def damaged_structures(self) -> tuple[int, ...]:
        """The MFT."""
        return (_MFT,)

    @cached_property
    def _allocation(self) -> Allocation | None:
        file = opened(self.mounted, _BITMAP)
        if file is None:
            return None

        def used(first: int, count: int) -> Bits:
            return allocation.bitmap(lambda at, size: self._read(file, at, size), first, count)

        return allocation.Allocation(self.unit, 0, int(self.mounted.info.block_count), used)

    @cached_property
    def _clusters(self) -> int:
        return int(self.mounted.info.block_count)

    @cached_property
    def _mft(self) -> Handle:
        return opened(self.mounted, _MFT)

    @cached_property
    def _mft_runs(self) -> tuple[Run, ...]:
        try:
            return self.streams(self._mft)[0].runs
        except (*TROUBLES, IndexError):
            return ()

    @cached_property
    def _record_size(self) -> int:
        """Bytes of a record: a number of clusters, or minus a power of two of bytes."""
        boot = self.content.read_at(0, 512).ljust(512, b"\0")
        number = int.from_bytes(boot[64:65], signed=True)
        size = number * self.unit if number > 0 else 1 << min(-number, 16)
        return max(512, min(size, 1 << 16))

    def _read(self, file: Handle, offset: int, length: int) -> bytes:
        """Read what the file system keeps in a file; less where there is less, or it is damaged."""
        try:
            stream = next(one for one in self.streams(file) if not one.name)
            there = min(length, stream.size - offset)
            if there <= 0:
                return b""
            return bytes(file.read_random(offset, there, NTFS_DATA, stream.number))
        except (*TROUBLES, StopIteration):
            return b""

    def _reparse(self, file: Handle) -> int:
        """Give the tag of a reparse point; 0 for none, and one that is nowhere known for damage."""
        if file is self._plain:
            return 0
        try:
            found = streams(file, self.unit, (NTFS_REPARSE,))
            if not found:
                return 0
            number = found[0].number
            return int.from_bytes(file.read_random(0, 4, NTFS_REPARSE, number)[:4], "little") or 1
        except TROUBLES:
            return 1

    def _named(self, file: Handle) -> bytes:
        best, rank = b"", -1
        try:
            for stream in streams(file, self.unit, (NTFS_NAME,)):
                body = bytes(file.read_random(0, min(stream.size, 600), NTFS_NAME, stream.number))
                name = body[_NAME : _NAME + 2 * body[_NAME - 2]]
                if name and _SPACES.get(body[_NAME - 1], 0) > rank:
                    rank = _SPACES.get(body[_NAME - 1], 0)
                    best = name.decode("utf-16-le", "surrogatepass").encode(
                        "utf-8", "surrogatepass"
                    )
        except TROUBLES:
            return best
        return best.replace(b"/", b"_")
