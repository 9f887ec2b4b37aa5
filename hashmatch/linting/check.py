"""What a family of rules does: it looks at each list stretch by stretch and says what it saw.

To add a family, write one module of ``hashmatch.linting.rules`` with a module-level ``FAMILY``.
Nothing else has to be told.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from hashmatch.db.profiles import Profile
    from hashmatch.linting.finding import Sighting
    from hashmatch.linting.manifests import Manifest
    from hashmatch.linting.reference import Reference
    from hashmatch.linting.rule import Rule
    from hashmatch.linting.scan_bytes import Bytes
    from hashmatch.linting.signatures import PinnedKey
    from hashmatch.linting.spool import Folder
    from hashmatch.linting.stretch import Stretch


@dataclass(frozen=True, slots=True)
class Terms:
    """What the operator states; a rule whose need is not stated is reported as not checked.

    ``kind`` is a set kind as ``library import`` takes it. ``most_removed`` and ``most_changed``
    are shares of the earlier version from which a change is a finding. ``columns`` are the only
    names that a list may have beside its hashes; None allows any. ``hub`` is the number of near
    neighbours from which a perceptual hash is a hub, ``oldest`` a number of days.
    """

    today: datetime.date
    scratch: Folder
    profile: Profile | None = None
    kind: str | None = None
    key: PinnedKey | None = None
    manifest: Manifest | None = None
    previous: Reference | None = None
    benign: Reference | None = None
    most_removed: float = 0.10
    most_changed: float = 0.05
    columns: frozenset[str] | None = None
    hub: int = 20
    oldest: int | None = None
    waivers: bool = False

    def has(self, need: str) -> bool:
        """Tell whether something that a rule needs was stated."""
        return {
            "--scheme": self.profile is not None,
            "--key": self.key is not None,
            "--previous": self.previous is not None,
            "--benign": self.benign is not None,
            "--max-age": self.oldest is not None,
            "--waivers": self.waivers,
        }[need]


@dataclass(frozen=True, slots=True)
class Subject:
    """The list being looked at. ``number`` is its place among the lists of a run, from 0.

    ``facts`` and ``seen`` are filled while the list is read; ``seen`` is None for a list that is
    no text. ``declared_type`` is True where the list names no algorithm and the operator did,
    ``by_line`` where places are lines.
    """

    path: Path
    name: str
    number: int
    facts: Mapping[str, str] = field(default_factory=dict)
    seen: Bytes | None = None
    declared_type: bool = False
    by_line: bool = True


class Check:
    """One family of rules at work on one run. Every step may yield sightings.

    A family overrides the steps that it needs. ``unchecked`` says which rules should have been
    looked at in the present list and could not, ``idle`` which had nothing to look at; both with
    the reason.
    """

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.unchecked: dict[str, str] = {}
        self.idle: dict[str, str] = {}

    def begin(self, subject: Subject) -> None:
        """A list is opened."""

    def see(self, subject: Subject, stretch: Stretch) -> Iterator[Sighting]:
        """Look at some records."""
        del subject, stretch
        return iter(())

    def end(self, subject: Subject) -> Iterator[Sighting]:
        """The list was read to its end."""
        del subject
        return iter(())

    def finish(self) -> Iterator[Sighting]:
        """All lists were read; these sightings state their ``list_number``."""
        return iter(())


@dataclass(frozen=True, slots=True)
class Family:
    """Rules that share what they look at."""

    rules: tuple[Rule, ...]
    check: Callable[[Terms], Check]
