"""The hashes of one row, gathered into a record and the losses beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from hashmatch.errors import HashSetError
from hashmatch.formats.hash_text import PHOTODNA, Kind, read_hash
from hashmatch.formats.other_kinds import known
from hashmatch.formats.tri_state import read_flag
from hashmatch.model.hashes import Digest
from hashmatch.model.records import Dropped, HashRecord, Loss

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from hashmatch.model.hashes import PerceptualHash
    from hashmatch.model.records import Json, ListEvent

Part = TypeVar("Part")

_PHOTODNA_TEXT = 4 * PHOTODNA.size // 3
_MOST = 1000
"""Hashes of one record that are kept; no file has so many."""
_LARGEST_SIZE = (1 << 63) - 1


class Gathering:
    """What the values of one row turned out to be.

    The same hash given twice counts once; different values of one algorithm are all kept, up to
    a number that only a made-up list exceeds: what is beyond it is lost.
    """

    __slots__ = ("digests", "losses", "other", "perceptual")

    def __init__(self) -> None:
        self.digests: tuple[Digest, ...] = ()
        self.perceptual: tuple[PerceptualHash, ...] = ()
        self.other: tuple[str, ...] = ()
        self.losses: list[Loss] = []

    def take(self, kind: Kind, text: str, quality: int | None = None) -> None:
        """Read one hash text, which must not be empty."""
        value = read_hash(kind, text, quality)
        if isinstance(value, Digest):
            self.add(value)
        elif isinstance(value, Loss):
            self.losses.append(value)
        elif isinstance(value, Kind):
            self.carry(value.name)
        elif len(self.perceptual) == _MOST:
            self.lose(Loss.BAD_VALUE)
        elif value not in self.perceptual:
            self.perceptual += (value,)

    def add(self, digest: Digest) -> None:
        """Take a digest that was read already."""
        if len(self.digests) == _MOST:
            self.lose(Loss.BAD_VALUE)
        elif digest not in self.digests:
            self.digests += (digest,)

    def take_variant(self, kind: Kind, text: str) -> None:
        """Take a hash as :meth:`take`; a longer PhotoDNA, as vendors have their own, is carried.

        A shorter one was cut off, and is a loss.
        """
        longer = kind is PHOTODNA and len(text) > _PHOTODNA_TEXT
        if longer and read_hash(kind, text) is Loss.WRONG_LENGTH:
            self.carry("photodna-other")
        else:
            self.take(kind, text)

    def flag(self, name: str, value: Json, flags: dict[str, bool]) -> None:
        """Note a statement of yes or no; one that is neither is a loss and stays unknown."""
        try:
            said = read_flag(value)
        except ValueError:
            self.lose(Loss.BAD_VALUE)
        else:
            if said is not None:
                flags[name] = said

    def said(self, value: Json) -> bool:
        """Tell whether a statement says yes; one that is neither yes nor no is a loss."""
        flags: dict[str, bool] = {}
        self.flag("", value, flags)
        return flags.get("", False)

    def carry(self, name: str) -> None:
        """Note a kind of hash that is only stored; a name that nobody knows is left out."""
        name = known(name)
        if name not in self.other:
            self.other += (name,)

    def lose(self, reason: Loss) -> None:
        """Note that a value was lost."""
        self.losses.append(reason)

    def size(self, text: str) -> int | None:
        """Read a file size in bytes; an empty text is none, any other word a loss."""
        text = text.strip()
        if text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= _LARGEST_SIZE:
            return int(text)
        if text:
            self.lose(Loss.BAD_VALUE)
        return None

    def events(
        self,
        place: int,
        fields: Mapping[str, Json],
        *,
        entry: str | None = None,
        category: str | None = None,
        size: int | None = None,
        flags: Mapping[str, bool] | None = None,
    ) -> Iterator[ListEvent]:
        """Give the losses and the record, or one loss of the whole when no hash survived."""
        if not (self.digests or self.perceptual or self.other):
            return iter((Dropped(place, self.losses[0] if self.losses else Loss.NO_HASH),))
        record = HashRecord(
            place,
            self.digests,
            self.perceptual,
            entry,
            category,
            size,
            self.other,
            fields,
            flags or {},
        )
        if not self.losses:
            return iter((record,))
        losses = [Dropped(place, reason, whole=False) for reason in self.losses]
        return iter((*losses, record))


def requiring_records(events: Iterator[ListEvent], otherwise: str) -> Iterator[ListEvent]:
    """Pass events on, and refuse a list that has not a single record.

    Raises:
        HashSetError: no record came; ``otherwise`` says what was found and what to do.
    """
    found = False
    for event in events:
        found = found or isinstance(event, HashRecord)
        yield event
    if not found:
        raise HashSetError(otherwise)


def each(
    numbered: Iterable[tuple[int, Part | None]], read: Callable[[int, Part], Iterator[ListEvent]]
) -> Iterator[ListEvent]:
    """Read the parts of a list one after the other; one that is no such part is a loss.

    Args:
        numbered: places in the list, each with a line or an object, or None where it is neither.
        read: gives the events of one part.
    """
    for place, part in numbered:
        if part is None:
            yield Dropped(place, Loss.MALFORMED)
        else:
            yield from read(place, part)
