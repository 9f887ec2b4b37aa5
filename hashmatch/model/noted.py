"""What a run notes about its near hits: records near too many files, and what chance brings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashmatch.model.hashes import Method
    from hashmatch.model.records import Json


@dataclass(frozen=True, slots=True)
class Flood:
    """A record and the number of different files, by SHA-256, that are near to it.

    ``quality`` is that of the record where the list states it, else of the first of these files.
    """

    set_name: str
    set_version: str
    record: int
    entry: str | None
    files: int
    quality: int

    def to_json(self) -> dict[str, Json]:
        """Give it as ``run.json`` holds it."""
        return {
            "set": self.set_name,
            "set_version": self.set_version,
            "record": self.record,
            "entry": self.entry,
            "files": self.files,
            "quality": self.quality,
        }


@dataclass(frozen=True, slots=True)
class Floods:
    """Records near to more than ``limit`` different files: how many, and those with most files."""

    limit: int = 0
    records: int = 0
    named: tuple[Flood, ...] = ()

    @property
    def files(self) -> dict[tuple[str, int], int]:
        """Numbers of files, by set version and record, for the records that are named."""
        return {(one.set_version, one.record): one.files for one in self.named}

    def to_json(self) -> dict[str, Json]:
        """Give it as ``run.json`` holds it."""
        return {
            "limit": self.limit,
            "records": self.records,
            "named": [one.to_json() for one in self.named],
        }


@dataclass(frozen=True, slots=True)
class Expected:
    """Agreements that chance alone would bring, by what is known of unrelated pictures.

    Rests on a sample of ``pairs``, of which ``seen`` agreed. ``number`` is scaled up from them;
    where none agreed it is an upper bound, and ``extrapolated`` is what the tail of the sample
    would give, or None.
    """

    sample: str
    pairs: int
    seen: int
    number: float
    extrapolated: float | None

    @property
    def many(self) -> bool:
        """At least one agreement is to be expected by what was seen of unrelated pictures."""
        return bool(self.seen) and self.number >= 1

    def to_json(self) -> dict[str, Json]:
        """Give it as ``run.json`` holds it; broken numbers as text with one digit."""
        return {
            "sample": self.sample,
            "pairs": self.pairs,
            "seen": self.seen,
            "number": f"{self.number:.0e}",
            "extrapolated": None if self.extrapolated is None else f"{self.extrapolated:.0e}",
        }


@dataclass(frozen=True, slots=True)
class Expectation:
    """Hashes of one method that were looked for, and those of one set.

    ``measured`` is None where no distances of unrelated pictures were measured.
    """

    set_name: str
    set_version: str
    method: Method
    threshold: int
    queries: int
    entries: int
    measured: Expected | None

    def to_json(self) -> dict[str, Json]:
        """Give it as ``run.json`` holds it."""
        return {
            "set": self.set_name,
            "set_version": self.set_version,
            "method": str(self.method),
            "threshold": self.threshold,
            "queries": self.queries,
            "entries": self.entries,
            "measured": self.measured.to_json() if self.measured else None,
        }
