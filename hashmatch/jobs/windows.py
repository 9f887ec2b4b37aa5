"""In which order entries are read: as they lie on the medium, inside a window of the listing.

Results leave in the order of the listing whatever the order of reading is. A window is bounded by
entries and by bytes, so that neither memory nor what a kill costs grows with the evidence.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hashmatch.model.evidence import Item

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hashmatch.jobs.packing import PackedMember, Result
    from hashmatch.model.outcomes import Failed, Reading, Skipped

BATCH_ITEMS = 256
BATCH_BYTES = 4 << 20
"""Small enough that no worker waits long for the last one of a run."""
BATCH_NAMES = 32 << 10
"""Bytes of paths in a batch; a pipe takes them without anybody reading at its other end."""

Numbered = tuple[int, "Item | Failed | Skipped"]
Read = tuple[int, "Item | None", "Reading | Failed | Skipped", "Sequence[PackedMember]"]
"""Number of the source, the item, what came of it, and its members as they were packed."""


@dataclass(frozen=True, slots=True)
class Span:
    """How far the order of reading may depart from the listing: entries, and bytes of content."""

    entries: int = 8192
    bytes: int = 128 << 20


SPAN = Span()
"""What a kill may cost is about one such span, and a cold disk wants many entries to sort."""


@dataclass(slots=True)
class Window:
    """Entries in their order, and what is known of each; items are what is sent out.

    ``weight`` is roughly how many bytes the members take that are kept here.
    """

    entries: list[Numbered]
    results: list[Result | None] = field(init=False)
    given: int = 0
    """So many entries have left; those before it are done with."""
    weight: int = 0
    _inside: dict[int, tuple[list[PackedMember], int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.results = [None] * len(self.entries)

    def item(self, place: int) -> Item:
        """The item at a place that was sent out."""
        entry = self.entries[place][1]
        if not isinstance(entry, Item):
            raise TypeError(place)
        return entry

    def put(self, place: int, result: Result, inside: list[PackedMember], weight: int) -> None:
        """Keep what came of an item until its turn.

        Args:
            place: where it is.
            result: what came of the item.
            inside: its members.
            weight: roughly how many bytes those take.
        """
        self.results[place] = result
        if inside:
            self._inside[place] = inside, weight
            self.weight += weight

    def ready(self) -> int:
        """Count the entries that can leave now, in their order."""
        at = self.given
        while at < len(self.entries) and (
            self.results[at] is not None or not isinstance(self.entries[at][1], Item)
        ):
            at += 1
        return at - self.given

    def take(self, count: int) -> list[Read]:
        """Let the next entries leave; nothing of them is kept."""
        reads: list[Read] = []
        for place in range(self.given, self.given + count):
            source, entry = self.entries[place]
            result = self.results[place]
            self.results[place] = None
            if isinstance(entry, Item):
                if result is None:
                    raise ValueError(place)
                inside, weight = self._inside.pop(place, ((), 0))
                self.weight -= weight
                reads.append((source, entry, result, inside))
            else:
                reads.append((source, None, entry, ()))
        self.given += count
        return reads

    def batches(self) -> Iterator[tuple[int, ...]]:
        """Split the places of all items into what one worker is given at a time.

        Items that are larger than a batch come first and each alone: none of them is begun when
        everything else is done. The others follow by device and number of the file, which is
        about the order in which they lie on a disk.
        """
        large: list[tuple[int, int]] = []
        small: list[tuple[tuple[int, int], int, int, int]] = []
        for at, (_, entry) in enumerate(self.entries):
            if isinstance(entry, Item):
                if entry.size > BATCH_BYTES:
                    large.append((-entry.size, at))
                else:
                    small.append((entry.identity, at, entry.size, len(entry.path)))
        yield from ((at,) for _, at in sorted(large))
        group: list[int] = []
        size = names = 0
        for _, at, more, name in sorted(small):
            size += more
            names += name
            if group and (len(group) >= BATCH_ITEMS or size > BATCH_BYTES or names > BATCH_NAMES):
                yield tuple(group)
                group, size, names = [], more, name
            group.append(at)
        if group:
            yield tuple(group)


def windows(entries: Iterable[Numbered], span: Span) -> Iterator[Window]:
    """Cut a listing into windows; one holds at least one entry."""
    group: list[Numbered] = []
    size = 0
    for numbered in entries:
        entry = numbered[1]
        group.append(numbered)
        size += entry.size if isinstance(entry, Item) else 0
        if len(group) >= span.entries or size >= span.bytes:
            yield Window(group)
            group, size = [], 0
    if group:
        yield Window(group)
