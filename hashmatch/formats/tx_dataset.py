"""Datasets of python-threatexchange: a table without a header, in files ``simple.<TYPE>.te``.

Columns are the value, an id, the time it was added and labels; one program puts an id of its own
behind the value. Only the file's name says which hash it holds, so that the operator states it.

Source: Meta, ThreatExchange/python-threatexchange and hasher-matcher-actioner.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.errors import HashSetError
from hashmatch.formats.gathering import Gathering, each, requiring_records
from hashmatch.formats.hash_text import BY_TYPE, Kind
from hashmatch.formats.interface import TYPES, Certainty
from hashmatch.formats.text import TextLines, opening_lines
from hashmatch.model.records import Dropped, Loss

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.model.records import Json, ListEvent

_ROW = re.compile(
    r'"?[0-9A-Za-z+/=]{28,}"?(,"?[0-9]+"?){1,2},"?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:?\d\d"?,.*'
)


@dataclass(frozen=True, slots=True)
class TxDataset:
    """Reads datasets of one type."""

    name: str = "tx-dataset"
    title: str = "python-threatexchange dataset (simple.<TYPE>.te)"
    has_categories: bool = False
    certainty: Certainty = Certainty.LINES
    takes: tuple[str, ...] = ("type",)

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise rows by their id and time."""
        lines = opening_lines(head)[:50]
        return bool(lines) and all(_ROW.fullmatch(line) for line in lines)

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read the table.

        Raises:
            HashSetError: nobody says which hash it holds, or no row has one.
        """
        lines = TextLines(stream, options)
        if options.algorithm is None:
            msg = (
                "only the name of such a file says which hash it holds, and a name is no proof;"
                f" state it with --type, one of {', '.join(TYPES)}"
            )
            raise HashSetError(msg)
        row = partial(_row, kind=BY_TYPE[options.algorithm])
        otherwise = "no row has such a hash; check --format and --type"
        yield from requiring_records(each(lines, row), otherwise)
        yield lines.facts()


def _row(place: int, line: str, kind: Kind) -> Iterator[ListEvent]:
    if not line.strip():
        return
    try:
        cells = next(csv.reader([line.strip()], strict=True))
    except csv.Error:
        cells = []
    if len(cells) not in {4, 5}:
        yield Dropped(place, Loss.MALFORMED)
        return
    value, *ids, added, labels = cells
    gathering = Gathering()
    if value.strip():
        gathering.take(kind, value)
    fields: dict[str, Json] = {"added_on": added, "labels": list(labels.split())}
    if len(ids) > 1:
        fields["indicator_id"] = ids[0]
    fields["first_descriptor_id"] = ids[-1]
    yield from gathering.events(place, fields, entry=ids[0] or None)


FORMAT = TxDataset()
