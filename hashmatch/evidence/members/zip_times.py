"""When an entry of a zip was last changed: a local time of an unknown zone, or a known moment.

Source: PKWARE APPNOTE 6.3.10, 4.4.6 and 4.5.5; Info-ZIP extra field 0x5455.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from hashmatch.evidence.members.dos_times import local_time
from hashmatch.evidence.members.moments import iso, since_1601
from hashmatch.evidence.members.zip_entries import NTFS, UNIX_TIMES

if TYPE_CHECKING:
    from hashmatch.evidence.members.zip_entries import Entry

_NAMES = ("modified", "accessed", "created")


def times(entry: Entry) -> tuple[tuple[tuple[str, str], ...], int]:
    """Give an entry's times in ISO 8601, and the modification in nanoseconds; 0 if not known."""
    found = entry.fields
    if (moments := _windows(found.get(NTFS, b""))) or (
        moments := _unix(found.get(UNIX_TIMES, b""))
    ):
        return tuple((name, iso(ns)) for name, ns in moments), dict(moments).get("modified", 0)
    local = local_time(entry.moment)
    return ((("modified", local),) if local else ()), 0


def _windows(field: bytes) -> tuple[tuple[str, int], ...]:
    """Read the field of Windows: after four bytes attribute 1, 24 bytes long, of three times."""
    if len(field) < 32 or struct.unpack_from("<HH", field, 4) != (1, 24):
        return ()
    ticks = struct.unpack_from("<QQQ", field, 8)
    return tuple((name, since_1601(tick)) for name, tick in zip(_NAMES, ticks, strict=True) if tick)


def _unix(field: bytes) -> tuple[tuple[str, int], ...]:
    """Read the field of Unix: which times follow, in seconds since 1970, signed."""
    found, place = [], 1
    for bit, name in enumerate(_NAMES):
        if field[:1] and field[0] >> bit & 1 and place + 4 <= len(field):
            found.append((name, struct.unpack_from("<i", field, place)[0] * 10**9))
            place += 4
    return tuple(found)
