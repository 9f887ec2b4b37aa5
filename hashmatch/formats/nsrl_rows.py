"""Rows of the NSRL's databases made into records: those that follow one another with one content.

Rows are looked at as columns, a chunk at a time. Where a chunk holds anything that is not as it
should be, its rows are read one by one.
"""

from __future__ import annotations

from binascii import Error as NotHex
from binascii import unhexlify
from dataclasses import replace
from functools import lru_cache
from itertools import groupby, islice, pairwise
from operator import itemgetter, ne
from typing import TYPE_CHECKING, Any, TypeAlias

from hashmatch.formats.sqlite_values import Taken
from hashmatch.model.hashes import Algorithm, Digest
from hashmatch.model.records import HashRecord, RecordBatch

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

    from hashmatch.model.records import FastEvent, Json, ListEvent

Row: TypeAlias = "tuple[Any, ...]"
"""SHA-256, SHA-1, MD5, file name, size, package; texts as bytes."""
_Columns: TypeAlias = "list[tuple[Any, ...]]"

_ALGORITHMS = (Algorithm.SHA256, Algorithm.SHA1, Algorithm.MD5)
_ROWS = 1 << 11
_GROUP = 1 << 14  # rows of one record; more of them, or longer ones, make a second one
_LONGEST = 1 << 24


def chunks(answer: sqlite3.Cursor) -> Iterator[list[Row]]:
    """Give the rows in chunks that end where a content ends."""
    rows: list[Row] = []
    while more := answer.fetchmany(_ROWS):
        rows += more
        last, cut = rows[-1][:3], len(rows)
        while cut and rows[cut - 1][:3] == last:
            cut -= 1
        if not cut and (len(rows) >= _GROUP or _length(rows) > _LONGEST):
            cut = min(len(rows), _GROUP)
        if cut:
            yield rows[:cut]
            del rows[:cut]
    if rows:
        yield rows


def _length(rows: list[Row]) -> int:
    return sum(len(cell) for row in rows for cell in row if isinstance(cell, bytes))


def events_of(place: int, rows: list[Row]) -> Iterator[FastEvent]:
    """Give batches of the records of a chunk, and what is odd one by one.

    Args:
        place: the number of the first row.
        rows: at least one.
    """
    columns = list(zip(*rows, strict=True))
    if not _is_even(columns):
        yield from one_by_one(place, rows)
        return
    starts = _starts(columns)
    if len(starts) == len(rows):
        yield _batch(place, range(len(rows)), columns)
        return
    groups = list(pairwise([*starts, len(rows)]))
    alone = [start for start, end in groups if end - start == 1]
    if alone:
        yield _batch(place, alone, columns)
    several = [(start, end) for start, end in groups if end - start > 1]
    even = [group for group in several if len(set(columns[4][slice(*group)])) == 1]
    if even:
        yield _batch_of_several(place, even, columns)
    for start, end in sorted({*several}.difference(even)):
        yield from one_by_one(place + start, rows[start:end])


def _is_even(columns: _Columns) -> bool:
    """Tell whether every cell of a chunk is as it should be; digits are looked at as well."""
    sizes, packages = columns[4:]
    if set(map(type, sizes)) != {int} or min(sizes) < 0 or set(map(type, packages)) != {int}:
        return False
    if set(map(type, columns[3])) != {bytes}:
        return False
    for column, algorithm in zip(columns, _ALGORITHMS, strict=False):
        if set(map(type, column)) != {bytes} or set(map(len, column)) != {2 * algorithm.size}:
            return False
        try:
            unhexlify(b"".join(column))
        except NotHex:
            return False
    return True


def _starts(columns: _Columns) -> list[int]:
    """Find the rows at which another content begins."""
    first, *others = columns[:3]
    differs = list(map(ne, first, islice(first, 1, None)))
    if all(differs):
        return list(range(len(first)))
    for column in others:
        again = map(ne, column, islice(column, 1, None))
        differs = [one or two for one, two in zip(differs, again, strict=True)]
    return [0, *(row for row, differ in enumerate(differs, 1) if differ)]


