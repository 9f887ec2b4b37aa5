"""Which partition tables a medium has, and what is meant where there are several."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hashmatch.evidence.volumes import apm, gpt, mbr
from hashmatch.evidence.volumes.tables import Table, block, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hashmatch.evidence.media.interface import Medium
    from hashmatch.evidence.volumes.tables import Partition

_DISC = 0x8001
_DISC_SIGN = b"CD001"
_SPARE = frozenset(
    (
        "82",  # swap space of Linux
        "E3C9E316-0B5C-4DB8-817D-F92DF00215AE",  # reserved by Microsoft
        "21686148-6449-6E6F-744E-656564454649",  # boot code of GRUB
        "0657FD6D-A4AB-43C4-84E5-0933C84B4F4F",  # swap space of Linux
        "83BD6B9D-7F41-11DC-BE0B-001560B84F0F",  # boot code of FreeBSD
        "516E7CB5-6ECF-11D6-8FF8-00022D09712B",  # swap space of FreeBSD
        "Apple_partition_map",
        "Apple_Driver",
        "Apple_Driver43",
        "Apple_Driver_ATA",
        "Apple_Driver_ATAPI",
        "Apple_Driver_IOKit",
        "Apple_FWDriver",
        "Apple_Patches",
    )
)


def read(content: Medium) -> tuple[Table, ...]:
    """Read the tables of a medium, the one that counts first; none where there is none.

    Beside a GPT those entries of the boot record are given too that name other places: an old
    system sees them. A map of Apple on a disc image counts after what the boot record says.
    """
    record = mbr.read(content)
    guid = gpt.read(content)
    if guid is not None and (record is None or _announces(content)):
        return (guid, *_beside(record, guid))
    apple = apm.read(content)
    if apple is not None:
        return (apple, *_beside(record, apple))
    if record is None or not (record.partitions or record.doubts):
        return ()
    return (_by_large_sectors(content, record),)


def is_spare(one: Partition) -> bool:
    """Tell whether a partition is of a type that holds no file system."""
    return one.type in _SPARE


def is_disc(content: Medium) -> bool:
    """Tell whether a medium has the signature of ISO 9660."""
    return content.read_at(_DISC, len(_DISC_SIGN)) == _DISC_SIGN


def is_alive(content: Medium, tables: Sequence[Table]) -> bool:
    """Tell whether a disc image is what is meant, and not the remains of one.

    It is where a partition covers its descriptor, or none lies within what it says is its size.
    """
    size = number(content.read_at(0x8000, 256), 80, 4) * 2048
    parts = [one for table in tables for one in table.partitions]
    covered = any(one.offset <= _DISC < one.end for one in parts)
    return covered or not any(one.offset < size for one in parts)


def _announces(content: Medium) -> bool:
    return any(one.type == mbr.PROTECTIVE for one in mbr.slots(block(content, 0)))


def _beside(record: Table | None, other: Table) -> tuple[Table, ...]:
    """Give what the boot record names and another table does not."""
    known = {one.offset for one in other.partitions}
    more = [one for one in record.partitions if one.offset not in known] if record else []
    doubts = record.doubts if record and more else ()
    return (Table("mbr", tuple(more), doubts, sure=False),) if more else ()


def _by_large_sectors(content: Medium, record: Table) -> Table:
    """Read a boot record anew where its numbers make sense for sectors of 4096 bytes alone.

    Taken for smaller ones, its numbers lead to no records of logical partitions, which is why
    a record that is in doubt is read anew too.
    """
    large = mbr.read(content, 4096)
    if large is None or not large.sure:
        return record
    return large if _signed(content, large) > _signed(content, record) else record


def _signed(content: Medium, table: Table) -> int:
    """Count the partitions that begin as boot sectors and superblocks do."""
    return sum(_begins(content, one.offset) for one in table.partitions)


def _begins(content: Medium, at: int) -> bool:
    head = block(content, at, 2048)
    return head[510:512] == b"\x55\xaa" or head[1080:1082] == b"\x53\xef" or head[:4] == b"XFSB"
