"""Which old records new ones replace, and to which they add their parts.

A record is never replaced by one that says less: every hash, entry and category of the old one
must stand in the new one. Otherwise both stay, because a hash that is left out is a missed hit,
and one that stands twice is not.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hashmatch.db.records import StoredRecord

Hash: TypeAlias = tuple[str, bytes]
_Saying: TypeAlias = "tuple[frozenset[Hash], frozenset[str], bool]"


def hashes(record: StoredRecord) -> frozenset[Hash]:
    """Give all hashes of a record."""
    digests = [(one.algorithm.value, one.value) for one in record.digests]
    return frozenset(digests + [(one.method.value, one.value) for one in record.perceptual])


@dataclass(slots=True)
class Addition:
    """New records that state parts of the same: their numbers and parts."""

    hashes: frozenset[Hash]
    other: frozenset[str]
    entry: str | None
    category: str | None
    members: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)

    def fits(self, old: StoredRecord, own: frozenset[Hash]) -> bool:
        """Tell whether the old record says everything that these say, but the parts."""
        return (
            self.hashes <= own
            and self.other.issubset(old.other)
            and self.entry in {None, old.entry}
            and self.category in {None, old.category}
        )


class Newer:
    """Some new records, asked for each old one.

    Records that say the same are looked at once, and only those that share the rarest hash of
    the other: lists repeat one hash a thousand times.
    """

    def __init__(self, records: Sequence[StoredRecord]) -> None:
        self._saying: dict[tuple[str | None, Hash], dict[_Saying, None]] = {}
        additions: dict[object, Addition] = {}
        for record in records:
            own, other = hashes(record), frozenset(record.other)
            saying = (own, other, record.category is not None)
            for entry in {None, record.entry}:
                for one in own:
                    self._saying.setdefault((entry, one), {})[saying] = None
            if record.parts:
                key = (own, other, record.entry, record.category)
                addition = additions.setdefault(key, Addition(*key))
                addition.members.append((record.number, record.parts))
        self._additions: dict[Hash, list[Addition]] = {}
        times = Counter(one for addition in additions.values() for one in addition.hashes)
        for addition in additions.values():
            if addition.hashes:
                rarest = min(addition.hashes, key=times.__getitem__)
                self._additions.setdefault(rarest, []).append(addition)

    def replace(self, old: StoredRecord) -> bool:
        """Tell whether one of them replaces an old record; never one with another entry."""
        own = hashes(old)
        if old.parts or not own:
            return False
        shared = [self._saying.get((old.entry, one), {}) for one in own]
        return any(
            own <= said and other.issuperset(old.other) and (coded or old.category is None)
            for said, other, coded in min(shared, key=len)
        )

    def added_to(self, old: StoredRecord) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Give the records whose parts go to an old one; each is given once only."""
        if not old.parts:
            return
        own = hashes(old)
        for one in own:
            for addition in self._additions.get(one, ()):
                if addition.members and addition.fits(old, own):
                    yield from addition.members
                    addition.members.clear()
