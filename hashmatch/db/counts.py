"""What became of everything that stood in a list: three numbers that add up, and the reasons."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashmatch.db.strict import Fields
    from hashmatch.model.records import Json

_NUMBERS = (
    "read",
    "carried",
    "kept",
    "dropped",
    "quarantined",
    "superseded",
    "withdrawn",
    "unmatchable",
    "coded",
    "unknown_codes",
)
_TABLES = (
    "values",
    "distinct",
    "not_evaluated",
    "dropped_by",
    "lost_values",
    "quarantined_by",
    "quarantined_values",
    "dispositions",
)


@dataclass(slots=True)
class Counts:
    """Counts of records, then of values.

    ``kept`` records are in the set; those of them that carry nothing this version can compare
    are counted again in ``unmatchable``. ``quarantined`` records carry only values that must
    never match. ``coded`` of the records that were kept or quarantined carry a category code, of
    which the scheme does not know ``unknown_codes``. ``dropped_by`` and ``quarantined_by`` give
    the reason of each such record.

    Tables of values: ``values`` that match, by algorithm or method; ``distinct`` perceptual
    hashes; ``not_evaluated`` hash kinds that cannot be compared; ``lost_values`` of records that
    were kept; ``quarantined_values``. ``dispositions`` counts by meaning the records that were
    kept or quarantined.
    """

    read: int = 0
    carried: int = 0
    kept: int = 0
    dropped: int = 0
    quarantined: int = 0
    superseded: int = 0
    withdrawn: int = 0
    unmatchable: int = 0
    coded: int = 0
    unknown_codes: int = 0
    values: Counter[str] = field(default_factory=Counter)
    distinct: Counter[str] = field(default_factory=Counter)
    not_evaluated: Counter[str] = field(default_factory=Counter)
    dropped_by: Counter[str] = field(default_factory=Counter)
    lost_values: Counter[str] = field(default_factory=Counter)
    quarantined_by: Counter[str] = field(default_factory=Counter)
    quarantined_values: Counter[str] = field(default_factory=Counter)
    dispositions: Counter[str] = field(default_factory=Counter)

    @property
    def balanced(self) -> bool:
        """Whether everything that was read ended in exactly one way, each with its reason."""
        return (
            self.read + self.carried == self.stored + self.dropped
            and self.dropped == self.dropped_by.total()
            and self.quarantined == self.quarantined_by.total()
            and self.kept + self.quarantined == self.dispositions.total()
            and self.unmatchable <= self.kept
        )

    @property
    def stored(self) -> int:
        """Records in the record store: those that match nothing are there too."""
        return self.kept + self.quarantined + self.superseded + self.withdrawn

    @property
    def usable(self) -> int:
        """Records that can match something."""
        return self.kept - self.unmatchable

    @property
    def losses(self) -> Counter[str]:
        """Records and values that were lost, by reason."""
        return self.dropped_by + self.lost_values

    def tidy(self) -> None:
        """Forget the reasons whose number has come back to nothing."""
        for name in _TABLES:
            setattr(self, name, +getattr(self, name))

    def to_json(self) -> dict[str, Json]:
        """Give the form kept in a manifest."""
        numbers: dict[str, Json] = {name: getattr(self, name) for name in _NUMBERS}
        return numbers | {name: table(getattr(self, name)) for name in _TABLES}

    @classmethod
    def from_json(cls, fields: Fields) -> Counts:
        """Read back what :meth:`to_json` gave.

        Raises:
            HashSetError: not of that form, or the numbers do not add up.
        """
        counts = cls()
        for name in _NUMBERS:
            setattr(counts, name, fields.whole(name))
        for name in _TABLES:
            setattr(counts, name, Counter(fields.counts(name)))
        fields.finish()
        if not counts.balanced:
            fields.refuse("read", "the sum of what became of the records")
        return counts


def table(counter: Counter[str]) -> dict[str, Json]:
    """Give a counter as it stands in a manifest: sorted, without zeros."""
    return {str(key): number for key, number in sorted(counter.items()) if number}
