"""LVM2 physical volumes: the logical volumes that lie on one, each as the stretches it is made of.

Only what lies on this one physical volume, extent by extent, is read; volumes that are striped,
mirrored, thin, cached, snapshots, or go on elsewhere are told and not read: reading the stretches
alone would give wrong bytes. The metadata counts only where its checksum agrees.

Source: libyal's description of the LVM2 format (libvslvm).
"""

from __future__ import annotations

import zlib
from bisect import bisect_right
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TYPE_CHECKING

from hashmatch.evidence.media.slice import Slice
from hashmatch.evidence.volumes.lvm_text import Section, TextError, parse
from hashmatch.evidence.volumes.tables import SECTOR, block, number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hashmatch.evidence.media.interface import Medium, MediumFacts, Stretch

MOST_TEXT = 2 << 20
_LABEL = b"LABELONE"
_AREA = b" LVM2 x[5A%r0N*>"
_SEED = 0xF597A6CF
_AREA_HEADER = 512
_MOST_AREAS = 16


class LvmError(Exception):
    """It is a physical volume, and what describes its volumes cannot be read."""


@dataclass(frozen=True, slots=True)
class Logical:
    """One logical volume. ``parts`` are offset and size in bytes on the physical volume, in order.

    ``trouble`` says in English words for people why it cannot be read; there are no parts then.
    """

    name: str
    parts: tuple[tuple[int, int], ...]
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """A volume group as one of its physical volumes describes it.

    ``data`` is offset and end in bytes of the space for volumes; ``used`` the same of each stretch
    of a volume that can be read. What others have lies in no volume that is given, and is to be
    searched as space that none has.
    """

    name: str
    volumes: tuple[Logical, ...]
    data: tuple[int, int]
    used: tuple[tuple[int, int], ...]


def label_at(medium: Medium) -> int | None:
    """Say at which of the first four sectors the label of a physical volume is, in bytes."""
    head = block(medium, 0, 4 * SECTOR)
    for place in range(4):
        at = place * SECTOR
        if head[at : at + 8] == _LABEL and number(head, at + 8, 8) == place:
            return at
    return None


def read(medium: Medium) -> Group:
    """Read the volume group that a physical volume belongs to.

    Raises:
        LvmError: no copy of its metadata can be read.
    """
    at = label_at(medium)
    if at is None:
        msg = "the label of the physical volume is missing"
        raise LvmError(msg)
    label = block(medium, at)
    if not label.startswith(b"LVM2 001", 24):
        msg = "the label is of another version than LVM2 001"
        raise LvmError(msg)
    identity = label[32:64].decode("ascii", "replace")
    trouble = "it belongs to no volume group yet, or its metadata is kept on other volumes"
    for place, size in _areas(label):
        try:
            text = _text(medium, place, size)
            if text is not None:
                return _Reader(parse(text), identity).group()
        except (LvmError, TextError) as error:
            trouble = str(error)
        except (KeyError, TypeError):
            trouble = "the metadata lacks what it must say"
        except MemoryError:
            trouble = "the metadata needs more memory than there is"
    raise LvmError(trouble)


def _areas(label: bytes) -> Iterator[tuple[int, int]]:
    """Yield offset and size of the metadata areas, which a list of data areas comes before."""
    at = 72
    lists = 0
    while at + 16 <= len(label) and lists < 2:
        place, size = number(label, at, 8), number(label, at + 8, 8)
        at += 16
        if not place:
            lists += 1
        elif lists == 1:
            yield place, size


def _text(medium: Medium, place: int, size: int) -> str | None:
    """Read the text of a metadata area; None where the area is empty."""
    header = block(medium, place, _AREA_HEADER)
    if header[4:20] != _AREA or _checksum(header[4:]) != number(header, 0, 4):
        msg = "a metadata area is damaged"
        raise LvmError(msg)
    offset, length = number(header, 40, 8), number(header, 48, 8)
    if not offset:
        return None
    size = min(size, number(header, 32, 8))
    if not _AREA_HEADER <= offset < size or not 0 < length <= min(size - _AREA_HEADER, MOST_TEXT):
        msg = "a metadata area names a place outside of itself"
        raise LvmError(msg)
    first = block(medium, place + offset, min(length, size - offset))
    text = first + block(medium, place + _AREA_HEADER, length - len(first))
    if _checksum(text) != number(header, 56, 4):
        msg = "the checksum of the metadata does not agree"
        raise LvmError(msg)
    return text.decode("utf-8", "replace")


def _checksum(data: bytes) -> int:
    return ~zlib.crc32(data, ~_SEED & 0xFFFFFFFF) & 0xFFFFFFFF


