"""What of the sets of a run cannot be compared with anything: whole records, or some values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.db import uncompared
from hashmatch.db.description import SetKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hashmatch.db.installed import InstalledSet
    from hashmatch.db.manifest import Manifest
    from hashmatch.model.records import Json


@dataclass(frozen=True, slots=True)
class Gap:
    """What of one set a run does not compare.

    ``records`` of the ``of`` records in the set carry nothing that the run computes. ``kinds``
    are those of all values that it does not compare, also of records with other values.
    ``notable`` is False for a set that is benign throughout: nothing unlawful is missed by it.
    """

    set_name: str
    set_version: str
    records: int
    of: int
    kinds: tuple[str, ...]
    notable: bool

    def to_json(self) -> dict[str, Json]:
        """Give it for scripts."""
        return {
            "set": self.set_name,
            "set_version": self.set_version,
            "records": self.records,
            "of": self.of,
            "kinds": [*self.kinds],
        }


def find(sets: Iterable[InstalledSet], computed: frozenset[str]) -> tuple[Gap, ...]:
    """Find what a run will not compare; sets of which all is compared are left out.

    Args:
        sets: the opened sets.
        computed: algorithms and methods whose values the run computes.

    Raises:
        HashSetError: a set was altered.
    """
    gaps = (_gap(one, computed) for one in sets)
    return tuple(gap for gap in gaps if gap.records or gap.kinds)


def _gap(installed: InstalledSet, computed: frozenset[str]) -> Gap:
    manifest = installed.manifest
    counts = manifest.counts
    idle = {kind for kind, number in counts.values.items() if number} - computed
    idle |= {kind for kind, number in counts.not_evaluated.items() if number}
    return Gap(
        set_name=manifest.name,
        set_version=manifest.version,
        records=uncompared.records(installed, computed),
        of=counts.kept,
        kinds=tuple(sorted(idle)),
        notable=not _benign(manifest),
    )


def _benign(manifest: Manifest) -> bool:
    profile = manifest.stated.profile
    return manifest.kind is SetKind.BENIGN or (profile is not None and profile.only_benign)
