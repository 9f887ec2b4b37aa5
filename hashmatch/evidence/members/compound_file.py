"""Read compound files (OLE): a small file system in one file, of older Office and Windows.

Everything is followed by its own tables and held against the real size. What a table leads to
outside the file, or in a circle, is damage that the stream says where it is read; a stream is never
shorter or longer than its entry says without that.

Source: [MS-CFB].
"""

from __future__ import annotations

import struct
from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.evidence.members.interface import MemberError
from hashmatch.evidence.members.unpacked import length, read_at
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_HEADER = struct.Struct("<22x HH2s HH 6x 4x I I 4x I I I I I")
_HEADER_SIZE = 512
_ENTRY = struct.Struct("<64s H B x I I I 16x 4x 8x 8x I Q")
_END = 0xFFFFFFFE
_NOTHING = 0xFFFFFFFF
_STORAGE, _STREAM, _ROOT = 1, 2, 5
_IN_HEADER = 109  # sectors of the table that the header names
_DEEPEST = 64
_CUTOFF = 4096  # bytes below which a stream lies in small sectors
_MINI = 64  # bytes of a small sector
_SPARE = 4096  # sectors that a chain may go on behind the end of its stream
_MOST_ENTRIES = 200_000
_BLOCK = 256 << 10


@dataclass(frozen=True, slots=True)
class Entry:
    """A stream: its path from the root, first sector and bytes.

    ``listed`` is False for a stream that no storage names: left over, or the tree is damaged.
    ``number`` is its own among all entries.
    """

    path: tuple[str, ...]
    start: int
    size: int
    listed: bool = True
    number: int = 0


@dataclass(frozen=True, slots=True)
class _Node:
    name: str
    kind: int
    left: int
    right: int
    child: int
    start: int
    size: int


