"""Write a table in CSV.

A set that was read from tables is written as those cells again, so that nothing is lost; the same
``--map`` and ``--type`` as at its import read it back. Any other set gets fixed columns.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from hashmatch.formats.hash_text import kind_named
from hashmatch.formats.writers.parts import (
    by_algorithm,
    by_method,
    count_measures,
    count_rest,
    flags_text,
    is_text_table,
    name_in,
)
from hashmatch.formats.writers.photodna import encoded
from hashmatch.model.hashes import Algorithm, Method

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hashmatch.formats.writers.interface import About, Outgoing, Records, Written

_METHODS = (Method.PDQ, Method.PHASH, Method.DHASH, Method.AHASH, Method.PHOTODNA)
COLUMNS = (
    *Algorithm,
    *(Method.PDQ, "quality", *_METHODS[1:]),
    *("category", "disposition", "entry", "size", "name", "flags"),
)
"""The columns of a set that did not come from a table."""

_WRITTEN = frozenset({"category", "entry", "size", "name", "flags"})
_AT_ONCE = 256
_NUMBERED = re.compile(r"(.*) \(\d+\)", re.DOTALL)


def row_of(cells: Iterable[str]) -> bytes:
    """Give one row; cells are quoted where they must be."""
    return b"".join(rows_of([cells]))


def rows_of(rows: Iterable[Iterable[str]]) -> Iterator[bytes]:
    """Give rows, many at a time; cells are quoted where they must be."""
    left = iter(rows)
    while some := list(islice(left, _AT_ONCE)):
        text = io.StringIO()
        csv.writer(text, lineterminator="\r\n").writerows(some)
        yield text.getvalue().encode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class CsvWriter:
    """Writes tables."""

    name: str = "csv"
    title: str = "table (CSV)"
    reader: str = "csv"
    chosen: bool = False

    def write(self, records: Records, about: About, told: Written) -> Iterator[bytes]:
        """Write every record that has a hash for which there is a column."""
        names = _original(records) if about.origin == "csv" else None
        if names is None:
            yield row_of(COLUMNS)
            found = (_fixed(one, told) for one in records())
            yield from rows_of(row for row in found if row is not None)
            return
        yield row_of(_header(names))
        yield from rows_of(_cells(one, names, told) for one in records())


def _cells(one: Outgoing, names: list[str], told: Written) -> list[str]:
    told.records += 1
    fields = one.record.fields
    return [str(fields.get(name, "")) for name in names]


def _original(records: Records) -> list[str] | None:
    """Name the columns of the original tables, None where a record has no cells of one."""
    names: dict[str, None] = {}
    for one in records():
        if not is_text_table(one.record.fields):
            return None
        names.update(dict.fromkeys(one.record.fields))
    return list(names)


def _header(names: list[str]) -> list[str]:
    """Give columns their first names back: a second ``md5`` was told apart as ``md5 (4)``."""
    known = set(names)
    found = []
    for name in names:
        match = _NUMBERED.fullmatch(name)
        again = match is not None and match[1] in known and kind_named(match[1]) is not None
        found.append(match[1] if match is not None and again else name)
    return found


def _fixed(one: Outgoing, told: Written) -> list[str] | None:
    record = one.record
    digests, perceptual = by_algorithm(record, told), by_method(record, told)
    cells = {str(kind): digest.hex for kind, digest in digests.items()}
    for method, value in perceptual.items():
        if method in _METHODS:
            raw = value.value
            cells[str(method)] = encoded(raw) if method is Method.PHOTODNA else raw.hex()
        else:
            told.values[str(method)] += 1
    if not cells:
        told.left_out["no hash for which there is a column"] += 1
        return None
    told.records += 1
    count_rest(record, told, _WRITTEN)
    count_measures((one for one in perceptual.values() if one.method in _METHODS), told, Method.PDQ)
    pdq = perceptual.get(Method.PDQ)
    told_about = {
        "quality": pdq.quality if pdq is not None else None,
        "category": record.category,
        "disposition": one.disposition,
        "entry": record.entry,
        "size": record.size,
        "name": name_in(record.fields),
        "flags": flags_text(record.flags),
    }
    cells |= {key: str(value) for key, value in told_about.items() if value is not None}
    return [cells.get(str(column), "") for column in COLUMNS]


WRITER = CsvWriter()
