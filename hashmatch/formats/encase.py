"""EnCase hash sets up to version 6: a header of 1152 bytes, then records of 18 bytes.

The header says how many records follow; a file with fewer or more is refused. Two bytes follow
each MD5 and are kept where they are not zero. The hash libraries of EnCase 7 are another format
and are not read. Source: layout as The Sleuth Kit reads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from hashmatch.errors import HashSetError
from hashmatch.formats.interface import Certainty
from hashmatch.formats.whole_rows import singly
from hashmatch.model.hashes import Algorithm
from hashmatch.model.records import HashRecord, ListFacts, RecordBatch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.model.records import FastEvent, ListEvent

_MAGIC = b"HASH\r\n\xff\x00"
_FIRST = 1152
_RECORD = 18
_AT_ONCE = 1 << 12


@dataclass(frozen=True, slots=True)
class Encase:
    """Reads EnCase hash sets."""

    name: str = "encase"
    title: str = "EnCase hash set (.hash)"
    has_categories: bool = False
    certainty: Certainty = Certainty.MAGIC
    takes: tuple[str, ...] = ()

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise the first eight bytes."""
        return head.startswith(_MAGIC)

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read the list.

        Raises:
            HashSetError: the magic is missing, the list is empty, or its length is not what its
                header says.
        """
        return singly(self.read_batches(stream, options))

    def read_batches(self, stream: BinaryIO, options: ReadOptions) -> Iterator[FastEvent]:
        """Read as :meth:`read`, thousands of records at once."""
        del options  # nothing can be stated about such a file
        header = stream.read(_FIRST)
        if not header.startswith(_MAGIC) or len(header) < _FIRST:
            msg = "the file does not begin as an EnCase hash set does; check --format"
            raise HashSetError(msg)
        count = int.from_bytes(header[16:20], "little")
        yield ListFacts(_facts(header))
        place = 1
        while block := stream.read(_RECORD * _AT_ONCE):
            rows = len(block) // _RECORD
            if len(block) % _RECORD or place + rows - 1 > count:
                raise _mismatch(count)
            yield from _records(place, block, rows)
            place += rows
        if place - 1 != count or not count:
            raise _mismatch(count)


def _facts(header: bytes) -> dict[str, str]:
    name = header[1032:1110].decode("utf-16-le", "replace").partition("\0")[0]
    version = int.from_bytes(header[8:12], "little")
    return {"format_version": str(version), **({"name": name} if name else {})}


def _records(place: int, block: bytes, rows: int) -> Iterator[FastEvent]:
    table = np.frombuffer(block, np.uint8).reshape(rows, _RECORD)
    digests = {Algorithm.MD5: table[:, :16].tobytes()}
    batch = RecordBatch(range(place, place + rows), digests, {})
    tails = table[:, 16:]
    if not tails.any():
        yield batch
        return
    for record, tail in zip(batch.records(), tails, strict=True):
        kept = {"bytes_17_18": tail.tobytes().hex()} if tail.any() else {}
        yield HashRecord(record.place, record.digests, fields=kept)


def _mismatch(count: int) -> HashSetError:
    return HashSetError(
        f"the header says {count} records of {_RECORD} bytes, the file holds something else;"
        " it is cut off, damaged or empty, get a good copy"
    )


FORMAT = Encase()
