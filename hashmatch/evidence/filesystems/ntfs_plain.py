"""The content of a plain file of NTFS, by its record of the MFT alone; most files are such.

A file is plain when one record says all of it, its content lies in clusters without holes, neither
compressed nor encrypted, and was written to its end. Of any other file, and of a record in which
anything is not as it should be, nothing is said here: it is left to who knows such files.

Source: the layout of MFT records as published by Microsoft for ``FILE_RECORD_SEGMENT_HEADER``,
``MULTI_SECTOR_HEADER`` and ``ATTRIBUTE_RECORD_HEADER``, with mapping pairs.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from hashmatch.evidence.filesystems.interface import Run
from hashmatch.evidence.filesystems.tsk_streams import NONRESIDENT, NTFS_DATA, Stream, joined

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEAD = struct.Struct("<4sHH8xHxxHHI4xQ")
"""Mark, place and count of what sectors end with, sequence number, first attribute, flags, bytes
in use, the record that this one goes on."""
_BEGIN = struct.Struct("<IIBBHHH")
"""Type, length, whether it lies elsewhere, letters and place of the name, flags, number."""
_ELSEWHERE = struct.Struct("<QQHH4xQQQ")
"""First and last cluster, place of the pairs, unit of compression, bytes of clusters, of content,
and of what was written."""
_IN_USE = 1
_SECTOR = 512
_DATA, _END = 0x80, 0xFFFFFFFF
_MORE = frozenset({0x20, 0xC0})
"""Attributes by which there is more to know: a list of further records, a reparse point."""
_LEAST_OF_ALL, _LEAST = 24, 64
"""Bytes of the header of an attribute, and of one that lies elsewhere."""


def stream(record: bytes, seq: int, unit: int, clusters: int) -> Stream | None:
    """Give the content of a plain file that is in use; None for any other.

    Args:
        record: as it lies on the volume.
        seq: the sequence number that it must have.
        unit: bytes of a cluster.
        clusters: how many there are.
    """
    try:
        mark, place, count, number, first, flags, used, base = _HEAD.unpack_from(record)
        sound = mark == b"FILE" and used <= len(record) and not base
        if not sound or (number, flags) != (seq, _IN_USE):
            return None
        return _content(_mended(record, place, count), first, used, unit, clusters)
    except (struct.error, ValueError):
        return None


def names(record: bytes) -> tuple[bytes, ...]:
    """Give the names in UTF-8 of the streams that a record in use has; none for one not sound."""
    found: dict[bytes, None] = {}
    try:
        mark, place, count, _, at, _, used, _ = _HEAD.unpack_from(record)
        if mark != b"FILE" or used > len(record):
            return ()
        whole = _mended(record, place, count)
        while True:
            kind, length, _, letters, begin, _, _ = _BEGIN.unpack_from(whole, at)
            if kind == _END or length < _LEAST_OF_ALL or at + length > used:
                return tuple(found)
            if kind == _DATA:
                name = whole[at + begin : at + begin + 2 * letters].decode("utf-16-le", "replace")
                found[name.encode()] = None
            at += length
    except (struct.error, ValueError):
        return tuple(found)


def _mended(record: bytes, place: int, count: int) -> bytearray:
    """Put back what the ends of sectors were before a number took their place.

    Raises:
        ValueError: an end has another number: not all of the record was written.
    """
    if (count - 1) * _SECTOR != len(record) or place + 2 * count > _SECTOR - 2:
        raise ValueError
    whole = bytearray(record)
    for at in range(1, count):
        end = at * _SECTOR
        if record[end - 2 : end] != record[place : place + 2]:
            raise ValueError
        whole[end - 2 : end] = record[place + 2 * at : place + 2 * at + 2]
    return whole


def _content(record: bytearray, at: int, used: int, unit: int, clusters: int) -> Stream | None:
    """Find the one attribute that is the content; None where there are more things to know."""
    found: Stream | None = None
    while True:
        kind, length, elsewhere, letters, _, flags, number = _BEGIN.unpack_from(record, at)
        if kind == _END:
            return found
        if length < _LEAST_OF_ALL or length % 8 or at + length > used or kind in _MORE:
            return None
        if kind == _DATA and not letters:
            if found is not None or elsewhere != 1 or flags or length < _LEAST:
                return None
            found = _stream(bytes(record[at : at + length]), number, unit, clusters)
            if found is None:
                return None
        at += length


def _stream(attribute: bytes, number: int, unit: int, clusters: int) -> Stream | None:
    first, last, pairs, packed, room, size, written = _ELSEWHERE.unpack_from(attribute, 16)
    if first or packed or written != size or not _LEAST <= pairs <= len(attribute):
        return None
    runs, covered = [], 0
    for cluster, count in _runs(attribute, pairs):
        if cluster < 0 or cluster + count > clusters:
            return None
        there = min(count * unit, size - covered)
        if there > 0:
            runs.append(Run(cluster * unit, there))
        covered += count * unit
    if (last + 1) * unit != covered or room != covered or not 0 < size <= covered:
        return None
    kept = tuple(joined(runs) if len(runs) > 1 else runs)
    return Stream(b"", size, NTFS_DATA, number, NONRESIDENT, kept, covered, direct=True)


def _runs(attribute: bytes, at: int) -> Iterator[tuple[int, int]]:
    """Yield first cluster and count of each run; each is told by its distance from the last.

    Raises:
        ValueError: a run is a hole, or the list has no end.
    """
    cluster = 0
    while at < len(attribute):
        sizes = attribute[at]
        if not sizes:
            return
        middle = at + 1 + (sizes & 15)
        end = middle + (sizes >> 4)
        count = int.from_bytes(attribute[at + 1 : middle], "little")
        if sizes & 15 > 8 or not 1 <= sizes >> 4 <= 8 or end >= len(attribute) or not count:
            raise ValueError
        cluster += int.from_bytes(attribute[middle:end], "little", signed=True)
        yield cluster, count
        at = end
    raise ValueError