class _Reader:
    """Reads what the text says of one physical volume."""

    def __init__(self, text: Section, identity: str) -> None:
        self._name = next((name for name in text if isinstance(text[name], dict)), "")
        self._text = _section(text, self._name)
        self._extent = _whole(self._text, "extent_size") * SECTOR
        physical = _section(self._text, "physical_volumes")
        for name in physical:
            one = _section(physical, name)
            if str(one["id"]).replace("-", "") == identity:
                self._here = name
                self._start = _whole(one, "pe_start") * SECTOR
                self._count = _whole(one, "pe_count")
                return
        msg = "the metadata does not name the volume it lies on"
        raise LvmError(msg)

    def group(self) -> Group:
        """Put together what is known."""
        text = self._text
        named = _section(text, "logical_volumes") if "logical_volumes" in text else {}
        stores = self._stores(named)
        found: list[Logical] = []
        for name in named:
            one = _section(named, name)
            segments = [_section(one, key) for key in one if isinstance(one[key], dict)]
            status = one.get("status")
            if "VISIBLE" in (status if isinstance(status, list) else [status]):
                found.append(self._logical(name, segments, stores))
        volumes = _apart(found)
        used = sorted((at, at + size) for one in volumes for at, size in one.parts)
        end = self._start + self._count * self._extent
        return Group(self._name, volumes, (self._start, end), tuple(used))

    def _stores(self, named: Section) -> frozenset[str]:
        """Name the volumes that hold what a snapshot has changed, and no content of their own."""
        return frozenset(
            str(value["cow_store"])
            for volume in named.values()
            if isinstance(volume, dict)
            for value in volume.values()
            if isinstance(value, dict) and "cow_store" in value
        )

    def _logical(self, name: str, segments: list[Section], stores: frozenset[str]) -> Logical:
        trouble = "it is a snapshot" if name in stores else ""
        parts: list[tuple[int, int]] = []
        following = 0
        for one in sorted(segments, key=lambda one: _whole(one, "start_extent")):
            trouble = trouble or self._trouble(one)
            if _whole(one, "start_extent") != following:
                trouble = trouble or "its parts do not follow one another"
            following += _whole(one, "extent_count")
            parts.extend(self._parts(one))
        if not segments:
            trouble = "it has no parts"
        return Logical(name, () if trouble else tuple(parts), trouble)

    def _trouble(self, segment: Section) -> str:
        if segment.get("type") != "striped" or segment.get("stripe_count") != 1:
            return f"it is stored as '{segment.get('type')}' over one or more volumes"
        stripes = segment.get("stripes")
        if not isinstance(stripes, list) or len(stripes) != 2 or stripes[0] != self._here:
            return "parts of it lie on other physical volumes"
        first, count = stripes[1], _whole(segment, "extent_count")
        if not isinstance(first, int) or not 0 <= first <= first + count <= self._count:
            return "it names extents that the physical volume does not have"
        return ""

    def _parts(self, segment: Section) -> Iterator[tuple[int, int]]:
        """Give what a segment takes of this physical volume, so far as that is in one piece."""
        if not self._trouble(segment):
            stripes = segment["stripes"]
            first = stripes[1] if isinstance(stripes, list) else 0
            size = _whole(segment, "extent_count") * self._extent
            yield self._start + int(first) * self._extent, size


def _apart(volumes: Sequence[Logical]) -> tuple[Logical, ...]:
    """Believe none of the volumes that share bytes: nothing says whose they are."""
    taken = sorted((at, size, place) for place, one in enumerate(volumes) for at, size in one.parts)
    shared: set[int] = set()
    last, end = 0, 0
    for at, size, place in taken:
        if size and at < end:
            shared.update((last, place))
        if at + size > end:
            last, end = place, at + size
    trouble = "another volume, or another part of it, has some of the same extents"
    return tuple(
        replace(one, parts=(), trouble=trouble) if place in shared else one
        for place, one in enumerate(volumes)
    )


def _section(section: Section, name: str) -> Section:
    value = section[name]
    if not isinstance(value, dict):
        msg = f"'{name}' is not a section"
        raise TextError(msg)
    return value


def _whole(section: Section, name: str) -> int:
    value = section[name]
    if not isinstance(value, int) or not 0 <= value < 1 << 48:
        msg = f"'{name}' is not a number that can be"
        raise TextError(msg)
    return value


class Joined:
    """Stretches of a medium, one after another, as a medium of its own.

    Closing it leaves the medium open.
    """

    def __init__(self, medium: Medium, parts: Sequence[tuple[int, int]]) -> None:
        self._parts = [Slice(medium, offset, size) for offset, size in parts]
        self._starts = list(accumulate((one.size for one in self._parts), initial=0))
        self._medium = medium

    @property
    def size(self) -> int:
        """Bytes of content."""
        return self._starts[-1]

    @property
    def facts(self) -> MediumFacts:
        """Those of the medium, as far as they hold for parts of it."""
        return replace(self._medium.facts, size=self.size, stored=(), bad=())

    @property
    def damage(self) -> Sequence[Stretch]:
        """The damage of the medium that lies in the parts."""
        return [
            replace(one, offset=one.offset + start)
            for start, part in zip(self._starts, self._parts, strict=False)
            for one in part.damage
        ]

    def read_at(self, offset: int, length: int) -> bytes:
        """Read; fewer bytes than asked for only at the end."""
        end = min(offset + length, self.size)
        found = []
        while 0 <= offset < end:
            place = bisect_right(self._starts, offset) - 1
            part, skip = self._parts[place], offset - self._starts[place]
            data = part.read_at(skip, min(end - offset, part.size - skip))
            found.append(data)
            offset += len(data)
        return b"".join(found)

    def close(self) -> None:
        """Do nothing: who opened the medium closes it."""
