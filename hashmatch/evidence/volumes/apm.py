"""Apple partition maps.

Source: Apple, Inside Macintosh: Devices, chapter 3 (driver descriptor record, partition map).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hashmatch.evidence.volumes.tables import Partition, Table, block, made

if TYPE_CHECKING:
    from hashmatch.evidence.media.interface import Medium

MOST_ENTRIES = 256
_SIZES = (512, 1024, 2048, 4096)
_SIGN = b"PM"


def read(medium: Medium) -> Table | None:
    """Read the map of a medium; None where there is none.

    The entries of a map are as far apart as its blocks are large, which the first sector says;
    some discs have entries 512 bytes apart all the same.
    """
    record = block(medium, 0)
    if record[:2] != b"ER":
        return None
    said = int.from_bytes(record[2:4])
    for size in (said, *_SIZES) if said in _SIZES else _SIZES:
        if block(medium, size, 2) == _SIGN:
            return _map(medium, size)
    return None


def _map(medium: Medium, size: int) -> Table:
    count = int.from_bytes(block(medium, size)[4:8])
    doubts = []
    if count > MOST_ENTRIES:
        doubts.append(f"the map has {count} entries: only {MOST_ENTRIES} were read")
    found = []
    for place in range(1, min(count, MOST_ENTRIES) + 1):
        entry = block(medium, place * size)
        if entry[:2] != _SIGN:
            doubts.append(f"the entry of p{place} is missing")
            break
        said = int.from_bytes(entry[4:8])
        if said != count:
            doubts.append(f"the entry of p{place} tells of {said} entries, that of p1 of {count}")
        start, length = int.from_bytes(entry[8:12]), int.from_bytes(entry[12:16])
        kind = entry[48:80].partition(b"\0")[0].decode("ascii", "replace")
        if length and kind not in {"Apple_Free", "Apple_Void"}:
            found.append(Partition(place, start * size, length * size, kind))
    if count < MOST_ENTRIES and block(medium, (count + 1) * size, 2) == _SIGN:
        # Not read: it may be the first of a second map, counted in larger blocks.
        doubts.append(f"the map goes on behind the {count} entries that it says it has")
    return made("apm", found, medium.size, doubts)
