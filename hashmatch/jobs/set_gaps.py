"""What of the sets of a run cannot be compared with anything: whole records, or some values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.db import uncompared
from hashmatch.db.description import SetKind
from hashmatch.hashing import hashers
from hashmatch.jobs import choice

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from hashmatch.db.installed import InstalledSet
    from hashmatch.db.manifest import Manifest
    from hashmatch.jobs.choice import Why
    from hashmatch.model.records import Json


@dataclass(frozen=True, slots=True)
class Gap:
    """What of one set a run does not compare.

    ``records`` of the ``of`` records in the set carry nothing that the run computes. ``kinds``
    are those of all values that it does not compare, also of records with other values; ``why``
    says for each of them why not.
    ``notable`` is False for a set that is benign throughout: nothing unlawful is missed by it.
    """

    set_name: str
    set_version: str
    records: int
    of: int
    kinds: tuple[str, ...]
    notable: bool
    why: tuple[Why, ...] = ()

    def to_json(self) -> dict[str, Json]:
        """Give it for scripts."""
        return {
            "set": self.set_name,
            "set_version": self.set_version,
            "records": self.records,
            "of": self.of,
            "kinds": [*self.kinds],
            "why": [str(one) for one in self.why],
        }


def find(sets: Iterable[InstalledSet], computed: frozenset[str]) -> tuple[Gap, ...]:
    """Find what a run will not compare; sets of which all is compared are left out.

    Args:
        sets: the opened sets.
        computed: algorithms and methods whose values the run computes.

    Raises:
        HashSetError: a set was altered.
    """
    offers = hashers.offers()
    gaps = (_gap(one, computed, offers) for one in sets)
    return tuple(gap for gap in gaps if gap.records or gap.kinds)


def _gap(installed: InstalledSet, computed: frozenset[str], offers: Collection[str]) -> Gap:
    manifest = installed.manifest
    counts = manifest.counts
    idle = {kind for kind, number in counts.values.items() if number} - computed
    idle |= {kind for kind, number in counts.not_evaluated.items() if number}
    kinds = tuple(sorted(idle))
    return Gap(
        set_name=manifest.name,
        set_version=manifest.version,
        records=uncompared.records(installed, computed),
        of=counts.kept,
        kinds=kinds,
        notable=not _benign(manifest),
        why=tuple(choice.why_not(kind, offers) for kind in kinds),
    )


def _benign(manifest: Manifest) -> bool:
    profile = manifest.stated.profile
    return manifest.kind is SetKind.BENIGN or (profile is not None and profile.only_benign)