def _batch(
    place: int,
    firsts: Sequence[int],
    columns: _Columns,
    parts: Sequence[tuple[str, ...]] | None = None,
) -> RecordBatch:
    """Make a batch of contents by the first row of each."""
    if len(firsts) == len(columns[0]):
        taken = columns
    else:
        pick = itemgetter(*firsts) if len(firsts) > 1 else lambda column: (column[firsts[0]],)
        taken = list(map(pick, columns))
    return RecordBatch(
        range(place, place + len(firsts)) if taken is columns else [place + row for row in firsts],
        {
            algorithm: unhexlify(b"".join(column))
            for algorithm, column in zip(_ALGORITHMS, taken, strict=False)
        },
        {"file_name": _decoded(taken[3])},
        sizes=taken[4],
        parts=list(map(_alone, taken[5])) if parts is None else parts,
    )


def _decoded(names: Sequence[bytes]) -> list[str]:
    """Decode names, all at once where they are sound."""
    try:
        texts = b"\0".join(names).decode().split("\0")
    except UnicodeDecodeError:
        texts = []
    return texts if len(texts) == len(names) else list(map(_text, names))


def _batch_of_several(
    place: int, groups: Sequence[tuple[int, int]], columns: _Columns
) -> RecordBatch:
    """Make a batch of contents that have several rows each."""
    names, packages = columns[3], columns[5]
    parts = [tuple(map(str, dict.fromkeys(packages[start:end]))) for start, end in groups]
    batch = _batch(place, [start for start, _ in groups], columns, parts)
    counts = [len(set(names[start:end])) for start, end in groups]
    return replace(batch, columns={**batch.columns, "file_names": counts})


@lru_cache(maxsize=1 << 16)
def _alone(package: int) -> tuple[str]:
    return (str(package),)


def one_by_one(place: int, rows: list[Row]) -> Iterator[ListEvent]:
    """Give the records of a chunk in order, and their losses."""
    for hashes, group in groupby(rows, itemgetter(0, 1, 2)):
        own = list(group)
        record = _regular(place, hashes, own)
        if record is not None:
            yield record
        else:
            yield from _irregular(place, hashes, own)
        place += len(own)


def _regular(place: int, hashes: Row, rows: list[Row]) -> HashRecord | None:
    """Make the record of rows that have the same hashes; None where a cell is not as it should."""
    try:
        digests = tuple(map(Digest, _ALGORITHMS, map(unhexlify, hashes)))
    except (NotHex, TypeError, ValueError):
        return None
    _, _, _, name, size, package = rows[0]
    if len(rows) > 1 and {*map(itemgetter(4), rows)} != {size}:
        return None
    if not isinstance(size, int) or size < 0 or not isinstance(package, int):
        return None
    return HashRecord(place, digests, size=size, fields=_fields(name, rows), parts=_parts(rows))


def _irregular(place: int, hashes: Row, rows: list[Row]) -> Iterator[ListEvent]:
    """Read cell by cell, for the losses."""
    taken = Taken()
    for algorithm, value in zip(_ALGORITHMS, hashes, strict=True):
        taken.cell(algorithm, _text(value) if isinstance(value, bytes) else value)
    sizes = {_text(row[4]) for row in rows if row[4] is not None}
    size = taken.size(sizes.pop() if len(sizes) == 1 else "differs") if sizes else None
    for event in taken.events(place, _fields(rows[0][3], rows), size=size):
        yield replace(event, parts=_parts(rows)) if isinstance(event, HashRecord) else event


def _fields(name: object, rows: list[Row]) -> dict[str, Json]:
    fields: dict[str, Json] = {"file_name": _text(name)}
    if len(rows) > 1:
        fields["file_names"] = len({*map(itemgetter(3), rows)})
    return fields


def _parts(rows: list[Row]) -> tuple[str, ...]:
    return tuple(map(_text, dict.fromkeys(map(itemgetter(5), rows))))


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
