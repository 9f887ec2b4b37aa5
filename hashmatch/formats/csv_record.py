"""One row of a table, made into a record with its losses."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

from hashmatch.errors import HashSetError
from hashmatch.formats.gathering import Gathering
from hashmatch.formats.hash_text import BY_TYPE, PDQ, kind_named
from hashmatch.formats.thumbnails import row_without_thumbnails
from hashmatch.model.hashes import Method
from hashmatch.model.records import Loss

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hashmatch.formats.csv_columns import Columns
    from hashmatch.formats.hash_text import Kind
    from hashmatch.model.records import ListEvent

_HEX = frozenset(string.hexdigits)
_HASH_LENGTHS = frozenset(2 * kind.size for kind in BY_TYPE.values())


def read_row(place: int, cells: Sequence[str], columns: Columns) -> Iterator[ListEvent]:
    """Give the record of a row that has a cell for each column; nothing when all are blank."""
    if not any(map(str.strip, cells)):
        return iter(())
    gathering = Gathering()
    roles = columns.roles
    for index, kind in columns.hashes:
        text = cells[index]
        if text and not text.isspace():
            quality = None
            if kind.target is Method.PDQ and "quality" in roles:
                quality = _quality(cells[roles["quality"]], gathering)
            gathering.take(kind, text, quality)
    if columns.named is not None:
        _take_named(cells[columns.named[0]], cells[columns.named[1]], gathering)
    return gathering.events(
        place,
        row_without_thumbnails(columns.names, cells),
        entry=_code(cells, roles.get("entry")),
        category=_code(cells, roles.get("category")),
        size=gathering.size(cells[roles["size"]]) if "size" in roles else None,
    )


def unread(place: int, cells: Sequence[str], columns: Columns) -> Iterator[str]:
    """Name the columns that seem to hold hashes and are not read.

    Raises:
        HashSetError: one may hold a PDQ or a SHA-256; the wrong guess would never hit.
    """
    for index in columns.unnamed:
        text = cells[index].strip()
        if len(text) not in _HASH_LENGTHS or not _HEX.issuperset(text):
            continue
        if len(text) == 2 * PDQ.size:
            msg = (
                f"line {place}, column {index + 1}: 64 hexadecimal digits under a name that says"
                " neither SHA-256 nor PDQ; say which columns to take with --map"
            )
            raise HashSetError(msg)
        yield columns.names[index]


def _take_named(name: str, text: str, gathering: Gathering) -> None:
    kind: Kind | None = kind_named(name)
    if kind is None:
        gathering.lose(Loss.UNKNOWN_ALGORITHM)
    elif text.strip():
        gathering.take(kind, text)


def _quality(text: str, gathering: Gathering) -> int | None:
    text = text.strip()
    if text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= 100:
        return int(text)
    if text:
        gathering.lose(Loss.BAD_VALUE)
    return None


def _code(cells: Sequence[str], index: int | None) -> str | None:
    """Give a cell exactly as written; an empty one says nothing."""
    return (cells[index] if cells[index].strip() else None) if index is not None else None
