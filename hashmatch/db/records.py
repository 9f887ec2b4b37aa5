"""The sealed store of original records: every field of every record, by number."""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_right
from collections import OrderedDict
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from hashmatch.db import blocks
from hashmatch.db.blocks import Block, Lines
from hashmatch.db.sealed import SealedFile, SealedWriter
from hashmatch.errors import HashSetError
from hashmatch.model.hashes import Algorithm, Digest
from hashmatch.model.records import HashRecord, RecordBatch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from hashmatch.db.liveness import Liveness
    from hashmatch.model.hashes import PerceptualHash
    from hashmatch.model.records import Json

KIND = b"records"
BLOCK_RECORDS = 1024
"""Reading one record opens its block; larger blocks are smaller on disk and slower to open."""

_BLOCK_TEXT = 1 << 20
"""Characters after which a block is complete, so that long records stay bounded in memory."""

KEPT_BLOCKS = 64
"""Blocks that stay open in memory, so that neighbours are not unsealed again and again."""

_FEW = 64  # a shorter batch is stored as single records: it would make a block of its own
MOST_RECORDS = 1 << 32
_FIELDS = tuple(one.name for one in fields(HashRecord))


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record as it stands in the library.

    ``number`` counts from 0 inside the set version, ``file`` from 0 through the list's files,
    ``place`` from 1 inside that file. ``live`` is False for a record that was withdrawn or
    replaced: it is kept to be read, and no look-up finds it. The rest is as in
    :class:`HashRecord`; ``parts`` are without those that were taken back.
    """

    number: int
    file: int
    place: int
    digests: tuple[Digest, ...]
    perceptual: tuple[PerceptualHash, ...]
    entry: str | None
    category: str | None
    size: int | None
    other: tuple[str, ...]
    fields: Mapping[str, Json]
    flags: Mapping[str, bool] = field(default_factory=dict)
    parts: tuple[str, ...] = ()
    updated: float | None = None
    live: bool = True


def _stored(record: HashRecord, number: int, file: int, *, live: bool = True) -> StoredRecord:
    return StoredRecord(
        number=number,
        file=file,
        live=live,
        **_shared(record),
    )


def as_read(record: StoredRecord) -> HashRecord:
    """Give a stored record as an importer would read it."""
    return HashRecord(**_shared(record))


def _shared(record: HashRecord | StoredRecord) -> dict[str, Any]:
    """Everything that a record says, whether it is stored or not."""
    return {name: getattr(record, name) for name in _FIELDS}


class RecordWriter:
    """Writes the store of a new set version, block by block."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._sealed = SealedWriter(path, key, KIND)
        self._lines = Lines()
        self._file = 0
        self._starts = array("Q")
        self._count = 0

    @property
    def count(self) -> int:
        """Records written so far."""
        return self._count

    def add(self, record: HashRecord, file: int) -> int:
        """Store a record and give its number.

        Raises:
            HashSetError: a field is a number that cannot be stored, or there are too many
                records.
        """
        if file != self._file:
            self.flush()
            self._file = file
        self._lines.add(record, file)
        self._count += 1
        if len(self._lines) == BLOCK_RECORDS or self._lines.size > _BLOCK_TEXT:
            self.flush()
        return self._count - 1

    def add_batch(self, batch: RecordBatch, file: int) -> int:
        """Store a batch and give the number of its first record; raises as :meth:`add`."""
        first = self._count
        if len(batch) < _FEW:
            for record in batch.records():
                self.add(record, file)
            return first
        self.flush()
        for start in range(0, len(batch), BLOCK_RECORDS):
            part = batch.cut(start, start + BLOCK_RECORDS)
            self._block(blocks.of_batch(part, file), self._count)
            self._count += len(part)
        return first

    def flush(self) -> None:
        """Write the records that wait for their block to fill."""
        if len(self._lines):
            first = self._count - len(self._lines)
            self._block(self._lines.block(self._file), first)
            self._lines = Lines()

    def written(self) -> Iterator[StoredRecord]:
        """Read the records back, in order, before the file is finished."""
        self.flush()
        for at, first in enumerate(self._starts):
            block = Block(self._sealed.chunk(at))
            for number, record in enumerate(block.records(), first):
                yield _stored(record, number, block.file)

    def picked(self, numbers: Sequence[int]) -> Iterator[StoredRecord]:
        """Read some records back, by rising numbers, before the file is finished."""
        self.flush()
        opened, block = -1, None
        for number in numbers:
            at = bisect_right(self._starts, number) - 1
            if block is None or at != opened:
                opened, block = at, Block(self._sealed.chunk(at))
            yield _stored(block.record(number - self._starts[at]), number, block.file)

    def _block(self, data: bytes, first: int) -> None:
        if self._count > MOST_RECORDS:
            msg = "the list holds more records than one set can; import it as several sets"
            raise HashSetError(msg)
        self._starts.append(first)
        self._sealed.add(data)

    def finish(self) -> None:
        """Complete the file on the disk."""
        self.flush()
        self._starts.append(self._count)
        self._sealed.add(struct.pack(f"<{len(self._starts)}Q", *self._starts))
        self._sealed.finish()

    def close(self) -> None:
        """Let go of the file; without :meth:`finish` it stays unreadable."""
        self._sealed.close()


