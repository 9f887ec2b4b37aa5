"""What a run record says: who, when, with what, on which sources, and what was counted.

Plain values; :mod:`hashmatch.report.record_reading` makes them from ``run.json``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.model.hashes import Method

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from hashmatch.model.hits import Claim, Disposition
    from hashmatch.model.noted import Expectation, Floods
    from hashmatch.model.records import Json
    from hashmatch.report.medium_record import Guard, MediumUse, PhoneUse, Segment


@dataclass(frozen=True, slots=True)
class SourceUse:
    """One source as this run read it. ``unchanged`` compares the digests before and after.

    ``label`` is what locators call it, ``form`` that of an image; these, and all below, are empty
    in runs of earlier versions.
    """

    index: int
    kind: str
    location: bytes
    read_only: bool | None
    before: str
    after: str
    unchanged: bool
    entries: int
    folders: int
    bytes: int
    access_times: str
    label: str = ""
    form: str = ""
    segments: tuple[Segment, ...] = ()
    medium: MediumUse | None = None
    guard: Guard | None = None
    phones: tuple[PhoneUse, ...] = ()


@dataclass(frozen=True, slots=True)
class Category:
    """What one code of a scheme means: disposition and a neutral label in each language."""

    disposition: Disposition
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ListFile:
    """One file from which a set was made."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class SetUse:
    """One version of a hash set as it was compared in this run.

    ``facts`` are what the list says about itself: ``publisher``, ``list_version``,
    ``list_date``, ``issued``, ``expires``, ``handling``; None where it does not say. ``records``
    that were ``superseded`` or ``withdrawn`` match nothing; ``carried`` ones come from an earlier
    version of the set.
    ``why`` gives a code for each kind of values that was ``not_evaluated``.
    ``unmatchable`` of the records kept carry nothing that can ever be compared, ``uncompared``
    nothing that this run compared; ``lost_values`` and
    ``quarantined_values`` concern single values of records that were kept.
    """

    name: str
    version: str
    kind: str
    scheme: str | None
    scheme_title: Mapping[str, str]
    categories: Mapping[str, Category]
    facts: Mapping[str, str | None]
    files: tuple[ListFile, ...]
    records: Mapping[str, int]
    values: Mapping[str, int]
    not_evaluated: Mapping[str, int]
    why: Mapping[str, str]
    dropped: Mapping[str, int]
    lost_values: Mapping[str, int]
    quarantined: Mapping[str, int]
    quarantined_values: Mapping[str, int]
    unmatchable: int
    uncompared: int
    accepted_losses: bool


@dataclass(frozen=True, slots=True)
class TallyRow:
    """Hits of one set, category, disposition and claim; ``distinct`` counts SHA-256 values."""

    set_name: str
    scheme: str | None
    category: str | None
    disposition: Disposition
    claim: Claim
    items: int
    distinct: int
    hits: int


@dataclass(frozen=True, slots=True)
class Counts:
    """The tally of the run; always balanced: seen = examined + failed + skipped."""

    numbers: Mapping[str, int]
    failed_by: Mapping[str, int]
    skipped_by: Mapping[str, int]
    not_compared_by: Mapping[str, int]
    videos_not_compared_by: Mapping[str, int]
    table: tuple[TallyRow, ...]
    partial_by: Mapping[str, int]

    def __getitem__(self, name: str) -> int:
        return self.numbers[name]

    @property
    def not_asked(self) -> int:
        """Pictures that no loaded set could be asked about."""
        asked = self["compared_near"] + self["low_quality"] + self["not_compared"]
        return self["pictures"] - asked

    @property
    def videos_not_asked(self) -> int:
        """Videos that no loaded set could be asked about."""
        ended = ("videos_compared", "videos_low_quality", "videos_not_compared")
        return self["videos"] - sum(self[name] for name in ended)


@dataclass(frozen=True, slots=True)
class SelfTest:
    """One known-answer test at the start of the run."""

    name: str
    passed: bool


@dataclass(frozen=True, slots=True)
class Reopened:
    """How many items with hits gave the same digests when they were opened by their locators.

    ``named`` are the locators of the first that did not, each with what came of it.
    """

    items: int
    agreed: int
    differed: int
    unreachable: int
    named: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RunRecord:
    """Everything ``run.json`` says, checked for form and for sums that must add up."""

    run: str
    case: Mapping[str, str]
    status: str
    operator: Mapping[str, str]
    started: datetime
    finished: datetime
    resumed: tuple[datetime, ...]
    argv: tuple[str, ...]
    tool: Mapping[str, str]
    host: Mapping[str, str]
    sources: tuple[SourceUse, ...]
    sets: tuple[SetUse, ...]
    settings: Mapping[str, Json]
    self_test: tuple[SelfTest, ...]
    counts: Counts
    floods: Floods
    chance: tuple[Expectation, ...]
    roots: Mapping[str, str]
    exit_code: int
    reopened: Reopened | None = None

    @property
    def left_out(self) -> frozenset[str] | None:
        """What the run did not look for; None where it is of an earlier version and cannot say."""
        found = self.settings.get("left_out")
        return frozenset(map(str, found)) if isinstance(found, list) else None

    @property
    def near_asked(self) -> bool:
        """Whether any loaded set holds hashes by a method that the run computed of pictures."""
        methods = self.settings.get("methods")
        compared = map(str, methods) if isinstance(methods, list) else (Method.PDQ,)
        return not self._held.isdisjoint(compared)

    @property
    def _held(self) -> set[str]:
        return {kind for one in self.sets for kind, number in one.values.items() if number}
