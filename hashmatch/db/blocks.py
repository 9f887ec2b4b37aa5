"""A block of records as bytes: hash values raw, everything else as compressed JSON text.

Layout: lengths (uint32) of head and values; head, JSON; values, those of one record after the
other; zlib of the text. The text has one line for each record, or for a batch one line for each
column. Where a text repeats a hash of its own record, as most lists do, a mark stands for it:
a control character, which JSON text never holds, and a letter for the place of the hash.
"""

from __future__ import annotations

import base64
import json
import struct
import zlib
from itertools import accumulate
from typing import TYPE_CHECKING, Any, TypeAlias

from hashmatch.errors import HashSetError
from hashmatch.model.hashes import Algorithm, Digest, Method, PerceptualHash
from hashmatch.model.records import HashRecord

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hashmatch.model.records import RecordBatch

Shape: TypeAlias = tuple[str, ...]
"""Algorithms and methods of a record's hashes, in order."""

_LENGTHS = struct.Struct("<II")
_LEVEL = 1
_SIZES: dict[str, int] = {one.value: one.size for one in (*Algorithm, *Method)}
ALGORITHMS = frozenset(one.value for one in Algorithm)
_LOWER, _UPPER, _BASE64 = "\x01", "\x02", "\x03"
_MARKED = 26  # letters for the first hashes of a record; the text of others stays as it is

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
        text = _marked(_line(record, file), own)
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


def _marked(text: str, values: Sequence[bytes]) -> str:
    for place, value in enumerate(values[:_MARKED]):
        letter, digits = chr(97 + place), value.hex()
        text = text.replace(digits, _LOWER + letter).replace(digits.upper(), _UPPER + letter)
        if len(value) > 64:  # PhotoDNA, whose usual spelling is base64
            text = text.replace(base64.b64encode(value).decode(), _BASE64 + letter)
    return text


def unmarked(text: str, values: Sequence[bytes]) -> str:
    """Put the hashes of a record back into its text."""
    for place, value in enumerate(values[:_MARKED]):
        letter, digits = chr(97 + place), value.hex()
        text = text.replace(_LOWER + letter, digits).replace(_UPPER + letter, digits.upper())
        if len(value) > 64:
            text = text.replace(_BASE64 + letter, base64.b64encode(value).decode())
    return text


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
    columns = [batch.places, batch.entries, batch.categories, batch.sizes, *batch.columns.values()]
    texts: list[object] = []
    for column_at, cells in enumerate(columns):
        same = next((n for n in range(1, column_at) if columns[n] == cells), None)
        texts.append({"as": same} if same is not None else _column(cells, hexes))
    head = {"file": file, "shapes": [shape], "rows": count, "columns": [*batch.columns]}
    return _joined(head, bytes(values), [to_json(one) for one in texts])


def _spread(values: bytearray, column: bytes, at: int, width: int, size: int) -> None:
    """Write a column of hashes between those of the other columns."""
    for byte in range(size):
        values[at + byte :: width] = column[byte::size]


def _column(cells: Sequence[object] | None, hexes: dict[str, dict[str, object]]) -> object:
    """Say the cells of a column as shortly as they allow, exactly."""
    if cells is None:
        return None
    first = cells[0]
    if isinstance(first, int):
        if cells == range(first, first + len(cells)) or list(cells) == list(
            range(first, first + len(cells))
        ):
            return {"from": first}
    elif isinstance(first, str) and len(first) >= 16:
        try:
            joined = "".join(cells)  # type: ignore[arg-type]  # a column may hold None
        except TypeError:
            return list(cells)
        if joined in hexes and len(set(map(len, cells))) == 1:  # type: ignore[arg-type]  # texts
            return hexes[joined]
    if (first is None or isinstance(first, str)) and cells.count(first) == len(cells):
        return {"all": first}
    return list(cells)


def _joined(head: dict[str, Any], values: bytes, lines: Sequence[str]) -> bytes:
    said = to_json(head).encode("ascii")
    text = zlib.compress("\n".join(lines).encode("ascii"), _LEVEL)
    return _LENGTHS.pack(len(said), len(values)) + said + values + text


class _Hex:
    """A column whose cells are a hash of their own record in hexadecimal."""

    def __init__(self, place: int, *, upper: bool) -> None:
        self._place, self._upper = place, upper

    def of(self, hexes: Sequence[str]) -> str:
        """Give a cell, from the hashes of its record."""
        return hexes[self._place].upper() if self._upper else hexes[self._place]


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
        line = self._row(row, [value for _, value in hashes])
        line += [None] * (10 - len(line))
        place, entry, category, size, fields, other, flags, parts, updated, asides = line
        asides = iter(asides or ())
        return HashRecord(
            place=place,
            digests=tuple([Digest(Algorithm(k), v) for k, v in hashes if k in ALGORITHMS]),
            perceptual=tuple(
                [
                    PerceptualHash(Method(k), v, *next(asides, ()))
                    for k, v in hashes
                    if k not in ALGORITHMS
                ]
            ),
            entry=entry,
            category=category,
            size=size,
            other=tuple(other or ()),
            fields=fields,
            flags=flags or {},
            parts=tuple(parts or ()),
            updated=updated,
        )

    def _row(self, row: int, values: Sequence[bytes]) -> list[Any]:
        if self._lines is None:
            self._lines = zlib.decompress(self._text).decode("ascii").split("\n")
        if self._names is None:
            line: list[Any] = json.loads(unmarked(self._lines[row], values))
            return line
        if self._cells is None:
            self._cells = []
            for text in self._lines:
                self._cells.append(self._opened(json.loads(text)))
        hexes = [value.hex() for value in values]
        cells = [
            cells[row] if not isinstance(cells, _Hex) else cells.of(hexes) for cells in self._cells
        ]
        return [*cells[:4], dict(zip(self._names, cells[4:], strict=True))]

    def _opened(self, said: Any) -> Any:  # noqa: ANN401  # JSON
        """Turn what :func:`_column` said into something that gives a cell by its row."""
        if isinstance(said, list):
            return said
        if said is None or "all" in said:
            return [said and said["all"]] * self._count
        if "from" in said:
            return range(said["from"], said["from"] + self._count)
        if "as" in said:
            return self._cells[said["as"]] if self._cells else None
        upper = "upper" in said
        return _Hex(said["upper" if upper else "lower"], upper=upper)
