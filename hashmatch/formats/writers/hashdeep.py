"""Write a hashdeep audit file.

A set that was read from such files gets its own columns again. Of any other set only the columns
that all records can fill are written, since the tool expects a value in each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.errors import UsageError
from hashmatch.formats.writers.parts import by_algorithm, count_rest, name_in
from hashmatch.model.hashes import Algorithm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.formats.writers.interface import About, Outgoing, Records, Written

_DIGESTS = {"md5": Algorithm.MD5, "sha1": Algorithm.SHA1, "sha256": Algorithm.SHA256}
_WRITTEN = frozenset({"size", "name"})
_CARRIED = ("tiger", "whirlpool")


@dataclass(frozen=True, slots=True)
class HashdeepWriter:
    """Writes hashdeep audit files."""

    name: str = "hashdeep"
    title: str = "hashdeep audit file"
    reader: str = "hashdeep"
    chosen: bool = False

    def write(self, records: Records, about: About, told: Written) -> Iterator[bytes]:
        """Write every record that has one of the columns.

        Raises:
            UsageError: no hash that the tool knows is in every record.
        """
        original = about.origin == "hashdeep"
        columns = _columns(records, union=original)
        if not columns:
            msg = "no MD5, SHA-1 or SHA-256 is in every record; write the set as csv instead"
            raise UsageError(msg)
        yield f"%%%% HASHDEEP-1.0\n%%%% size,{','.join(columns)},filename\n".encode()
        for one in records():
            row = _row(one, columns, told, original=original)
            if row is None:
                told.left_out["no hash that hashdeep knows"] += 1
            else:
                told.records += 1
                yield row


def _cells(one: Outgoing) -> dict[str, str]:
    """Give the cells of a record by column."""
    digests = {digest.algorithm: digest.hex for digest in reversed(one.record.digests)}
    cells = {name: digests[kind] for name, kind in _DIGESTS.items() if kind in digests}
    return cells | _carried(one)


def _carried(one: Outgoing) -> dict[str, str]:
    """Give the cells of hashes that are only stored."""
    found = {}
    for name in _CARRIED:
        text = one.record.fields.get(name)
        if isinstance(text, str) and text:
            found[name] = text
    return found


def _columns(records: Records, *, union: bool) -> list[str]:
    found: set[str] | None = None
    for one in records():
        cells = {str(digest.algorithm) for digest in one.record.digests} | _carried(one).keys()
        found = cells if found is None else (found | cells if union else found & cells)
    return [name for name in (*_DIGESTS, *_CARRIED) if name in (found or ())]


def _row(one: Outgoing, columns: list[str], told: Written, *, original: bool) -> bytes | None:
    record, cells = one.record, _cells(one)
    texts = [cells.get(column, "") for column in columns]
    if not any(texts):
        return None
    size = record.size
    if size is None and not original:
        told.values["size (0 was written)"] += 1
        size = 0
    name = name_in(record.fields)
    if name is None and not original:
        told.values["name (empty)"] += 1
    elif name is not None and "\n" in name:
        told.values["name with a line break (empty)"] += 1
        name = None
    _count_others(one, columns, told)
    if not original:
        count_rest(record, told, _WRITTEN)
    words = ["" if size is None else str(size), *texts, name or ""]
    return (",".join(words) + "\n").encode("utf-8", "replace")


def _count_others(one: Outgoing, columns: list[str], told: Written) -> None:
    for algorithm in by_algorithm(one.record, told):
        if algorithm not in columns:
            told.values[str(algorithm)] += 1
    for value in one.record.perceptual:
        told.values[str(value.method)] += 1


WRITER = HashdeepWriter()
