"""Partition tables in a master boot record, and the chain of those for logical partitions.

Source: UEFI specification 2.10, section 5.2 (legacy master boot record); Microsoft's description
of extended boot records.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.evidence.volumes.tables import SECTOR, Partition, Table, block, made, number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.media.interface import Medium

EXTENDED = frozenset((0x05, 0x0F, 0x85))
PROTECTIVE = 0xEE
MOST_LOGICAL = 128
"""So many logical partitions are followed; Windows and Linux make fewer."""
_SIGN = b"\x55\xaa"


@dataclass(frozen=True, slots=True)
class Slot:
    """One of the four entries of a record, places in sectors."""

    flag: int
    type: int
    start: int
    count: int


def slots(record: bytes) -> tuple[Slot, ...]:
    """Read the four entries of a boot record; none where it does not end as one does."""
    if record[510:512] != _SIGN:
        return ()
    return tuple(
        Slot(record[at], record[at + 4], number(record, at + 8, 4), number(record, at + 12, 4))
        for at in range(446, 510, 16)
    )


def read(medium: Medium, sector: int = SECTOR) -> Table | None:
    """Read the table at the beginning of a medium; None where there is none, or it is empty.

    Args:
        medium: what may begin with one.
        sector: how many bytes its numbers count.
    """
    found = slots(block(medium, 0))
    used = [(place, one) for place, one in enumerate(found, 1) if one.type]
    if not used:
        return None
    doubts = [f"the entry of p{place} is not well formed" for place, one in used if _odd(one)]
    partitions = [_partition(place, one.start, one, sector) for place, one in used if _plain(one)]
    following = 5
    for _, one in used:
        if one.type in EXTENDED and one.count:
            chain = _Chain(medium, one, sector, following)
            partitions.extend(chain.partitions())
            doubts.extend(chain.doubts)
            following = chain.number
    return made("mbr", partitions, medium.size, doubts)


def _plain(one: Slot) -> bool:
    return one.type not in EXTENDED and one.type != PROTECTIVE and one.count > 0


def _odd(one: Slot) -> bool:
    return one.flag not in {0x00, 0x80} or not one.count or not one.start


def _partition(place: int, start: int, one: Slot, sector: int) -> Partition:
    return Partition(place, start * sector, one.count * sector, f"{one.type:02X}")


class _Chain:
    """The records of an extended partition, each of which says where the next one is."""

    def __init__(self, medium: Medium, extended: Slot, sector: int, first: int) -> None:
        self._medium = medium
        self._extended = extended
        self._sector = sector
        self.number = first
        self.doubts: list[str] = []

    def partitions(self) -> Iterator[Partition]:
        """Yield the logical partitions in the order of the chain, as far as it can be followed."""
        base = self._extended.start
        place: int | None = base
        seen: set[int] = set()
        while place is not None:
            trouble = self._trouble(place, seen)
            if trouble:
                self.doubts.append(trouble)
                return
            seen.add(place)
            record = slots(block(self._medium, place * self._sector))
            following = None
            for one in record:
                if one.type in EXTENDED and one.count:
                    following = base + one.start
                elif one.type and one.count:
                    yield _partition(self.number, place + one.start, one, self._sector)
                    self.number += 1
            place = following

    def _trouble(self, place: int, seen: set[int]) -> str:
        where = f"the record of p{self.number} at byte {place * self._sector}"
        if place in seen:
            return f"{where} was met before: the chain of logical partitions is a loop"
        if len(seen) == MOST_LOGICAL:
            return f"there are more than {MOST_LOGICAL} logical partitions"
        if (place + 1) * self._sector > self._medium.size:
            return f"{where} lies beyond the end of the medium"
        if not slots(block(self._medium, place * self._sector)):
            return f"{where} is no partition table"
        return ""
