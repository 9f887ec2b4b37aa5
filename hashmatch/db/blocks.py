"""A block of records as bytes: hash values raw, everything else as compressed JSON text.

Layout: lengths (uint32) of head and values; head, JSON; values, those of one record after the
other; zlib of the text. The text has one line for each record, or for a batch one line for each
column. Where a text repeats a hash of its own record, as most lists do, a mark stands for it:
two control characters, which JSON text never holds, for the spelling and the place of the hash.
"""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING, Any, TypeAlias

from hashmatch.db import columns
from hashmatch.db.marks import marked, unmarked
from hashmatch.errors import HashSetError
from hashmatch.model.hashes import Algorithm, Digest, Method, PerceptualHash
from hashmatch.model.records import HashRecord

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hashmatch.model.records import RecordBatch

Shape: TypeAlias = tuple[str, ...]
"""Algorithms and methods of a record's hashes, in order."""

_LENGTHS = struct.Struct("<II")
_LEVEL = 1
_SIZES: dict[str, int] = {one.value: one.size for one in (*Algorithm, *Method)}
ALGORITHMS = frozenset(one.value for one in Algorithm)
_BESIDE = 6  # columns before those of the list

# ASCII on purpose: even an unpaired surrogate of a careless list comes back as it was.
to_json = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


class Lines:
    """Records that gather to a block, none of which needs to be like another."""

    def __init__(self) -> None:
        self._shapes: dict[Shape, int] = {}
        self._which: list[int] = []
        self._values: list[bytes] = []
        self._lines: list[str] = []
        self.size = 0
        """Characters of the texts."""

    def __len__(self) -> int:
        return len(self._which)

    def add(self, record: HashRecord, file: int) -> None:
        """Take a record of one file.

        Raises:
            HashSetError: a field is a number that JSON does not know (not-a-number, infinity).
        """
        own: list[bytes] = []
        kinds: list[str] = []
        for digest in record.digests:
            own.append(digest.value)
            kinds.append(digest.algorithm)
        for hashed in record.perceptual:
            own.append(hashed.value)
            kinds.append(hashed.method)
        text = marked(_line(record, file), own)
        shapes = self._shapes
        self._which.append(shapes.setdefault(tuple(kinds), len(shapes)))
        self._values += own
        self._lines.append(text)
        self.size += len(text)

    def block(self, file: int) -> bytes:
        """Lay the records out."""
        which, shapes = self._which, self._shapes
        rows = which if len(shapes) > 1 else len(which)
        head = {"file": file, "shapes": [*shapes], "rows": rows}
        return _joined(head, b"".join(self._values), self._lines)


def _line(record: HashRecord, file: int) -> str:
    asides = _asides(record) if record.perceptual else None
    line: list[object] = [record.place, record.entry, record.category, record.size, record.fields]
    if record.other or record.flags or record.parts or record.updated is not None or asides:
        line += [record.other, record.flags, record.parts, record.updated, asides]
    try:
        return to_json(line)
    except ValueError:
        msg = f"record {record.place} of file {file + 1} holds a number that cannot be stored"
        raise HashSetError(msg) from None


def _asides(record: HashRecord) -> list[list[object]] | None:
    """What stands beside the values of perceptual hashes."""
    asides: list[list[object]] = [[one.quality, one.at] for one in record.perceptual]
    return asides if any(aside != [None, None] for aside in asides) else None


def of_batch(batch: RecordBatch, file: int) -> bytes:
    """Lay out a batch column by column; far faster and smaller than its single records."""
    shape = [one.value for one in batch.digests]
    width = sum(one.size for one in batch.digests)
    count = len(batch)
    values = bytearray(width * count)
    hexes: dict[str, dict[str, object]] = {}
    at = 0
    for number, (one, column) in enumerate(batch.digests.items()):
        _spread(values, column, at, width, one.size)
        at += one.size
        digits = column.hex()
        hexes.setdefault(digits, {"lower": number})
        hexes.setdefault(digits.upper(), {"upper": number})
    said = (batch.places, batch.entries, batch.categories, batch.sizes, batch.flags, batch.parts)
    texts = columns.say([*said, *batch.columns.values()], hexes)
    head = {"file": file, "shapes": [shape], "rows": count, "columns": [*batch.columns]}
    return _joined(head, bytes(values), [to_json(one) for one in texts])


def _spread(values: bytearray, column: bytes, at: int, width: int, size: int) -> None:
    """Write a column of hashes between those of the other columns."""
    for byte in range(size):
        values[at + byte :: width] = column[byte::size]


def _joined(head: dict[str, Any], values: bytes, lines: Sequence[str]) -> bytes:
    said = to_json(head).encode("ascii")
    text = zlib.compress("\n".join(lines).encode("ascii"), _LEVEL)
    return _LENGTHS.pack(len(said), len(values)) + said + values + text


