"""The tables of products, makers and systems that stand beside ``NSRLFile.txt``."""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hashmatch.errors import HashSetError
from hashmatch.formats.csv_rows import Rows
from hashmatch.formats.text import TextLines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hashmatch.formats.interface import ReadOptions

COMPANIONS = ("nsrlprod.txt", "nsrlmfg.txt", "nsrlos.txt")
_HEADERS = {
    "nsrlprod.txt": (
        *("ProductCode", "ProductName", "ProductVersion", "OpSystemCode", "MfgCode", "Language"),
        "ApplicationType",
    ),
    "nsrlmfg.txt": ("MfgCode", "MfgName"),
    "nsrlos.txt": ("OpSystemCode", "OpSystemName", "OpSystemVersion", "MfgCode"),
}
_SHOWN = ("ProductName", "ProductVersion", "ApplicationType", "MfgName", "OpSystemName")


@dataclass(frozen=True, slots=True)
class Products:
    """What is known of each product code: texts by the names of ``_SHOWN``."""

    by_code: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.by_code)

    def columns(self, codes: Sequence[str]) -> dict[str, list[str]]:
        """Give the texts for a column of codes; nothing where no table stands beside the list."""
        if not self.by_code:
            return {}
        unknown = ("",) * len(_SHOWN)
        rows = [self.by_code.get(code, unknown) for code in codes]
        return {name: [row[at] for row in rows] for at, name in enumerate(_SHOWN)}


def read(options: ReadOptions) -> Products:
    """Read the tables among ``options.beside``.

    A product that stands in several rows, one for each language or system, keeps all their texts.

    Raises:
        HashSetError: a table has another header, or a row that does not fit it.
    """
    makers = {row["MfgCode"]: row["MfgName"] for row in _table("nsrlmfg.txt", options)}
    systems = {row["OpSystemCode"]: row["OpSystemName"] for row in _table("nsrlos.txt", options)}
    found: dict[str, tuple[dict[str, None], ...]] = {}
    for row in _table("nsrlprod.txt", options):
        row["MfgName"] = makers.get(row["MfgCode"], "")
        row["OpSystemName"] = systems.get(row["OpSystemCode"], "")
        texts = found.setdefault(row["ProductCode"], tuple({} for _ in _SHOWN))
        for held, name in zip(texts, _SHOWN, strict=True):
            held[row[name]] = None
    return Products(
        {
            code: tuple(" | ".join(text for text in held if text) for held in texts)
            for code, texts in found.items()
        }
    )


def _table(name: str, options: ReadOptions) -> Iterator[dict[str, str]]:
    data = options.beside.get(name)
    if data is None:
        return
    expected = _HEADERS[name]
    begun = False
    lines = TextLines(io.BytesIO(data), replace(options, beside={}))
    for place, cells in Rows(lines, ",", options.maximum_line):
        if cells is None or len(cells) != len(expected):
            msg = f"{name}, line {place}: the row does not fit the header; get a good copy"
            raise HashSetError(msg)
        if begun:
            yield dict(zip(expected, cells, strict=True))
        elif tuple(cell.strip() for cell in cells) != expected:
            msg = f"{name}, line {place} is not its header; expected {','.join(expected)}"
            raise HashSetError(msg)
        begun = True
