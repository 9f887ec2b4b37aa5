"""Where ext2, ext3 and ext4 keep their records and bitmaps.

Source: "Data Structures and Algorithms" of the ext4 documentation of the Linux kernel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.evidence.filesystems import ext_sums
from hashmatch.evidence.filesystems.moments import Stored

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.media.interface import Medium

_SUPER = 1024
_MAGIC = b"\x53\xef"
_META_GROUPS, _LARGE = 0x10, 0x80
_BIG_CLUSTERS = 0x200
_FEW_COPIES = 0x1
_NO_BITMAP = 0x2
_OLD_RECORD = 128
_TIMES = (
    ("modified", 16, 136),
    ("accessed", 8, 140),
    ("changed", 12, 132),
    ("created", 144, 148),
)
"""Where each time lies in a record, and what was added to it later."""
_SIGN = 1 << 31
_SECOND = 1_000_000_000
KNOWN = 0x2 | 0x4 | 0x10 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x1000
KNOWN_TOO = 0x2000 | 0x4000 | 0x8000 | 0x10000 | 0x20000
"""Features that change how files are read, and are understood."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What the superblock says; sizes in bytes, places from the beginning of the volume.

    ``features`` are those that must be understood before a file is read. ``cluster`` is what a
    bit of a bitmap stands for, ``groups`` how many groups of ``per_group`` clusters there are.
    """

    block: int
    cluster: int
    blocks: int
    first_block: int
    per_group: int
    groups: int
    records: int
    records_per_group: int
    record: int
    first_record: int
    orphans: int
    features: int
    descriptor: int
    first_meta: int
    few_copies: bool
    seed: int | None = None  # what checksums of records begin with; None where there are none

    @property
    def strange(self) -> int:
        """Features that are not understood."""
        return self.features & ~(KNOWN | KNOWN_TOO)

    def _descriptor_at(self, group: int) -> int:
        per_block = self.block // self.descriptor
        meta = group // per_block
        number = self.first_block + 1 + meta
        if self.features & _META_GROUPS and meta >= self.first_meta:
            head = meta * per_block
            number = self.first_block + head * (self.per_group * self.cluster // self.block)
            number += int(self._has_copy(head))
        return number * self.block + group % per_block * self.descriptor

    def _has_copy(self, group: int) -> bool:
        """Tell whether a group begins with a copy of the superblock."""
        if not self.few_copies or group <= 1:
            return True
        return any(_is_power(group, base) for base in (3, 5, 7))

    def _places(self, content: Medium, group: int) -> tuple[int, int, int]:
        """Give the places of the bitmap and the records of a group, and its flags."""
        raw = content.read_at(self._descriptor_at(group), self.descriptor)
        raw = raw.ljust(64, b"\0")
        bitmap, records = _number(raw, 0, 4), _number(raw, 8, 4)
        if self.descriptor >= 64:
            bitmap |= _number(raw, 0x20, 4) << 32
            records |= _number(raw, 0x28, 4) << 32
        return bitmap * self.block, records * self.block, _number(raw, 0x12, 2)

    def numbered(self, number: int) -> tuple[int, int]:
        """Give the group of a record, and which of the group it is."""
        return divmod(number - 1, self.records_per_group)

    def records_at(self, content: Medium, group: int) -> int | None:
        """Where the records of a group lie; None where there is no such group."""
        return self._places(content, group)[1] if 0 <= group < self.groups else None

    def record_at(self, content: Medium, number: int) -> int:
        """Where the record of a file lies; 0 where there is none of this number."""
        group, index = self.numbered(number)
        table = self.records_at(content, group)
        return 0 if table is None else table + index * self.record

    def bitmap(self, content: Medium, group: int) -> bytes:
        """Read the bitmap of a group; none where all but what is the file system's own is free."""
        place, _, flags = self._places(content, group)
        if flags & _NO_BITMAP or not place:
            return b""
        return content.read_at(place, (self.per_group + 7) // 8)


def read(content: Medium) -> Layout | None:
    """Read the superblock; None where it cannot be right."""
    raw = content.read_at(_SUPER, 1024).ljust(1024, b"\0")
    if raw[56:58] != _MAGIC or _number(raw, 24, 4) > 6:
        return None
    block = 1024 << _number(raw, 24, 4)
    features = _number(raw, 96, 4)
    large = bool(features & _LARGE)
    blocks = _number(raw, 4, 4) | (_number(raw, 0x150, 4) << 32 if large else 0)
    big = bool(_number(raw, 100, 4) & _BIG_CLUSTERS)
    cluster = 1024 << min(_number(raw, 28, 4), 20) if big else block
    per_group = _number(raw, 36 if big else 32, 4)
    first_block, records_per_group = _number(raw, 20, 4), _number(raw, 40, 4)
    modern = _number(raw, 76, 4) > 0
    if not 1 <= per_group <= block * 8 or not 1 <= records_per_group <= block * 8:
        return None  # a bitmap of each is one block
    if cluster < block:
        return None
    per_group_blocks = per_group * (cluster // block)
    descriptor = _number(raw, 254, 2) if large else 32
    record = _number(raw, 88, 2) if modern else 128
    if not 32 <= descriptor <= block or not 128 <= record <= block:
        return None
    return Layout(
        block,
        cluster,
        blocks,
        first_block,
        per_group,
        -(-max(0, blocks - first_block) // per_group_blocks),
        _number(raw, 0, 4),
        records_per_group,
        record,
        _number(raw, 84, 4) if modern else 11,
        _number(raw, 0x280, 4),
        features,
        descriptor,
        _number(raw, 0x104, 4),
        bool(_number(raw, 100, 4) & _FEW_COPIES),
        ext_sums.seed(raw),
    )


def times(record: bytes) -> Iterator[Stored]:
    """Yield the times that a record has; one of which all is 0 was never set.

    The fields that were added later hold nanoseconds, and two bits by which seconds go on beyond
    32 bits.
    """
    added = _number(record, _OLD_RECORD, 2)
    added = added if added <= len(record) - _OLD_RECORD else 0
    for name, place, more in _TIMES:
        seconds, extra, digits = _number(record, place, 4), 0, 0
        if more + 4 <= _OLD_RECORD + added:
            extra, digits = _number(record, more, 4), 9
        elif place >= _OLD_RECORD:
            continue
        if not seconds and not extra:
            continue
        nanoseconds = extra >> 2
        if nanoseconds >= _SECOND:  # damaged, or of another use
            nanoseconds = digits = 0
        if seconds & _SIGN:
            seconds -= _SIGN << 1
        yield Stored(name, seconds + ((extra & 3) << 32), nanoseconds, digits)


def _number(content: bytes, place: int, size: int) -> int:
    return int.from_bytes(content[place : place + size], "little")


def _is_power(number: int, base: int) -> bool:
    while number > 1 and number % base == 0:
        number //= base
    return number == 1