class CompoundFile:
    """A compound file.

    Args:
        stream: seekable; may be moved by others between two reads.

    ``damaged`` says that a table or the tree is not whole, so that streams may be missing.

    Raises:
        MemberError: it is none, or its tables cannot be read.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.size = length(stream)
        header = read_at(stream, 0, _HEADER_SIZE)
        if len(header) < _HEADER_SIZE or not header.startswith(MAGIC):
            raise MemberError(Reason.DAMAGED_CONTAINER)
        self.damaged = False
        self._read_header(header)
        self._nodes = list(self._read_nodes())
        if not self._nodes or self._nodes[0].kind != _ROOT:
            raise MemberError(Reason.DAMAGED_CONTAINER)
        self._root = array("I", self._as_far(self._nodes[0].start))

    def _read_header(self, header: bytes) -> None:
        _, major, order, shift, mini_shift, *numbers = _HEADER.unpack_from(header, 2)
        tables, self._directory, cutoff, mini, _, more, _ = numbers
        if (
            order != b"\xfe\xff"
            or (major, shift) not in {(3, 9), (4, 12)}
            or mini_shift != 6
            or cutoff != _CUTOFF
        ):
            raise MemberError(Reason.UNSUPPORTED_CONTAINER)
        self._sector = 1 << shift
        self._count = max(0, -(-self.size // self._sector) - 1)  # a header takes a whole one
        self._table = self._read_table(header, tables, more)
        self._owners = array("I", bytes(4 * len(self._table)))
        self._mini_table = array("I")
        for number in self._as_far(mini):
            self._mini_table.extend(self._numbers(number))
        self._mini_owners = array("I", bytes(4 * len(self._mini_table)))

    def _read_table(self, header: bytes, tables: int, more: int) -> array[int]:
        """Read which sector follows which."""
        numbers = list(struct.unpack_from(f"<{_IN_HEADER}I", header, 76))
        per_sector = self._sector // 4
        most = self._count // per_sector + 1
        while len(numbers) < tables and more < self._count and len(numbers) < most:
            part = self._numbers(more)
            numbers += part[:-1]
            more = part[-1] if len(part) == per_sector else _END
        table = array("I")
        for number in numbers[: min(tables, most)]:
            part = self._numbers(number)
            self.damaged |= len(part) < per_sector
            table.extend(part)
        self.damaged |= len(numbers) < tables
        return table

    def _numbers(self, sector: int) -> array[int]:
        data = self._at(sector) if sector < self._count else b""
        numbers = array("I", data[: len(data) // 4 * 4])
        if struct.pack("=H", 1) != b"\1\0":
            numbers.byteswap()
        return numbers

    def _at(self, sector: int) -> bytes:
        return read_at(self._stream, (sector + 1) * self._sector, self._sector)

    def _chain(self, table: array[int], start: int) -> Iterator[int]:
        """Follow a chain.

        Raises:
            MemberError: it leads out of the table, or in a circle.
        """
        number = start
        for _ in range(len(table) + 1):
            if number in {_END, _NOTHING}:
                return
            if number >= len(table):
                break
            yield number
            number = table[number]
        raise MemberError(Reason.DAMAGED_CONTAINER)

    def _as_far(self, start: int) -> Iterator[int]:
        """Follow a chain of the large sectors as far as it goes, and note damage."""
        try:
            yield from self._chain(self._table, start)
        except MemberError:
            self.damaged = True

    def _sectors(self, table: array[int], start: int, count: int) -> Iterator[int]:
        """Give so many sectors of a chain.

        Raises:
            MemberError: the chain does not end there, or a little later.
        """
        left = count
        for number in self._chain(table, start):
            left -= 1
            if left >= 0:
                yield number
            elif left < -_SPARE:
                break
        if left > 0 or left < -_SPARE:
            raise MemberError(Reason.DAMAGED_CONTAINER)

    def _read_nodes(self) -> Iterator[_Node]:
        seen = 0
        for sector in self._as_far(self._directory):
            data = self._at(sector) if sector < self._count else b""
            for place in range(0, len(data) - _ENTRY.size + 1, _ENTRY.size):
                yield self._node(data, place)
                seen += 1
            if seen > _MOST_ENTRIES:
                self.damaged = True
                return

    def _node(self, data: bytes, place: int) -> _Node:
        raw, name_size, kind, left, right, child, start, size = _ENTRY.unpack_from(data, place)
        name = raw[: min(max(name_size - 2, 0), 62)].decode("utf-16-le", "replace")
        if self._sector == 512:
            size &= 0xFFFFFFFF  # the upper half may hold anything in version 3
        return _Node(name, kind, left, right, child, start, size)

    def entries(self) -> list[Entry]:
        """Give all streams by the order of their entries."""
        paths: dict[int, tuple[str, ...]] = {}
        waiting: list[tuple[int, tuple[str, ...]]] = [(self._nodes[0].child, ())]
        while waiting:
            number, above = waiting.pop()
            if number == _NOTHING:
                continue
            if number >= len(self._nodes) or number in paths or len(above) > _DEEPEST:
                self.damaged = True
                continue
            node = self._nodes[number]
            paths[number] = (*above, node.name)
            waiting += [(node.left, above), (node.right, above)]
            if node.kind == _STORAGE:
                waiting.append((node.child, paths[number]))
        return [
            Entry(paths.get(number, (node.name,)), node.start, node.size, number in paths, number)
            for number, node in enumerate(self._nodes)
            if node.kind == _STREAM
        ]

    def blocks(self, entry: Entry) -> Iterator[bytes]:
        """Give the content of a stream.

        Raises:
            MemberError: it breaks off.
        """
        if entry.size < _CUTOFF:
            yield from self._small(entry)
            return
        left = entry.size
        for start, size in self._stretches(entry):
            place, end = start, start + min(size, left)
            while place < end:
                data = read_at(self._stream, place, min(_BLOCK, end - place))
                if not data:
                    raise MemberError(Reason.DAMAGED_CONTAINER)
                place += len(data)
                left -= len(data)
                yield data

    def _small(self, entry: Entry) -> Iterator[bytes]:
        """Give a stream that lies in small sectors inside the stream of the root."""
        left = entry.size
        for number in self._sectors(self._mini_table, entry.start, -(-left // _MINI)):
            self._own(self._mini_owners, number, entry)
            data = self._mini(number * _MINI)
            if len(data) < min(_MINI, left):
                raise MemberError(Reason.DAMAGED_CONTAINER)
            yield data[:left]
            left -= len(data)

    def _mini(self, offset: int) -> bytes:
        """Read a small sector; it lies in one sector of the stream of the root."""
        number, within = divmod(offset, self._sector)
        if number >= len(self._root):
            return b""
        return read_at(self._stream, (self._root[number] + 1) * self._sector + within, _MINI)

    def _stretches(self, entry: Entry) -> Iterator[tuple[int, int]]:
        """Join sectors that follow each other: offset in the file, and bytes."""
        begin = end = 0
        count = -(-entry.size // self._sector)
        try:
            for number in self._sectors(self._table, entry.start, count):
                self._own(self._owners, number, entry)
                offset = (number + 1) * self._sector
                if offset != end:
                    if begin:
                        yield begin, end - begin
                    begin = offset
                end = offset + self._sector
        except MemberError:
            if begin:
                yield begin, end - begin  # what comes before the damage
            raise
        if begin:
            yield begin, end - begin

    def _own(self, owners: array[int], sector: int, entry: Entry) -> None:
        """Note to which stream a sector belongs; in two of them, one has wrong content."""
        if owners[sector] not in {0, entry.number + 1}:
            self.damaged = True
        owners[sector] = entry.number + 1
