"""What changed between two versions of a set: records added, removed, or said otherwise.

Records that say the same in both are told apart by a keyed digest of all that they say, eight
bytes each; only the others are looked at one by one. A record that stands twice counts twice.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from hashmatch.errors import UsageError
from hashmatch.jobs.compare_partners import Partners

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from hashmatch.db.installed import InstalledSet
    from hashmatch.db.library import Library
    from hashmatch.db.manifest import Manifest
    from hashmatch.db.records import StoredRecord
    from hashmatch.model.records import HashRecord

_KEY_BYTES = 32
_ANOTHER = np.uint64(0x9E3779B97F4A7C15)  # odd: the n-th of equal records gets a key of its own
_ALSO = ("entry", "size", "other", "flags", "parts", "updated", "fields")
_encode = json.JSONEncoder(sort_keys=True, default=dict).encode


@dataclass(frozen=True, slots=True)
class Change:
    """A record of the older version, of the newer one, or of both and what differs.

    ``what`` names what differs where both are there: ``category``, ``disposition``, ``digests``,
    ``perceptual``, or another attribute of a record.
    """

    old: StoredRecord | None
    new: StoredRecord | None
    what: tuple[str, ...] = ()

    @property
    def word(self) -> str:
        """Say ``added``, ``removed`` or ``changed``."""
        if self.old is None:
            return "added"
        return "removed" if self.new is None else "changed"


@dataclass(slots=True)
class Difference:
    """Counts of records; ``what`` counts the changed ones by what differs, maybe several times."""

    same: int = 0
    added: int = 0
    removed: int = 0
    changed: int = 0
    what: Counter[str] = field(default_factory=Counter)

    @property
    def none(self) -> bool:
        """Whether both versions say the same."""
        return not (self.added or self.removed or self.changed)

    def note(self, change: Change) -> None:
        """Count one change."""
        setattr(self, change.word, getattr(self, change.word) + 1)
        self.what.update(change.what)


def versions(library: Library, old: str, new: str | None) -> tuple[Manifest, Manifest]:
    """Find the two versions; one name alone means it against the version before it.

    Raises:
        UsageError: there is no such set, or no version before it.
    """
    first = library.find(old)
    if new is not None:
        return first, library.find(new)
    if first.supersedes is None:
        msg = f"the set {first.name} has no version before {first.version} to compare with"
        raise UsageError(msg)
    return library.manifest(first.supersedes), first


def check_shown(old: Manifest, new: Manifest, *, despite_handling: bool) -> None:
    """Refuse to show digests where that would be an export without a record of it.

    Raises:
        UsageError: two different sets, or a set with a handling marking that was not allowed.
    """
    if old.name != new.name:
        msg = (
            f"{old.name} and {new.name} are different sets, whose digests a comparison does not "
            "show; write them with 'hashmatch library export', which is recorded"
        )
        raise UsageError(msg)
    marking = new.stated.handling or old.stated.handling
    if marking and not despite_handling:
        msg = (
            f"the set {new.name} carries the handling marking {marking!r}; if that allows to show "
            "its digests, say --despite-handling"
        )
        raise UsageError(msg)


def compare(
    library: Library, old: Manifest, new: Manifest, tell: Callable[[Change], None] | None = None
) -> Difference:
    """Compare two versions.

    Args:
        library: holds both.
        old: the older version.
        new: the newer version.
        tell: called with every record that was added, removed or changed.

    Raises:
        HashSetError: a version was purged, or is not the one that was installed.
    """
    with library.open_set(old.version) as before, library.open_set(new.version) as after:
        pair = _Pair(before, after, library.key.derive("compare"))
        difference = Difference(same=pair.same)
        for change in pair.changes():
            difference.note(change)
            if tell is not None:
                tell(change)
    return difference


class _Pair:
    """Two opened versions, and which of their records differ."""

    def __init__(self, old: InstalledSet, new: InstalledSet, key: bytes) -> None:
        self._old, self._new = old, new
        old_keys, old_live = _said(old, key)
        new_keys, new_live = _said(new, key)
        old_known = np.isin(old_keys, new_keys[new_live])
        new_known = np.isin(new_keys, old_keys[old_live])
        self.same = int((new_live & new_known).sum())
        self._new_only = np.flatnonzero(new_live & ~new_known)
        self._open = old_live & ~old_known
        """Records of the older version that nothing was found for yet."""

    def changes(self) -> Iterator[Change]:
        """Give what is new or changed in the order of the new version, then what is gone."""
        new = map(self._new.record, self._new_only.tolist())
        for record, number in Partners(self._old, self._open).pairs(new):
            if number is None:
                yield Change(None, record)
            else:
                before = self._old.record(number)
                yield Change(before, record, tuple(self._differing(before, record)))
        for number in np.flatnonzero(self._open).tolist():
            yield Change(self._old.record(number), None)

    def _differing(self, old: StoredRecord, new: StoredRecord) -> Iterator[str]:
        if old.category != new.category:
            yield "category"
        if self._old.manifest.disposition(old.category) != self._new.manifest.disposition(
            new.category
        ):
            yield "disposition"
        if set(old.digests) != set(new.digests):
            yield "digests"
        if set(old.perceptual) != set(new.perceptual):
            yield "perceptual"
        for name in _ALSO:
            if getattr(old, name) != getattr(new, name):
                yield name


def _said(installed: InstalledSet, key: bytes) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """Digest what each record says, and tell which ones are in force."""
    manifest = installed.manifest
    stored = manifest.counts.stored
    keys, live = np.zeros(stored, np.uint64), np.zeros(stored, np.bool_)
    digested = hashlib.blake2b(digest_size=8, key=key[:_KEY_BYTES])
    for record in installed.live_records():
        number = record.place - 1
        digest = digested.copy()
        digest.update(_words(record, manifest).encode("utf-8", "surrogatepass"))
        keys[number] = int.from_bytes(digest.digest())
        live[number] = True
    return _told_apart(keys, live), live


def _told_apart(keys: NDArray[np.uint64], live: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Give each of several equal records in force a key of its own, the same in every version."""
    numbers = np.flatnonzero(live)
    order = numbers[np.argsort(keys[numbers], kind="stable")]
    first = np.ones(len(order), np.bool_)
    first[1:] = keys[order[1:]] != keys[order[:-1]]
    place = np.arange(len(order))
    rank = place - np.maximum.accumulate(np.where(first, place, 0))
    keys[order] += rank.astype(np.uint64) * _ANOTHER
    return keys


def _words(record: HashRecord, manifest: Manifest) -> str:
    """Put what a record says into one text; equal texts say the same."""
    words = sorted([f"{one.algorithm} {one.hex}" for one in record.digests])
    if record.perceptual:
        words += sorted(
            f"{one.method} {one.value.hex()} {one.quality} {one.at}" for one in record.perceptual
        )
    words += [f"category {record.category!r}", manifest.disposition(record.category)]
    words.append(
        f"{record.entry!r} {record.size} {record.other!r} {record.parts!r} {record.updated!r} "
        f"{sorted(record.flags.items())!r} {_encode(record.fields)}"
    )
    return "\n".join(words)
