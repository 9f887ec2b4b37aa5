"""The sealed store of original records: every field of every record, by number.

Each record is one line, a JSON array of its parts in the order of :class:`StoredRecord` without
the number; 32 lines are compressed together and sealed as one chunk.
"""

from __future__ import annotations

import json
import zlib
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hashmatch.db.sealed import SealedFile, SealedWriter
from hashmatch.errors import HashSetError
from hashmatch.model.hashes import Algorithm, Digest, Method, PerceptualHash

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hashmatch.model.records import HashRecord, Json

KIND = b"records"
BLOCK_RECORDS = 32
KEPT_BLOCKS = 64
"""Blocks that stay open in memory, so that neighbours are not unsealed again and again."""

# ASCII on purpose: even an unpaired surrogate of a careless list comes back as it was.
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False).encode


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record as it stands in the library.

    ``number`` counts from 0 inside the set version, ``file`` from 0 through the list's files,
    ``place`` from 1 inside that file. The rest is as in :class:`HashRecord`.
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


def encode(record: HashRecord, file: int) -> str:
    """Write a record as one line of ASCII.

    Raises:
        HashSetError: a field is a number that JSON does not know (not-a-number, infinity).
    """
    line = [
        file,
        record.place,
        [[one.algorithm, one.value.hex()] for one in record.digests],
        [[one.method, one.value.hex(), one.quality, one.at] for one in record.perceptual],
        record.entry,
        record.category,
        record.size,
        record.other,
        record.fields,
        record.flags,
        record.parts,
        record.updated,
    ]
    try:
        return _encode(line)
    except ValueError:
        msg = f"record {record.place} of file {file + 1} holds a number that cannot be stored"
        raise HashSetError(msg) from None


def decode(text: str, number: int) -> StoredRecord:
    """Read back what :func:`encode` wrote."""
    (
        file,
        place,
        digests,
        perceptual,
        entry,
        category,
        size,
        other,
        fields,
        flags,
        parts,
        updated,
    ) = json.loads(text)
    return StoredRecord(
        number=number,
        file=file,
        place=place,
        digests=tuple(Digest(Algorithm(a), bytes.fromhex(v)) for a, v in digests),
        perceptual=tuple(
            PerceptualHash(Method(m), bytes.fromhex(v), *rest) for m, v, *rest in perceptual
        ),
        entry=entry,
        category=category,
        size=size,
        other=tuple(other),
        fields=fields,
        flags=flags,
        parts=tuple(parts),
        updated=updated,
    )


class RecordWriter:
    """Writes the store of a new set version, block by block."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._sealed = SealedWriter(path, key, KIND)
        self._lines: list[str] = []
        self._count = 0

    @property
    def count(self) -> int:
        """Records written so far."""
        return self._count

    def add(self, record: HashRecord, file: int) -> int:
        """Store a record and give its number; raises ``HashSetError`` as :func:`encode`."""
        self._lines.append(encode(record, file))
        number = self._count
        self._count += 1
        if len(self._lines) == BLOCK_RECORDS:
            self._flush()
        return number

    def _flush(self) -> None:
        self._sealed.add(zlib.compress("\n".join(self._lines).encode("ascii"), 1))
        self._lines = []

    def finish(self) -> None:
        """Complete the file on the disk."""
        if self._lines:
            self._flush()
        self._sealed.finish()

    def close(self) -> None:
        """Let go of the file; without :meth:`finish` it stays unreadable."""
        self._sealed.close()


class RecordStore:
    """The records of an installed set version, read one at a time."""

    def __init__(self, path: Path, key: bytes, count: int) -> None:
        self._sealed = SealedFile(path, key, KIND)
        self._blocks: OrderedDict[int, list[str]] = OrderedDict()
        self._count = count
        if len(self._sealed) != -(-count // BLOCK_RECORDS):
            self.close()
            msg = f"the library's file {path.name} does not hold the {count} records it should"
            raise HashSetError(msg)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, number: int) -> StoredRecord:
        """Give a record by its number.

        Raises:
            IndexError: there is no such number.
            HashSetError: the file was altered.
        """
        if not 0 <= number < self._count:
            msg = f"there is no record {number}; the set holds {self._count}"
            raise IndexError(msg)
        block, line = divmod(number, BLOCK_RECORDS)
        return decode(self._lines(block)[line], number)

    def _lines(self, block: int) -> list[str]:
        if block in self._blocks:
            self._blocks.move_to_end(block)
            return self._blocks[block]
        lines = zlib.decompress(self._sealed.chunk(block)).decode("ascii").split("\n")
        self._blocks[block] = lines
        if len(self._blocks) > KEPT_BLOCKS:
            self._blocks.popitem(last=False)
        return lines

    def close(self) -> None:
        """Let go of the file and forget what was read."""
        self._blocks.clear()
        self._sealed.close()
