"""NSRL Reference Data Set as text: ``NSRLFile.txt`` of version 2, and of version 1.5.

Known files, not harmless ones: the special code ``M`` means malicious, ``S`` special, and becomes
the category. Quotes inside file names are not doubled, so rows are taken apart from both ends.
CRC-32 and MD4 are kept in the fields and never compared (the MD4 column is mostly zeros). With
``NSRLProd.txt`` and its relatives beside it, each record names its product. Source: NIST, "Data
Formats of the NSRL Reference Data Set Distribution".
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from hashmatch.errors import HashSetError
from hashmatch.formats import both_ends, nsrl_products
from hashmatch.formats.gathering import Gathering
from hashmatch.formats.hash_text import MD5, SHA1
from hashmatch.formats.interface import Certainty
from hashmatch.formats.text import TextLines, opening_lines
from hashmatch.formats.whole_rows import in_batches, requiring_any, singly, whole
from hashmatch.model.hashes import Algorithm
from hashmatch.model.records import Dropped, ListFacts, Loss, RecordBatch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.formats.nsrl_products import Products
    from hashmatch.model.records import FastEvent, ListEvent

_Line: TypeAlias = tuple[int, "str | None"]

_HEADERS = {
    "2": "SHA-1,MD5,CRC32,FileName,FileSize,ProductCode,OpSystemCode,SpecialCode",
    "1.5": "SHA-1,FileName,FileSize,ProductCode,OpSystemCode,MD4,MD5,CRC32,SpecialCode",
}
_VERSIONS = {header.lower(): version for version, header in _HEADERS.items()}


@dataclass(frozen=True, slots=True)
class NsrlText:
    """Reads the NSRL's text files."""

    name: str = "nsrl-text"
    title: str = "NSRL RDS 2 text (NSRLFile.txt)"
    has_categories: bool = True
    certainty: Certainty = Certainty.HEADER
    takes: tuple[str, ...] = ()
    companions: tuple[str, ...] = nsrl_products.COMPANIONS

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise the header line of either version."""
        lines = opening_lines(head)
        return bool(lines) and _version(lines[0]) is not None

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read the list.

        Raises:
            HashSetError: the header is missing, no row has a hash, or a companion is malformed.
        """
        return singly(self.read_batches(stream, options))

    def read_batches(self, stream: BinaryIO, options: ReadOptions) -> Iterator[FastEvent]:
        """Read as :meth:`read`, many rows at once."""
        lines = TextLines(stream, options)
        numbered = iter(lines)
        version = _version(next(numbered, (1, None))[1] or "")
        if version is None:
            msg = 'line 1 is not the header of an NSRL file; expected \'"SHA-1","MD5",...\''
            raise HashSetError(msg)
        products = nsrl_products.read(options)
        table = _Table.of(version, products)
        yield ListFacts({"format_version": version, "not_compared": table.not_compared})
        yield ListFacts({"products": str(len(products)) if products else "not described"})
        events = in_batches(numbered, table.regular, partial(_line, table=table))
        yield from requiring_any(events, "no row below the header has a hash")
        yield lines.facts()


def _version(line: str) -> str | None:
    return _VERSIONS.get(line.strip().replace('"', "").lower())


@dataclass(frozen=True, slots=True)
class _Table:
    """The columns of one version, and the products."""

    columns: tuple[str, ...]
    name: int
    products: Products

    @classmethod
    def of(cls, version: str, products: Products) -> _Table:
        columns = tuple(_HEADERS[version].split(","))
        return cls(columns, columns.index("FileName"), products)

    @property
    def not_compared(self) -> str:
        """The hashes that are only kept."""
        return ", ".join(column for column in self.columns if column in {"CRC32", "MD4"})

    def cut(self, line: str) -> list[str] | None:
        """Take a row apart, with the quotes that its cells have."""
        return both_ends.split(line, self.name, len(self.columns) - self.name - 1)

    def split(self, line: str) -> list[str] | None:
        """Take a row apart and its quotes off.

        Where no numbers follow the name the row was cut off, and its cells would be taken for
        others: None.
        """
        cells = self.cut(line)
        if cells is None:
            return None
        cells = [both_ends.unquoted(cell) for cell in cells]
        return cells if _are_numbers(cells[self.name + 1 : self.name + 3]) else None

    def regular(self, rows: Sequence[_Line]) -> RecordBatch | None:
        """Give rows as a batch; None unless each has both hashes, a size and a product."""
        split = [self.cut(line or "") for _, line in rows]
        whole_rows = [cells for cells in split if cells is not None]
        if len(whole_rows) != len(rows):
            return None
        columns = map(both_ends.all_unquoted, zip(*whole_rows, strict=True))
        cells = dict(zip(self.columns, columns, strict=True))
        if not (_are_numbers(cells["FileSize"]) and _are_numbers(cells["ProductCode"])):
            return None
        sha1, md5 = whole(SHA1, cells.pop("SHA-1")), whole(MD5, cells.pop("MD5"))
        if sha1 is None or md5 is None:
            return None
        return RecordBatch(
            [place for place, _ in rows],
            {Algorithm.SHA1: sha1, Algorithm.MD5: md5},
            {**cells, **self.products.columns(cells["ProductCode"])},
            categories=[code or None for code in cells["SpecialCode"]],
            sizes=[*map(int, cells["FileSize"])],
        )


def _line(numbered: _Line, table: _Table) -> Iterator[ListEvent]:
    place, line = numbered
    if line is not None and not line.strip():
        return iter(())
    cells = table.split(line) if line is not None else None
    if cells is None:
        return iter([Dropped(place, Loss.MALFORMED)])
    return _row(place, dict(zip(table.columns, cells, strict=True)), table.products)


def _row(place: int, fields: Mapping[str, str], products: Products) -> Iterator[ListEvent]:
    gathering = Gathering()
    for kind, column in ((SHA1, "SHA-1"), (MD5, "MD5")):
        if text := fields[column].strip():
            gathering.take(kind, text)
    described = products.columns([fields["ProductCode"]])
    kept = {name: text for name, text in fields.items() if name not in {"SHA-1", "MD5"}}
    return gathering.events(
        place,
        {**kept, **{name: texts[0] for name, texts in described.items()}},
        category=fields["SpecialCode"] or None,
        size=gathering.size(fields["FileSize"]),
    )


def _are_numbers(texts: Sequence[str]) -> bool:
    joined = "".join(texts)
    lengths = {*map(len, texts)}
    return joined.isascii() and joined.isdigit() and min(lengths) > 0 and max(lengths) < 19


FORMAT = NsrlText()
