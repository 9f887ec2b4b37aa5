"""Records that very many different files are near to: little content, an error, or true copies."""

from __future__ import annotations

import json
from array import array
from typing import TYPE_CHECKING, cast

import numpy as np

from hashmatch.model.noted import Flood, Floods

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from hashmatch.model.records import Json

LIMIT = 20
"""Different files that may be near one record before it is named."""

NAMED = 100
"""Records that are named; the others are counted."""

_CHUNK = 1_000_000
_EXACT = b'"near":null'
_SET_SHIFT = 40  # records of a set number far fewer than 2 ** 40


def find(hits: Path) -> Floods:
    """Read ``hits.jsonl`` and find the records that agree with too many different files.

    Time grows little faster than the number of lines. Memory: at most 120 bytes for each pair of
    a record and a file that is near to it, while they are sorted.
    """
    sets: dict[str, int] = {}
    pairs, gathered = _none(), array("Q")
    for line in _near(hits):
        number = sets.setdefault(str(line["set_version"]), len(sets))
        record = number << _SET_SHIFT | int(str(line["record"]))
        gathered.extend((record, int(str(line["sha256"])[:16], 16)))
        # As many as are kept already: else each of them would be sorted again for every chunk.
        if len(gathered) >= max(2 * _CHUNK, pairs.size):
            pairs, gathered = _different(pairs, gathered), array("Q")
    records, files = np.unique(_different(pairs, gathered)[:, 0], return_counts=True)
    many = files > LIMIT
    found = sorted(zip((-files[many]).tolist(), records[many].tolist(), strict=True))
    named = {record: -files for files, record in found[:NAMED]}
    return Floods(LIMIT, len(found), tuple(_named(hits, sets, named)))


def _named(hits: Path, sets: dict[str, int], files: dict[int, int]) -> Iterator[Flood]:
    """Give what the lines of these records say of them, most files first."""
    lines: dict[int, dict[str, Json]] = {}
    for line in _near(hits) if files else ():
        record = sets[str(line["set_version"])] << _SET_SHIFT | int(str(line["record"]))
        if record in files:
            lines.setdefault(record, line)
    for record, number in files.items():
        line = lines[record]
        entry, near = line["entry"], cast("dict[str, int | None]", line["near"])
        listed = near["list_quality"]
        yield Flood(
            set_name=str(line["set"]),
            set_version=str(line["set_version"]),
            record=record & ((1 << _SET_SHIFT) - 1),
            entry=None if entry is None else str(entry),
            files=number,
            quality=cast("int", near["quality"] if listed is None else listed),
        )


def _near(hits: Path) -> Iterator[dict[str, Json]]:
    with hits.open("rb") as lines:
        for text in lines:
            if _EXACT not in text:  # in canonical form a name cannot hold these bytes
                yield json.loads(text)


def _none() -> NDArray[np.uint64]:
    return np.empty((0, 2), np.uint64)


def _different(pairs: NDArray[np.uint64], gathered: array[int]) -> NDArray[np.uint64]:
    """Give all pairs once each, sorted by record, then by file."""
    more = np.frombuffer(gathered, np.uint64).reshape(-1, 2) if gathered else _none()
    every = np.concatenate([pairs, more])
    every = every[np.lexsort((every[:, 1], every[:, 0]))]
    new = np.ones(len(every), bool)
    new[1:] = (every[1:] != every[:-1]).any(axis=1)
    return every[new]
