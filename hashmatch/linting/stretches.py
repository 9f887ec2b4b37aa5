"""Events of any format made into stretches of columns, with a bounded number of records each."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, cast

import numpy as np

from hashmatch.errors import HashSetError
from hashmatch.formats.thumbnails import names_picture
from hashmatch.linting.stretch import Cells, Hashes, Stretch
from hashmatch.model.records import (
    Dropped,
    HashRecord,
    ListFacts,
    MembershipFilter,
    RecordBatch,
    Withdrawn,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from hashmatch.linting.stretch import Kind
    from hashmatch.model.hashes import Digest, PerceptualHash
    from hashmatch.model.records import FastEvent, Json

ROWS = 1 << 14
"""Single records that make a stretch; batches keep the size in which they come."""

_DEEPEST = 64


class Stretches:
    """Makes stretches of events; what a list says about itself is gathered beside them.

    ``filters`` counts Bloom filters, whose values nobody can look into.
    """

    def __init__(self) -> None:
        self.facts: dict[str, str] = {}
        self.filters = 0
        self._gathered = _Gathered()

    def of(self, events: Iterable[FastEvent]) -> Iterator[Stretch]:
        """Yield all records, losses and withdrawals, in order within each stretch.

        Raises:
            HashSetError: the list breaks off; everything before was yielded.
        """
        try:
            for event in events:
                yield from self._take(event)
        except HashSetError:
            # What was read before a list broke off is looked at too.
            if self._gathered.anything:
                yield self._flush()
            raise
        if self._gathered.anything:
            yield self._flush()

    def _take(self, event: FastEvent) -> Iterator[Stretch]:
        if isinstance(event, RecordBatch):
            if len(event):
                yield _of_batch(event)
        elif isinstance(event, ListFacts | MembershipFilter):
            self._state(event)
        else:
            self._gathered.take(event)
            if self._gathered.full:
                yield self._flush()

    def _state(self, event: ListFacts | MembershipFilter) -> None:
        if isinstance(event, ListFacts):
            self.facts.update(event.facts)
            return
        self.filters += 1
        for _ in event.blocks:  # read to the end, so that a broken one is noticed
            pass

    def _flush(self) -> Stretch:
        gathered, self._gathered = self._gathered, _Gathered()
        return gathered.stretch()


def entry_number(entry: str | None) -> int:
    """Give a number to tell entries apart within one run; 0 for none."""
    return 0 if entry is None else (hash(entry) & 0xFFFF_FFFF_FFFF_FFFF) or 1


def _entries(entries: Sequence[str | None]) -> NDArray[np.uint64]:
    return np.fromiter(map(entry_number, entries), np.uint64, len(entries))


def _sizes(sizes: Sequence[int | None]) -> NDArray[np.int64]:
    try:
        return np.array(sizes, np.int64)
    except TypeError:  # one is None, which a loop over all takes three times as long to see
        return np.array([-1 if one is None else one for one in sizes], np.int64)


def _of_batch(batch: RecordBatch) -> Stretch:
    count = len(batch)
    rows = np.arange(count, dtype=np.int64)
    none = np.zeros(0, np.int16)
    return Stretch(
        places=np.asarray(batch.places, np.int64),
        hashes={
            kind: Hashes(rows, np.frombuffer(values, np.uint8).reshape(count, kind.size), none)
            for kind, values in batch.digests.items()
        },
        categories=batch.categories,
        sizes=None if batch.sizes is None else _sizes(batch.sizes),
        entries=None if batch.entries is None else _entries(batch.entries),
        cells={name: found for name, one in batch.columns.items() if (found := _texts(rows, one))},
    )


def _texts(rows: NDArray[np.int64], cells: Sequence[Json]) -> Cells | None:
    try:
        return Cells.of(rows, cast("Sequence[str]", cells))
    except TypeError:  # some are no texts; joining them is the fastest way to know
        texts = [cell for cell in cells if isinstance(cell, str)]
        rows = rows[[isinstance(cell, str) for cell in cells]]
        return Cells.of(rows, texts) if texts else None


class _Gathered:
    """Single events on their way into a stretch."""

    def __init__(self) -> None:
        self.records: list[HashRecord] = []
        self.losses: list[Dropped] = []
        self.withdrawn: list[Withdrawn] = []

    @property
    def anything(self) -> bool:
        return bool(self.records or self.losses or self.withdrawn)

    @property
    def full(self) -> bool:
        return max(len(self.records), len(self.losses), len(self.withdrawn)) >= ROWS

    def take(self, event: HashRecord | Dropped | Withdrawn) -> None:
        if isinstance(event, HashRecord):
            self.records.append(event)
        elif isinstance(event, Dropped):
            self.losses.append(event)
        else:
            self.withdrawn.append(event)

    def stretch(self) -> Stretch:
        records = self.records
        categories = [one.category for one in records]
        return Stretch(
            places=np.fromiter((one.place for one in records), np.int64, len(records)),
            hashes=_hashes(records),
            categories=categories if any(one is not None for one in categories) else None,
            sizes=_sizes([one.size for one in records]),
            entries=_entries([one.entry for one in records]),
            cells=_cells(records),
            settled=np.fromiter((one.updated is not None for one in records), bool, len(records)),
            losses=tuple(self.losses),
            withdrawn=tuple(self.withdrawn),
            stored_only=np.array(
                [at for at, one in enumerate(records) if one.other], dtype=np.int64
            ),
            regular=False,
            pictures=[one.place for one in records if _is_pictured(one.fields, 0)],
        )


def _hashes(records: Sequence[HashRecord]) -> dict[Kind, Hashes]:
    rows: dict[Kind, list[int]] = {}
    values: dict[Kind, list[bytes]] = {}
    qualities: dict[Kind, list[int]] = {}

    def note(at: int, kind: Kind, one: Digest | PerceptualHash) -> None:
        rows.setdefault(kind, []).append(at)
        values.setdefault(kind, []).append(one.value)

    for at, record in enumerate(records):
        for digest in record.digests:
            note(at, digest.algorithm, digest)
        for hashed in record.perceptual:
            note(at, hashed.method, hashed)
            quality = -1 if hashed.quality is None else hashed.quality
            qualities.setdefault(hashed.method, []).append(quality)
    return {
        kind: Hashes(
            np.array(rows[kind], np.int64),
            np.frombuffer(b"".join(found), np.uint8).reshape(-1, kind.size),
            np.array(qualities.get(kind, ()), np.int16),
        )
        for kind, found in values.items()
    }


def _cells(records: Sequence[HashRecord]) -> dict[str, Cells]:
    rows: dict[str, list[int]] = defaultdict(list)
    texts: dict[str, list[str]] = defaultdict(list)
    for at, record in enumerate(records):
        for key, value in record.fields.items():
            # Most values are texts: they need no walk.
            found = ((key, value),) if isinstance(value, str) else _flat(key, value, 1)
            for name, text in found:
                rows[name].append(at)
                texts[name].append(text)
    return {name: Cells.of(np.array(rows[name], np.int64), some) for name, some in texts.items()}


_DESCRIPTION = frozenset({"sha256", "length"})
"""What ``formats.thumbnails`` puts in the place of an embedded picture."""


def _is_pictured(value: object, depth: int) -> bool:
    """Tell whether a record held an embedded picture, however deep it stood."""
    if depth >= _DEEPEST:
        return False
    if isinstance(value, list):
        return any(_is_pictured(inner, depth + 1) for inner in value)
    if not isinstance(value, dict):
        return False
    return any(
        isinstance(inner, dict | list)
        and (
            (names_picture(key[:64]) and isinstance(inner, dict) and inner.keys() == _DESCRIPTION)
            or _is_pictured(inner, depth + 1)
        )
        for key, inner in value.items()
    )


def _flat(name: str, value: object, depth: int) -> Iterator[tuple[str, str]]:
    """Yield every text with the name of its own key, however deep it stands."""
    if isinstance(value, str):
        yield name, value
    elif depth < _DEEPEST:
        if isinstance(value, dict):
            for key, inner in value.items():
                yield from _flat(str(key), inner, depth + 1)
        elif isinstance(value, list):
            for inner in value:
                yield from _flat(name, inner, depth + 1)
