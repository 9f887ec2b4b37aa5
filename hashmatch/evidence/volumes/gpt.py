"""GUID partition tables: the first one, or the one at the end where that is damaged.

Source: UEFI specification 2.10, section 5.3.
"""

from __future__ import annotations

import uuid
import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hashmatch.evidence.volumes import mbr
from hashmatch.evidence.volumes.tables import Partition, Table, block, made, number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.media.interface import Medium

MOST_ENTRIES = 1024
"""So many entries are read; the usual number is 128."""
_SIGN = b"EFI PART"
_SECTORS = (512, 4096, 2048, 1024)
_ENTRY_SIZES = (128, 256, 512, 1024, 2048, 4096)


@dataclass(frozen=True, slots=True)
class _Copy:
    """One of the two tables: its partitions, whether its checksums agree, and what is odd."""

    partitions: tuple[Partition, ...]
    whole: bool
    odd: str = ""


def read(medium: Medium) -> Table | None:
    """Read the table of a medium; None where there is none.

    The table at the end counts alone only where the first sector says that there is one, or
    where that is empty: whoever formats a disk anew may leave it behind.
    """
    for sector in _SECTORS:
        first = _copy(medium, sector, sector)
        if first is not None:
            return _table(medium, sector, first)
    record = mbr.slots(block(medium, 0))
    protected = any(one.type == mbr.PROTECTIVE for one in record)
    if protected or not any(block(medium, 0)):
        for sector in _SECTORS:
            last = _copy(medium, medium.size // sector * sector - sector, sector)
            if last is not None and (last.whole or protected):
                table = _of_the_end(medium, last)
                return replace(table, sure=table.sure and protected)
    if not protected:
        return None
    return made("gpt", (), medium.size, ("the table that the first sector announces is missing",))


def _table(medium: Medium, sector: int, first: _Copy) -> Table:
    """Compare the first table with the other one, where that is there."""
    last = _other(medium, sector)
    if not first.whole and last is not None and last.whole:
        return _of_the_end(medium, last)
    doubts = [first.odd] if first.odd else []
    if not first.whole:
        doubts.append("the checksums of the table do not agree, nor is there a good one at the end")
    elif last is not None and last.whole and set(last.partitions) != set(first.partitions):
        doubts.append("the table at the end names other partitions")
    return made("gpt", first.partitions, medium.size, doubts)


def _of_the_end(medium: Medium, last: _Copy) -> Table:
    doubts = [last.odd] if last.odd else []
    if not last.whole:
        doubts.append("the first table is damaged, and so is the one at the end")
    return made("gpt", last.partitions, medium.size, doubts)


def _other(medium: Medium, sector: int) -> _Copy | None:
    said = number(block(medium, sector, 92), 32, 8) * sector
    places = (said, medium.size // sector * sector - sector)
    copies = (_copy(medium, at, sector) for at in places if sector < at < medium.size)
    return next((one for one in copies if one is not None and one.whole), None)


def _copy(medium: Medium, at: int, sector: int) -> _Copy | None:
    """Read the table whose header lies at a place; None where none does."""
    header = block(medium, at, sector)
    if not header.startswith(_SIGN):
        return None
    length, count, entry = (number(header, place, 4) for place in (12, 80, 84))
    if not 92 <= length <= sector or entry not in _ENTRY_SIZES:
        return _Copy((), whole=False, odd="the header of the table is damaged")
    odd = f"the table has {count} entries: only {MOST_ENTRIES} were read"
    odd = odd if count > MOST_ENTRIES else ""
    kept = min(count, MOST_ENTRIES)
    entries = block(medium, number(header, 72, 8) * sector, kept * entry)
    blank = header[:16] + bytes(4) + header[20:length]
    whole = zlib.crc32(blank) == number(header, 16, 4)
    whole = whole and bool(odd or zlib.crc32(entries) == number(header, 88, 4))
    return _Copy(tuple(_partitions(entries, entry, sector)), whole, odd)


def _partitions(entries: bytes, size: int, sector: int) -> Iterator[Partition]:
    for place in range(len(entries) // size):
        entry = entries[place * size : place * size + 48]
        first, last = number(entry, 32, 8), number(entry, 40, 8)
        if any(entry[:16]) and last >= first:
            kind = str(uuid.UUID(bytes_le=entry[:16])).upper()
            yield Partition(place + 1, first * sector, (last - first + 1) * sector, kind)
