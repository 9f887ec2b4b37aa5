"""INTERPOL's ICSE hash export: a table with semicolons whose free texts are not quoted.

A text may hold semicolons, so that a row has cells too many. Such a row is read from both ends:
the columns before the texts and those behind them must hold what belongs there, else the row is
lost. Column order and further columns are free; those whose values are not publicly described
(``ZZ40``, ``LACE``) are kept as they stand. The category is what the column ``Baseline`` says,
``baseline`` or ``not-baseline``. Source: a public reader of these exports and its issue reports.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.errors import HashSetError
from hashmatch.formats.csv_batches import without_ends
from hashmatch.formats.csv_columns import unique_names
from hashmatch.formats.gathering import Gathering
from hashmatch.formats.hash_text import PHOTODNA, kind_named, plain_name, read_hash
from hashmatch.formats.interface import Certainty
from hashmatch.formats.text import TextLines, opening_lines
from hashmatch.formats.thumbnails import row_without_thumbnails
from hashmatch.formats.tri_state import is_flag
from hashmatch.model.records import Dropped, ListFacts, Loss

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.model.records import ListEvent

_DELIMITER = ";"
_REQUIRED = frozenset({"md5", "sha1", "imageid", "baseline"})
_FLAGS = {
    "isdistributed": "is_distributed",
    "victimidentified": "victim_identified",
    "offenderidentified": "offender_identified",
    "fileavailable": "file_available",
    "baseline": "baseline",
}
_NUMBERS = ("numberofsubmissions", "imageid")
_TEXTS = ("seriesname", "investigationname", "agency")
_OPAQUE = ("zz40", "lace")
_CATEGORIES = {True: "baseline", False: "not-baseline", None: None}


@dataclass(frozen=True, slots=True)
class Icse:
    """Reads ICSE exports."""

    name: str = "icse"
    title: str = "INTERPOL ICSE export (CSV)"
    has_categories: bool = True
    certainty: Certainty = Certainty.HEADER
    takes: tuple[str, ...] = ()

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise a first line with the columns MD5, SHA1, Image ID and Baseline."""
        lines = opening_lines(head)
        return bool(lines) and _is_header(lines[0])

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read the export.

        Raises:
            HashSetError: the first line is not the header of such an export.
        """
        lines = TextLines(stream, options)
        numbered = ((place, line) for place, line in lines if line is None or line.strip())
        place, header = next(numbered, (1, None))
        if header is None or not _is_header(header):
            msg = (
                f"line {place} is not the header of an ICSE export; expected MD5, SHA1, Image ID"
                " and Baseline between semicolons; a translated header needs --format csv --map"
            )
            raise HashSetError(msg)
        table = _Table(header)
        yield ListFacts({"columns": ", ".join(table.names)})
        for number, line in numbered:
            yield from table.row(number, line)
        yield lines.facts()


def _is_header(line: str) -> bool:
    return _REQUIRED.issubset(map(plain_name, _cells(line)))


def _cells(line: str) -> list[str]:
    return [cell.strip().strip('"') for cell in line.split(_DELIMITER)]


class _Table:
    """The columns of one export."""

    def __init__(self, header: str) -> None:
        self.names = unique_names(_cells(header))
        self._words = [plain_name(name) for name in self.names]
        texts = [at for at, word in enumerate(self._words) if word in _TEXTS]
        self._texts = slice(min(texts), max(texts) + 1) if texts else None

    def row(self, place: int, line: str | None) -> Iterator[ListEvent]:
        """Give the record of a row, or one loss where its cells cannot be told apart."""
        cells = line.split(_DELIMITER) if line is not None else []
        if len(cells) > len(self.names) and self._texts is not None:
            before, behind = self._texts.start, len(cells) - len(self.names) + self._texts.stop
            text = _DELIMITER.join(cells[before:behind])
            joined = [*cells[:before], text, *cells[behind:]]
            words = self._without_texts(self._words, "")
            if all(map(_belongs, words, joined)):
                name = _DELIMITER.join(self.names[self._texts])
                return self._record(place, joined, words, self._without_texts(self.names, name))
        if len(without_ends(cells, len(self.names))) == len(self.names):
            return self._record(place, cells, self._words, self.names)
        return iter((Dropped(place, Loss.MALFORMED),))

    def _without_texts(self, names: Sequence[str], instead: str) -> list[str]:
        found = [*names]
        found[self._texts or slice(0)] = [instead]
        return found

    def _record(
        self, place: int, cells: Sequence[str], words: Sequence[str], names: Sequence[str]
    ) -> Iterator[ListEvent]:
        gathering = Gathering()
        flags: dict[str, bool] = {}
        entry = None
        for word, cell in zip(words, cells, strict=True):
            if not cell or cell.isspace():
                continue
            if (kind := kind_named(word)) is not None:
                gathering.take_variant(kind, cell)
            elif word in _OPAQUE:
                gathering.carry(word)
            elif word == "imageid":
                entry = cell.strip()
            elif word in _FLAGS:
                gathering.flag(_FLAGS[word], cell, flags)
        return gathering.events(
            place,
            row_without_thumbnails(tuple(names), cells),
            entry=entry,
            category=_CATEGORIES[flags.get("baseline")],
            flags=flags,
        )


def _belongs(word: str, cell: str) -> bool:
    """Tell whether a cell is what its column holds; a column without a known form takes any."""
    cell = cell.strip()
    if not cell:
        return True
    if word in _NUMBERS:
        return cell.isascii() and cell.isdigit()
    if word in _FLAGS:
        return is_flag(cell)
    kind = kind_named(word)
    return kind is None or kind is PHOTODNA or not isinstance(read_hash(kind, cell), Loss)


FORMAT = Icse()
