"""Media objects of a VICS document that are alike, made into batches of records.

Objects gather; those that have the same keys and hashes of the same lengths become one batch.
Whatever is not regular is read as every other object is, one at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from hashmatch.formats.gathering import Gathering
from hashmatch.formats.vics_media import code_of, keys_of, read_media
from hashmatch.model.hashes import Algorithm
from hashmatch.model.records import RecordBatch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hashmatch.formats.vics_media import Keys
    from hashmatch.model.records import FastEvent, Json

_Media: TypeAlias = "tuple[int, dict[str, Json]]"
_Column: TypeAlias = "Sequence[Json]"

GATHERED = 1 << 10
_NONE = type(None)
_SURELY_A_SIZE = 18
"""A number of so many digits is below 2**63."""


class Batching:
    """Gathers objects that hold no other object; gives their events when there are enough."""

    def __init__(self) -> None:
        self._gathered: list[_Media] = []

    def add(self, place: int, media: dict[str, Json]) -> Iterator[FastEvent]:
        """Take one object, which is flat and short."""
        self._gathered.append((place, media))
        return self.flush() if len(self._gathered) == GATHERED else iter(())

    def flush(self) -> Iterator[FastEvent]:
        """Give the events of everything gathered: batches, then what is odd in order."""
        gathered, self._gathered = self._gathered, []
        groups: dict[tuple[str, ...], list[_Media]] = {}
        for one in gathered:
            groups.setdefault(tuple(one[1]), []).append(one)
        odd: list[_Media] = []
        for names, rows in groups.items():
            keys = keys_of(names)
            if not _is_regular(keys):
                odd += rows
                continue
            for pattern, alike in _patterns(keys, rows).items():
                batch = _batch(keys, pattern, alike)
                if batch is None:
                    odd += alike
                else:
                    yield batch
        for place, media in sorted(odd, key=lambda one: one[0]):
            yield from read_media(place, media, flat=True)


def _is_regular(keys: Keys) -> bool:
    """Tell whether there are hashes, and each key has one meaning that is read as a column."""
    roles = [role for _, role in (*keys.codes, *keys.flags)]
    targets = [kind.target for _, kind in keys.hashes if isinstance(kind.target, Algorithm)]
    twice = len({*roles}) < len(roles) or len({*targets}) < len(targets)
    return bool(keys.hashes) and not (keys.alternatives or keys.pictured or twice)


def _patterns(keys: Keys, rows: list[_Media]) -> dict[tuple[int, ...], list[_Media]]:
    """Group rows by the lengths of their hashes: 0 for none, -1 for what is no text."""
    measures = [
        [
            len(value) if isinstance(value := media[key], str) else -(value is not None)
            for _, media in rows
        ]
        for key, _ in keys.hashes
    ]
    patterns = list(zip(*measures, strict=True))
    if len(set(patterns)) == 1:
        return {patterns[0]: rows}
    groups: dict[tuple[int, ...], list[_Media]] = {}
    for pattern, row in zip(patterns, rows, strict=False):
        groups.setdefault(pattern, []).append(row)
    return groups


def _batch(keys: Keys, pattern: tuple[int, ...], rows: list[_Media]) -> RecordBatch | None:
    """Make a batch; None where a value is not as all others are."""
    places, medias = zip(*rows, strict=True)
    names = list(medias[0])
    columns: dict[str, _Column] = dict(
        zip(names, zip(*(one.values() for one in medias), strict=True), strict=True)
    )
    digests = _digests(keys, pattern, columns)
    told = {role: columns[key] for key, role in keys.codes}
    entries = _codes(told["entry"]) if "entry" in told else None
    categories = _codes(told["category"]) if "category" in told else None
    sizes = _sizes(told["size"]) if "size" in told else None
    flags = _flags([(flag, columns[key]) for key, flag in keys.flags])
    failed = any(
        stated is not None and found is None
        for stated, found in zip(
            (told.get("entry"), told.get("category"), told.get("size"), keys.flags or None),
            (entries, categories, sizes, flags),
            strict=True,
        )
    )
    if not digests or failed:
        return None
    return RecordBatch(places, digests, columns, entries, categories, sizes, flags)


def _digests(
    keys: Keys, pattern: tuple[int, ...], columns: Mapping[str, _Column]
) -> dict[Algorithm, bytes] | None:
    """Read the columns of hashes; None where something else than digits is among them."""
    found: dict[Algorithm, bytes] = {}
    for (key, kind), length in zip(keys.hashes, pattern, strict=True):
        if not length:
            continue
        if not isinstance(kind.target, Algorithm) or length != 2 * kind.size:
            return None
        column = [value for value in columns[key] if isinstance(value, str)]  # all are
        try:
            values = bytes.fromhex("".join(column))
        except ValueError:
            return None
        # Blanks between digits are passed over, and make the column too short.
        if len(values) != kind.size * len(column):
            return None
        found[kind.target] = values
    return found


def _codes(column: _Column) -> Sequence[str | None] | None:
    """Give codes as written; None where one is neither number nor text."""
    kinds = set(map(type, column))
    if kinds == {int}:
        return list(map(str, column))
    if not kinds <= {int, float, str, _NONE}:
        return None
    gathering = Gathering()
    return [code_of(value, gathering) for value in column]


def _sizes(column: _Column) -> Sequence[int | None] | None:
    """Read sizes; None where one is something else."""
    numbers = [value for value in column if type(value) is int]
    if len(numbers) == len(column):
        return numbers if min(numbers) >= 0 else None
    texts = [None if value is None else str(value).strip() for value in column]
    if any(text and not _is_size(text) for text in texts):
        return None
    return [int(text) if text else None for text in texts]


def _is_size(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _SURELY_A_SIZE


def _flags(columns: list[tuple[str, _Column]]) -> list[Mapping[str, bool]] | None:
    """Read statements of yes or no; None where one is neither."""
    if not columns:
        return None
    if any(len(set(map(type, column)) - {_NONE}) > 1 for _, column in columns):
        return None  # equal values of different types need not mean the same
    rows = list(zip(*(column for _, column in columns), strict=True))
    known: dict[tuple[Json, ...], Mapping[str, bool]] = {}
    gathering = Gathering()
    for row in dict.fromkeys(rows):
        flags: dict[str, bool] = {}
        for (name, _), value in zip(columns, row, strict=True):
            gathering.flag(name, value, flags)
        known[row] = flags
    return None if gathering.losses else [known[row] for row in rows]