class Block:
    """A block that was unsealed; it is decoded as far as it is asked."""

    def __init__(self, data: bytes) -> None:
        said, length = _LENGTHS.unpack_from(data)
        start = _LENGTHS.size + said
        head = json.loads(data[_LENGTHS.size : start])
        self.file: int = head["file"]
        self._values = data[start : start + length]
        self._text = data[start + length :]
        self._shapes = [[(name, _SIZES[name]) for name in shape] for shape in head["shapes"]]
        self._names: list[str] | None = head.get("columns")
        rows = head["rows"]
        self._which: list[int] | None = rows if isinstance(rows, list) else None
        self._count = len(rows) if isinstance(rows, list) else rows
        self._lines: list[str] | None = None
        self._cells: list[Sequence[Any]] | None = None
        widths = [sum(size for _, size in shape) for shape in self._shapes]
        self._width = widths[0] if widths else 0
        self._starts = (
            None
            if self._which is None
            else [0, *accumulate(widths[which] for which in self._which)]
        )

    def __len__(self) -> int:
        return self._count

    @property
    def shapes(self) -> list[Shape]:
        """The kinds of hashes that records carry: one entry for all records that carry the same."""
        return [tuple(name for name, _ in shape) for shape in self._shapes]

    def values(self, row: int) -> list[tuple[str, bytes]]:
        """Give the hashes of a record with the names of their kinds."""
        shape = self._shapes[0 if self._which is None else self._which[row]]
        at = row * self._width if self._starts is None else self._starts[row]
        found = []
        for name, size in shape:
            found.append((name, self._values[at : at + size]))
            at += size
        return found

    def record(self, row: int) -> HashRecord:
        """Give one record as it was."""
        hashes = self.values(row)
        if self._names is None:
            return _record(hashes, _decoded(unmarked(self._line(row), [v for _, v in hashes])))
        cells = [column[row] for column in self._columns()]
        return _of_row(_digests(hashes), cells, self._names)

    def records(self, first: int | None = None) -> Iterator[HashRecord]:
        """Give all records, far faster than one by one.

        Args:
            first: the place of the first record, from which places are counted; None for the
                places that the records had.
        """
        if self._names is None:
            for row in range(self._count):
                record = self.record(row)
                yield record if first is None else replace(record, place=first + row)
            return
        kinds = [Algorithm(name) for name, _ in self._shapes[0]]
        hashes = [
            [Digest(kind, value) for value in self._column_of(place)]
            for place, kind in enumerate(kinds)
        ]
        cells = self._columns()
        own = cells if first is None else [range(first, first + self._count), *cells[1:]]
        rows = zip(*own, strict=True)
        for digests, line in zip(zip(*hashes, strict=True), rows, strict=True):
            yield _of_row(digests, line, self._names)

    def _line(self, row: int) -> str:
        if self._lines is None:
            self._lines = zlib.decompress(self._text).decode("ascii").split("\n")
        return self._lines[row]

    def _columns(self) -> list[Sequence[Any]]:
        if self._cells is None:
            self._line(0)
            self._cells = []
            for text in self._lines or ():
                said = _decoded(text)
                self._cells.append(columns.opened(said, self._count, self._cells, self._digits))
        return self._cells

    def _column_of(self, place: int) -> list[bytes]:
        """Give the values of all records at one place of their only shape."""
        shape = self._shapes[0]
        start = sum(size for _, size in shape[:place])
        ends = range(start + shape[place][1], len(self._values) + 1, self._width)
        return [self._values[end - shape[place][1] : end] for end in ends]

    def _digits(self, word: str, place: int) -> list[str]:
        texts = [value.hex() for value in self._column_of(place)]
        return [text.upper() for text in texts] if word == "upper" else texts


def _decoded(text: str) -> Any:  # noqa: ANN401  # JSON
    try:
        return json.loads(text)
    except ValueError:
        msg = "the library holds a record that cannot be read; import the list again, and report "
        msg += "this as a defect of hashmatch"
        raise HashSetError(msg) from None


def _of_row(digests: tuple[Digest, ...], cells: Sequence[Any], names: list[str]) -> HashRecord:
    place, entry, category, size, flags, parts = cells[:_BESIDE]
    return HashRecord(
        place,
        digests,
        (),
        entry,
        category,
        size,
        (),
        dict(zip(names, cells[_BESIDE:], strict=True)),
        flags or {},
        tuple(parts or ()),
    )


def _digests(hashes: Sequence[tuple[str, bytes]]) -> tuple[Digest, ...]:
    return tuple([Digest(Algorithm(k), v) for k, v in hashes if k in ALGORITHMS])


def _record(hashes: Sequence[tuple[str, bytes]], line: list[Any]) -> HashRecord:
    line += [None] * (10 - len(line))
    place, entry, category, size, fields, other, flags, parts, updated, asides = line
    perceptual: tuple[PerceptualHash, ...] = ()
    if len(digests := _digests(hashes)) < len(hashes):
        beside = iter(asides or ())
        values = [(Method(k), v) for k, v in hashes if k not in ALGORITHMS]
        perceptual = tuple([PerceptualHash(k, v, *next(beside, ())) for k, v in values])
    return HashRecord(
        place,
        digests,
        perceptual,
        entry,
        category,
        size,
        tuple(other or ()),
        fields,
        flags or {},
        tuple(parts or ()),
        updated,
    )
