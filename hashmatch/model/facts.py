"""What a medium or container says of an entry beside name and size: recorded, not compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hashmatch.model.code import Code

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hashmatch.model.records import Json

MOST_EXTENTS = 16
"""So many extents of an entry are recorded; how many there are is recorded beside them."""


class Standing(Code):
    """How an entry stands in what holds it."""

    ALLOCATED = "allocated"
    DELETED = "deleted"
    ORPHAN = "orphan"
    CARVED = "carved"


class Recovery(Code):
    """How the content of an entry that is not allocated was found.

    By its own record of extents; by taking the clusters that follow its first one, so that parts
    of other files may be in it; by the structure of the content alone.
    """

    BY_RECORD = "by-record"
    BY_CONTIGUITY = "by-contiguity"
    BY_STRUCTURE = "by-structure"


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts of one entry.

    ``times`` are pairs of a name (``modified``, ``accessed``, ``changed``, ``created``) and a
    moment in ISO 8601 as it is stored, no more precise than that: with ``Z`` or an offset where
    the zone is known, without one where it is a local time of an unknown zone. ``extents`` are
    offset and length in bytes, on the medium, or on ``extents_on`` where a volume is not a
    stretch of the medium (decrypted or put together); at most :data:`MOST_EXTENTS` of the
    ``fragments`` that there are. ``notes`` are further pairs of words, such as where a phone had
    the file.
    """

    standing: Standing = Standing.ALLOCATED
    recovery: Recovery | None = None
    times: tuple[tuple[str, str], ...] = ()
    extents: tuple[tuple[int, int], ...] = ()
    fragments: int = 0
    extents_on: str = ""
    notes: tuple[tuple[str, str], ...] = ()

    def to_json(self) -> dict[str, Json]:
        """Give what is known under its names; :meth:`from_json` reads it back."""
        line: dict[str, Json] = {"standing": str(self.standing)}
        if self.recovery is not None:
            line["recovery"] = str(self.recovery)
        if self.times:
            line["times"] = dict(self.times)
        if self.extents:
            line["extents"] = [[offset, length] for offset, length in self.extents]
            line["fragments"] = self.fragments
        if self.extents_on:
            line["extents_on"] = self.extents_on
        if self.notes:
            line["notes"] = dict(self.notes)
        return line

    @classmethod
    def from_json(cls, line: Mapping[str, Json]) -> Facts:
        """Read back what :meth:`to_json` gave.

        Raises:
            LookupError, TypeError or ValueError: it is not of that form.
        """
        recovery = line.get("recovery")
        extents: Any = line.get("extents", [])
        fragments: Any = line.get("fragments", 0)
        return cls(
            Standing(str(line["standing"])),
            None if recovery is None else Recovery(str(recovery)),
            _pairs(line.get("times", {})),
            tuple((int(offset), int(length)) for offset, length in extents),
            int(fragments),
            str(line.get("extents_on", "")),
            _pairs(line.get("notes", {})),
        )


def _pairs(value: Any) -> tuple[tuple[str, str], ...]:  # noqa: ANN401  # of a value that was read
    return tuple((name, str(word)) for name, word in value.items())
