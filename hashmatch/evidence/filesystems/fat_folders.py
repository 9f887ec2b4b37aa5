"""Entries in use of a folder of FAT or exFAT, read beside the library, which leaves odd ones out.

The library passes over an entry that it does not believe, and ends a folder where its clusters
cannot be followed, without a word; where the table has its cluster free, it calls every name of a
folder deleted.

Source: Microsoft, FAT file system specification 1.03; exFAT file system specification.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hashmatch.evidence.filesystems.fat_layout import SLOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.filesystems.fat_layout import Layout
    from hashmatch.evidence.media.interface import Medium

LARGEST = 256 << 20
"""Bytes of a folder; exFAT allows no more, and FAT less."""

_LAST = {"fat12": 0xFF8, "fat16": 0xFFF8, "fat32": 0x0FFFFFF8, "exfat": 0xFFFFFFF8}
"""From here on a value in the table ends a chain."""
_GONE, _DOT = 0xE5, 0x2E
_KIND, _NO_FILE = 0x1F, {0x08, 0x0F}
"""Attributes but that of the archive; those of a label, and of a piece of a long name."""
_IN_USE, _SECOND, _FILE, _BENIGN = 0x80, 0x40, 0x85, 0x20
_OWN = (0x81, 0x82, 0x83)
"""The map of clusters in use, the table of capital letters, the label."""
_NAMES = (b".".ljust(11), b"..".ljust(11))
_FOLDER = 0x10


class BrokenError(Exception):
    """A folder goes on where it cannot be followed, or its entries do not fit together."""


def is_below(content: Medium, layout: Layout, first: int) -> bool:
    """Tell whether a cluster is the first of a folder of FAT: it begins with itself and above."""
    if not layout.is_cluster(first):
        return False
    head = content.read_at(layout.cluster_at(first), 2 * SLOT)
    own = int.from_bytes(head[26:28], "little") == first & 0xFFFF
    return own and all(
        head[at : at + 11] == name and head[at + 11] & _FOLDER
        for at, name in zip((0, SLOT), _NAMES, strict=True)
    )


def in_use(content: Medium, layout: Layout, start: tuple[int, int, bool]) -> Iterator[int]:
    """Yield where each entry in use lies that is a file or folder.

    Args:
        content: the volume.
        layout: where things lie.
        start: of the folder the first cluster, 0 for one that lies before all clusters; the size;
            and whether all clusters follow the first without being noted in the table.

    Raises:
        BrokenError: there may be more.
    """
    slots = _slots(content, layout, start)
    yield from _sets(slots) if layout.kind == "exfat" else _names(slots)


def _slots(
    content: Medium, layout: Layout, start: tuple[int, int, bool]
) -> Iterator[tuple[int, bytes]]:
    """Yield all entries with their places, up to the first that was never in use."""
    for place, length in _stretches(content, layout, start):
        raw = content.read_at(place, length)
        for at in range(0, len(raw) - SLOT + 1, SLOT):
            if not raw[at]:
                return
            yield place + at, raw[at : at + SLOT]


def _stretches(
    content: Medium, layout: Layout, start: tuple[int, int, bool]
) -> Iterator[tuple[int, int]]:
    at, size, follow = start
    if not at:
        yield layout.entries, layout.clusters - layout.entries
        return
    last = at + -(-size // layout.cluster) - 1
    seen: set[int] = set()
    while layout.is_cluster(at) and at not in seen and len(seen) * layout.cluster < LARGEST:
        seen.add(at)
        yield layout.cluster_at(at), layout.cluster
        if follow and at >= last:
            return
        found = [at + 1] if follow else layout.following(content, at, 1).tolist()
        at = found[0] if found else 0
    if follow or at < _LAST[layout.kind]:
        raise BrokenError


def _names(slots: Iterator[tuple[int, bytes]]) -> Iterator[int]:
    """Labels and pieces of long names are left out, and a folder's names of itself and above."""
    for place, slot in slots:
        if slot[0] not in {_GONE, _DOT} and slot[11] & _KIND not in _NO_FILE:
            yield place


def _sets(slots: Iterator[tuple[int, bytes]]) -> Iterator[int]:
    """Follow sets of entries: the first says how many come after it."""
    left, loose = 0, False
    for place, slot in slots:
        kind = slot[0]
        if kind & _IN_USE and kind & _SECOND:
            if not left and not loose:
                raise BrokenError
            left = max(left - 1, 0)
            continue
        if left:
            raise BrokenError
        loose = bool(kind & _IN_USE and kind & _BENIGN)  # of makers; how many follow is their own
        if kind == _FILE:
            left = slot[1]
        if kind & _IN_USE and not loose and kind not in _OWN:
            yield place
    if left:
        raise BrokenError
