"""Write a table for IPED's hash database: hashes, a set name, and one of its three words.

Its words are ``known`` for benign files, ``alert`` for what an examiner must see, ``pedo`` for
illegal material. What a list leaves undecided gets no word.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.formats.writers.csv import row_of
from hashmatch.formats.writers.parts import by_algorithm, by_method, count_rest
from hashmatch.formats.writers.photodna import encoded
from hashmatch.model.hashes import Algorithm, Method
from hashmatch.model.hits import Disposition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.formats.writers.interface import About, Records, Written

_COLUMNS = {
    Algorithm.MD5: "MD5",
    Algorithm.SHA1: "SHA-1",
    Algorithm.SHA256: "SHA-256",
    Algorithm.SHA512: "SHA-512",
    Algorithm.ED2K: "EDONKEY",
}
STATUS = {
    Disposition.ILLEGAL: "pedo",
    Disposition.BASELINE: "pedo",
    Disposition.SUSPECTED: "alert",
    Disposition.EXPLOITATIVE: "alert",
    Disposition.CGI: "alert",
    Disposition.REPORTED: "alert",
    Disposition.NCII: "alert",
    Disposition.OTHER_NOTABLE: "alert",
    Disposition.BENIGN: "known",
    Disposition.COMPARISON: "",
    Disposition.UNCATEGORIZED: "",
    Disposition.RETRACTED: "",
}
"""IPED's word for each meaning; empty where it has none."""


@dataclass(frozen=True, slots=True)
class IpedWriter:
    """Writes tables for IPED."""

    name: str = "iped"
    title: str = "table for IPED's hash database"
    reader: str = "csv"
    chosen: bool = False

    def write(self, records: Records, about: About, told: Written) -> Iterator[bytes]:
        """Write every record that has a hash which IPED compares."""
        yield row_of((*_COLUMNS.values(), "photoDna", "category", "set", "status"))
        for one in records():
            digests = by_algorithm(one.record, told)
            cells = [digests[kind].hex if kind in digests else "" for kind in _COLUMNS]
            if not any(cells):
                told.left_out["no hash that IPED compares"] += 1
                continue
            told.records += 1
            for kind in digests.keys() - _COLUMNS.keys():
                told.values[str(kind)] += 1
            perceptual = by_method(one.record, told)
            photodna = perceptual.pop(Method.PHOTODNA, None)
            for method in perceptual:
                told.values[str(method)] += 1
            count_rest(one.record, told, ("category",))
            shown = encoded(photodna.value) if photodna is not None else ""
            category = one.record.category or ""
            yield row_of((*cells, shown, category, about.name, STATUS[one.disposition]))


WRITER = IpedWriter()