class RecordStore:
    """The records of an installed set version, read one at a time or in order."""

    def __init__(
        self, path: Path, key: bytes, count: int, liveness: Liveness | None = None
    ) -> None:
        """Open the store; ``liveness`` says which of its records no longer count.

        Raises:
            HashSetError: the file was altered or holds another number of records.
        """
        self._sealed = SealedFile(path, key, KIND)
        self._blocks: OrderedDict[int, Block] = OrderedDict()
        self._liveness = liveness
        try:
            self._starts = self._read_starts()
        except HashSetError:
            self.close()
            raise
        if not self._starts or self._starts[-1] != count:
            self.close()
            msg = f"the library's file {path.name} does not hold the {count} records it should"
            raise HashSetError(msg)

    def _read_starts(self) -> array[int]:
        if not len(self._sealed):
            return array("Q")
        packed = self._sealed.chunk(len(self._sealed) - 1)
        return array("Q", struct.unpack(f"<{len(packed) // 8}Q", packed))

    def __len__(self) -> int:
        return self._starts[-1]

    def __getitem__(self, number: int) -> StoredRecord:
        """Give a record by its number.

        Raises:
            IndexError: there is no such number.
            HashSetError: the file was altered.
        """
        block, row = self._find(number)
        return self._of(block.record(row), number, block.file)

    def _of(self, record: HashRecord, number: int, file: int) -> StoredRecord:
        if self._liveness is None:
            return _stored(record, number, file)
        live, parts = self._liveness.of(number, record.parts)
        return _stored(replace(record, parts=parts), number, file, live=live)

    def digests(self, number: int) -> tuple[Digest, ...]:
        """Give the digests of a record alone, which is faster; raises as reading it does."""
        block, row = self._find(number)
        return tuple(
            Digest(Algorithm(name), value)
            for name, value in block.values(row)
            if name in blocks.ALGORITHMS
        )

    def __iter__(self) -> Iterator[StoredRecord]:
        """Read all records in order, a block at a time."""
        for first, block in self.blocks():
            for number, record in enumerate(block.records(), first):
                yield self._of(record, number, block.file)

    def live(self) -> Iterator[HashRecord]:
        """Read the records that count, in order; their places are their numbers from 1."""
        for first, block in self.blocks():
            for record in block.records(first + 1):
                if self._liveness is None:
                    yield record
                    continue
                counts, parts = self._liveness.of(record.place - 1, record.parts)
                if counts:
                    yield record if parts == record.parts else replace(record, parts=parts)

    def blocks(self) -> Iterator[tuple[int, Block]]:
        """Open all blocks in order, each with the number of its first record."""
        for at in range(len(self._starts) - 1):
            yield self._starts[at], self._open(at)

    def _find(self, number: int) -> tuple[Block, int]:
        if not 0 <= number < len(self):
            msg = f"there is no record {number}; the set holds {len(self)}"
            raise IndexError(msg)
        at = bisect_right(self._starts, number) - 1
        block = self._blocks.get(at)
        if block is None:
            block = self._blocks[at] = self._open(at)
            if len(self._blocks) > KEPT_BLOCKS:
                self._blocks.popitem(last=False)
        else:
            self._blocks.move_to_end(at)
        return block, number - self._starts[at]

    def _open(self, at: int) -> Block:
        return Block(self._sealed.chunk(at))

    def close(self) -> None:
        """Let go of the file and forget what was read."""
        self._blocks.clear()
        self._sealed.close()
