"""QEMU's disk images (QCOW2, versions 2 and 3), with what lies in files below them.

Clusters are found by the two levels of tables; counts of references are not needed to read and
are not looked at. Compressed clusters carry no checksum: damage is met only where they cannot be
unpacked. Snapshots inside the image are counted and not read.

Source: QEMU, docs/interop/qcow2.rst.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hashmatch.evidence.media.interface import MediumError, MediumFacts
from hashmatch.evidence.media.mapped import (
    MISSING,
    TRUNCATED,
    UNREADABLE,
    Mapped,
    Packed,
    Part,
    Plain,
    Tables,
    Unreadable,
    inflated,
    lower,
)
from hashmatch.evidence.media.qcow2_header import (
    COMPRESSED,
    MAGIC,
    PLACE,
    ZERO,
    Header,
    read_header,
)
from hashmatch.evidence.media.qcow2_uses import Uses, are_compared
from hashmatch.evidence.media.stored import (
    Stored,
    beside,
    files_of,
    lies_beside,
    put_together,
)
from hashmatch.evidence.media.zstandard import unpack_zstd
from hashmatch.model import names

if TYPE_CHECKING:
    from hashmatch.evidence.media.mapped import Map
    from hashmatch.model.secrets import Secrets

NAME = "qcow2"
TITLE = "QEMU disk image (QCOW2)"
CERTAINTY = 1

_DEEPEST = 32
_SUBCLUSTERS = 32
_OTHERS = (b"KDMV", b"COWD", b"# Disk", b"vhdxfile", b"conectix", b"EVF", b"PK\x03\x04", b"LUKS")


def recognise(head: bytes, tail: bytes, path: bytes) -> bool:  # noqa: ARG001
    """Tell by the first four bytes; the first version of the form is recognised too."""
    return head.startswith(MAGIC)


def files(path: bytes) -> tuple[bytes, ...]:
    """Name the image and every file below it that is there."""
    return files_of(path, _layer)


def open_medium(path: bytes, secrets: Secrets) -> Mapped:  # noqa: ARG001
    """Open an image and what lies below it.

    Raises:
        MediumError: it is encrypted, or keeps its content in a way that is not understood, or a
            file below it is not there.
    """
    layout, opened = put_together(path, _layer)
    header = read_header(opened[0])
    said = header.said
    if not are_compared(header):
        said["shared_clusters"] = "were not looked for: the tables are too many"
    segments = tuple(file.segment for file in opened)
    return Mapped(layout, MediumFacts(NAME, layout.size, segments, (), said), opened)


def _layer(path: bytes, opened: list[Stored], above: Header | None = None) -> Map:
    """Open one image and, in the same way, what lies below; each is added to ``opened``."""
    if len(opened) == _DEEPEST:
        msg = f"{names.shown(path)} lies below {_DEEPEST} images; is it one of them itself?"
        raise MediumError(msg)
    file = Stored(path, link=above is None)
    opened.append(file)
    if above is not None and _is_raw(file, above):
        return Plain(file)
    header = read_header(file)
    below: Map | None = None
    if header.backing:
        if not lies_beside(path, header.backing):
            msg = (
                f"{names.shown(path)} holds only what changed since '{names.shown(header.backing)}'"
                ", which is not beside it; put both into one folder"
            )
            raise MediumError(msg)
        below = _layer(beside(path, header.backing), opened, header)
    return Clusters(file, header, below)


def _is_raw(file: Stored, above: Header) -> bool:
    head = file.header(0, 512)
    said = above.backing_format
    if said == b"raw":
        return True
    if said in {b"", b"qcow2"} and head.startswith(MAGIC):
        return False
    if said or head.startswith(_OTHERS):
        msg = (
            f"{names.shown(file.path)}, on which a QCOW2 image lies, is of another form "
            "and is not read there; convert both with 'qemu-img convert -O raw'"
        )
        raise MediumError(msg)
    return True


class Clusters:
    """The map of one image: its own clusters, and below them those of another."""

    def __init__(self, file: Stored, header: Header, below: Map | None) -> None:
        self._file = file
        self._header = header
        self._below = below
        self._bits = header.cluster_bits
        self._cluster = 1 << self._bits
        self._entry = 16 if header.extended else 8
        self._tables = Tables(file, self._cluster)
        self._uses = Uses(file, header)

    @property
    def size(self) -> int:
        """Bytes of content."""
        return self._header.size

    def part(self, offset: int) -> Part:
        """Give the part in which a byte lies: a cluster, a part of one, or a gap."""
        per_table = self._cluster // self._entry
        cluster = offset >> self._bits
        first, second = divmod(cluster, per_table)
        pointer = int.from_bytes(self._header.table[first * 8 : first * 8 + 8])
        place = pointer & PLACE
        start = first * per_table << self._bits
        end = min(start + (per_table << self._bits), self.size)
        if not place:
            return lower(self._below, start, end, offset)
        wrong = place & (self._cluster - 1) or self._uses.is_shared_table(place)
        table = None if wrong else self._tables.at(place)
        if table is None:
            return Part(start, end - start, why=MISSING)
        start = cluster << self._bits
        end = min(start + self._cluster, self.size)
        entry = table[second * self._entry : (second + 1) * self._entry]
        return self._cluster_part(entry, start, end, offset)

    def _cluster_part(self, entry: bytes, start: int, end: int, offset: int) -> Part:
        word = int.from_bytes(entry[:8])
        if word & COMPRESSED:
            return Part(start, end - start, packed=self._packed(word))
        place = word & PLACE
        if word & ZERO and self._entry == 8 and self._header.version > 2:
            return Part(start, end - start)
        if place and not self._is_content(place):
            return Part(start, end - start, why=UNREADABLE)
        if self._entry == 16:
            return self._subclusters(int.from_bytes(entry[8:]), place, (start, end, offset))
        if not place:
            return lower(self._below, start, end, offset)
        return Part(start, end - start, self._file, place)

    def _is_content(self, place: int) -> bool:
        """Tell whether a cluster lies where one can: alone, and not on what describes the image."""
        if place & (self._cluster - 1) or self._uses.is_shared(place):
            return False
        return place >> self._bits not in self._header.kept

    def _subclusters(self, bitmap: int, place: int, where: tuple[int, int, int]) -> Part:
        start, end, offset = where
        step = self._cluster // _SUBCLUSTERS
        number = (offset - start) // step
        first = start + number * step
        last = min(first + step, end)
        stored, zeros = bitmap >> number & 1, bitmap >> (32 + number) & 1
        if stored and (zeros or not place):
            return Part(first, last - first, why=UNREADABLE)  # the two bits contradict
        if zeros:
            return Part(first, last - first)
        if stored:
            return Part(first, last - first, self._file, place + first - start)
        return lower(self._below, first, last, offset)

    def _packed(self, word: int) -> Packed:
        shift = 62 - (self._bits - 8)
        place = word & ((1 << shift) - 1)
        sectors = (word & (COMPRESSED - 1)) >> shift
        length = (sectors + 1) * 512 - (place & 511)

        def unpack() -> bytes:
            packed = self._file.read(place, length)
            if not packed:
                raise Unreadable(TRUNCATED)
            if not self._header.zstd:
                return inflated(packed, self._cluster, -15)
            found = unpack_zstd(packed, self._cluster)
            if found is None:
                raise Unreadable(UNREADABLE)
            return found

        return Packed((id(self), place, length), self._cluster, unpack)
