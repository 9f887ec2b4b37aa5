"""A table, read as a mapping profile says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.errors import HashSetError
from hashmatch.formats import csv_columns
from hashmatch.formats.csv_columns import Columns
from hashmatch.formats.csv_table import Table
from hashmatch.formats.gathering import Gathering
from hashmatch.formats.hash_text import BY_TYPE, plain_name
from hashmatch.model.records import Dropped, HashRecord

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.formats.mapping import MappingProfile
    from hashmatch.model.records import ListEvent


def read_table(
    stream: BinaryIO, options: ReadOptions, profile: MappingProfile
) -> Iterator[ListEvent]:
    """Read the table row by row.

    Raises:
        HashSetError: the table lacks a column that the profile names.
    """
    understood = _Understood(profile)
    stated = replace(options, delimiter=profile.delimiter, columns={})
    table = Table(stream, stated, understood.columns, header=profile.header)
    yield from _completed(table.opening(), understood)
    yield from _completed(table.single_rows(), understood)
    yield from table.facts()


def _completed(events: Iterator[ListEvent], understood: _Understood) -> Iterator[ListEvent]:
    for event in events:
        if isinstance(event, HashRecord):
            yield from understood.completed(event)
        else:
            yield event


class _Understood:
    """What a profile says about the columns of one table."""

    def __init__(self, profile: MappingProfile) -> None:
        self._profile = profile
        self._flags: dict[str, str] = {}
        self._carried: dict[str, str] = {}

    def columns(self, cells: Sequence[str], *, header: bool) -> Columns:
        """Find the columns by the first row."""
        profile = self._profile
        names = csv_columns.names_of(cells, header=header)
        where = _Located(cells)
        roles = where.present(profile.optional)
        roles.update(where.all_of(profile.columns))
        hashes = [(roles.pop(role), kind) for role, kind in BY_TYPE.items() if role in roles]
        if profile.named_hashes:
            named = csv_columns.named_hashes(cells)
            hashes += [one for one in named if one[0] not in {index for index, _ in hashes}]
        if not hashes:
            msg = "the table has no hash column that the mapping profile names; check --mapping"
            raise HashSetError(msg)
        self._flags = {one: names[at] for one, at in where.present(profile.flags).items()}
        self._carried = {one: names[at] for one, at in where.present(profile.carried).items()}
        return Columns(names, tuple(hashes), None, roles, ())

    def completed(self, record: HashRecord) -> Iterator[ListEvent]:
        """Add what the profile says beyond the roles of columns."""
        gathering = Gathering()
        flags: dict[str, bool] = {}
        for name, column in self._flags.items():
            said = str(record.fields[column]).strip()
            gathering.flag(name, self._profile.words.get(said.lower(), said), flags)
        for reason in gathering.losses:
            yield Dropped(record.place, reason, whole=False)
        carried = [one for one, column in self._carried.items() if record.fields[column]]
        yield replace(
            record,
            category=self._profile.code(record.category),
            flags=flags,
            other=(*record.other, *(one for one in carried if one not in record.other)),
        )


class _Located:
    """Finds columns by header or number."""

    def __init__(self, cells: Sequence[str]) -> None:
        self._cells = cells
        self._words = {plain_name(cell): at for at, cell in reversed(list(enumerate(cells)))}

    def present(self, columns: Mapping[str, str]) -> dict[str, int]:
        found = {role: self._at(column) for role, column in columns.items()}
        return {role: at for role, at in found.items() if at is not None}

    def all_of(self, columns: Mapping[str, str]) -> dict[str, int]:
        found = self.present(columns)
        for role in columns:
            if role not in found:
                msg = (
                    f"the table has no column for {role} where the mapping profile says; it has"
                    f" {len(self._cells)} columns; check --mapping"
                )
                raise HashSetError(msg)
        return found

    def _at(self, column: str) -> int | None:
        if (at := self._words.get(plain_name(column))) is not None:
            return at
        if column.isascii() and column.isdigit() and 0 < int(column) <= len(self._cells):
            return int(column) - 1
        return None
