"""HashKeeper hash sets: a ``.hsh`` table of files, and a ``.hke`` table of the sets beside it.

The ``.hke`` says which sets are notable; its ``notable_flag`` becomes the category of each record,
exactly as written. Without it no record has a category. Its header has always been misspelled.
Source: the sets that the National Drug Intelligence Center gave out.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from hashmatch.errors import HashSetError
from hashmatch.formats.csv_rows import Rows, split
from hashmatch.formats.gathering import Gathering, requiring_records
from hashmatch.formats.hash_text import MD5
from hashmatch.formats.interface import Certainty
from hashmatch.formats.text import TextLines, opening_lines
from hashmatch.model.records import Dropped, ListFacts, Loss

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.model.records import Json, ListEvent

_Sets: TypeAlias = "dict[str, dict[str, str]]"

_FILES = ("file_id", "hashset_id", "file_name", "directory", "hash", "file_size")
_SETS = ("hashset_id", "name", "vendor", "package", "version")
_SETS_HELD = 100_000


@dataclass(frozen=True, slots=True)
class Hashkeeper:
    """Reads HashKeeper hash sets."""

    name: str = "hashkeeper"
    title: str = "HashKeeper hash set (.hsh, with its .hke beside it)"
    has_categories: bool = True
    certainty: Certainty = Certainty.HEADER
    takes: tuple[str, ...] = ()
    companions: tuple[str, ...] = ("*.hke",)

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise the header line of the table of files."""
        lines = opening_lines(head)
        return bool(lines) and _begins(split(lines[0], ","), _FILES)

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read the list; the fields of a file's set come under ``set_name`` and so on.

        Raises:
            HashSetError: a header is missing, no row has a hash, or two ``.hke`` files describe
                one set differently.
        """
        sets = _sets(options)
        lines = TextLines(stream, options)
        yield from requiring_records(_events(lines, options, sets), "no row has a hash")
        yield ListFacts({"sets": str(len(sets)) if sets else "not described: no .hke beside it"})
        yield lines.facts()


def _events(lines: TextLines, options: ReadOptions, sets: _Sets) -> Iterator[ListEvent]:
    rows = Rows(lines, ",", options.maximum_line)
    columns: list[str] = []
    for place, cells in rows:
        if not columns:
            columns = _header(place, cells, _FILES)
            rows.width = len(columns)
        elif cells is None or len(cells) != len(columns):
            yield Dropped(place, Loss.MALFORMED)
        else:
            yield from _record(place, dict(zip(columns, cells, strict=True)), sets)


def _record(place: int, row: Mapping[str, str], sets: _Sets) -> Iterator[ListEvent]:
    described = sets.get(row["hashset_id"], {})
    gathering = Gathering()
    if text := row["hash"].strip():
        gathering.take(MD5, text)
    fields: dict[str, Json] = {
        **row,
        **{f"set_{name.removeprefix('set_')}": value for name, value in described.items()},
    }
    return gathering.events(
        place,
        fields,
        entry=row["file_id"] or None,
        category=described.get("notable_flag") or None,
        size=gathering.size(row["file_size"]),
    )


def _sets(options: ReadOptions) -> _Sets:
    """Read every ``.hke`` by the number of its sets."""
    found: _Sets = {}
    for name, data in sorted(options.beside.items()):
        if not name.endswith(".hke"):
            continue
        for number, described in _described(name, data, options):
            if found.setdefault(number, described) != described:
                msg = f"{name} describes a set differently than another .hke; keep the right one"
                raise HashSetError(msg)
            if len(found) > _SETS_HELD:
                msg = f"{name} describes more than {_SETS_HELD} sets; split it"
                raise HashSetError(msg)
    return found


def _described(
    name: str, data: bytes, options: ReadOptions
) -> Iterator[tuple[str, dict[str, str]]]:
    lines = TextLines(io.BytesIO(data), replace(options, beside={}))
    columns: list[str] = []
    for place, cells in Rows(lines, ",", options.maximum_line):
        if not columns:
            columns = _header(place, cells, _SETS)
        elif cells is None or len(cells) != len(columns):
            msg = f"{name}, line {place}: the row does not fit the header; get a good copy"
            raise HashSetError(msg)
        else:
            row = dict(zip(columns, cells, strict=True))
            yield row.pop("hashset_id"), row


def _header(place: int, cells: list[str] | None, expected: tuple[str, ...]) -> list[str]:
    if cells is None or not _begins(cells, expected):
        words = ",".join(expected)
        msg = f"line {place} is not the header of a HashKeeper file; expected '{words},...'"
        raise HashSetError(msg)
    return [cell.strip().lower() for cell in cells]


def _begins(cells: list[str] | None, expected: tuple[str, ...]) -> bool:
    return cells is not None and [one.strip().lower() for one in cells[: len(expected)]] == [
        *expected
    ]


FORMAT = Hashkeeper()
