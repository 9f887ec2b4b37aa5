"""What a run says of an image: its headers, its digests, its damage, its volumes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.evidence.image import place_of
from hashmatch.model import names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hashmatch.evidence.media.check import MediumCheck
    from hashmatch.evidence.media.interface import MediumFacts, Stretch
    from hashmatch.evidence.media.sidecars import Compared
    from hashmatch.evidence.stack import Told
    from hashmatch.evidence.volumes.interface import Volume
    from hashmatch.jobs.verifying import Verify
    from hashmatch.model.records import Json

MOST_NAMED = 100
"""So many damaged stretches are named; all are counted."""

_NOT_VERIFIED = "not-verified"


@dataclass(frozen=True, slots=True)
class Account:
    """One image of a run.

    ``told`` is what was learnt of volumes by their numbers. ``before`` and ``after`` are what
    digesting it gave, as far as it was done. ``files`` are SHA-256 of its files, where they are
    not the content itself. ``sidecars`` are digests that files beside it note; ``unread`` are such
    files that could not be read, and why.
    """

    label: str
    verify: Verify
    facts: MediumFacts
    volumes: tuple[Volume, ...]
    told: Mapping[int, Told]
    before: MediumCheck | None = None
    after: MediumCheck | None = None
    files: tuple[str, ...] = ()
    sidecars: tuple[Compared, ...] = ()
    unread: tuple[tuple[bytes, str], ...] = ()

    @property
    def verdict(self) -> str:
        """How its content agrees with the digests that its files carry."""
        return _NOT_VERIFIED if self.before is None else self.before.verdict

    @property
    def doubtful(self) -> bool:
        """Whether what was examined is perhaps not what was on the medium, or not all of it."""
        return any(True for _ in self.doubts())

    def doubts(self) -> Iterator[str]:
        """Say in sentences what makes it doubtful."""
        label, before, after = self.label, self.before, self.after
        if before is not None and before.verdict == "mismatch":
            yield f"{label}: the content does not have the digest that the image states of it"
        if before is not None and before.damaged_stretches:
            amount = _amount(before.damaged_stretches, before.damaged_bytes)
            yield f"{label}: {amount} cannot be read as stored"
        for one in self.sidecars:
            if one.result == "differ":
                where = names.shown(one.noted.file)
                kind = one.noted.algorithm
                yield f"{label}: the content does not have the {kind} noted in {where}"
        for path, why in self.unread:
            yield f"{label}: {names.shown(path)} could not be read ({names.shown(why)})"
        if self.facts.bad:
            size = sum(one.length for one in self.facts.bad)
            yield f"{label}: {_amount(len(self.facts.bad), size)} could not be read by who made it"
        if before is not None and after is not None and before.digests != after.digests:
            yield f"{label}: the content changed while it was examined"

    def advice(self) -> Iterator[str]:
        """Say of volumes that could not be looked into what would help."""
        for one in self.volumes:
            words = self.told[one.number].advice if one.number in self.told else one.advice
            if words:
                yield f"{self.label}, {place_of(one)}: {names.shown(words)}"

    def to_json(self) -> dict[str, Json]:
        """Give it as part of the record of a run."""
        line: dict[str, Json] = {
            "size": self.facts.size,
            "said": self.facts.said,
            "stored": dict(self.facts.stored),
            "unread_by_imager": _stretches(self.facts.bad),
            "verify": str(self.verify),
            "verdict": self.verdict,
            "doubtful": self.doubtful,
            "volumes": [self._volume(one) for one in self.volumes],
        }
        if self.before is not None:
            line["check"] = self.before.to_json()
        if self.after is not None:
            line["check_after"] = self.after.to_json()
        if self.sidecars:
            line["sidecars"] = [_noted(one) for one in self.sidecars]
        if self.unread:
            line["sidecars_unread"] = [
                {**names.to_json(path, "file"), "why": names.shown(why)}
                for path, why in self.unread
            ]
        return line

    def _volume(self, one: Volume) -> Json:
        told = self.told.get(one.number)
        line: dict[str, Json] = {
            "number": one.number,
            "place": place_of(one),
            "offset": one.offset,
            "size": one.size,
        }
        if told is not None and told.kind:
            line["kind"] = told.kind
        if one.gap:
            line["gap"] = True
        if one.trouble is not None:
            line["trouble"] = str(one.trouble)
        if advice := told.advice if told is not None else one.advice:
            line["advice"] = advice
        return line


def _noted(one: Compared) -> Json:
    noted = one.noted
    return {
        **names.to_json(noted.file, "file"),
        "line": noted.line,
        "algorithm": noted.algorithm,
        "value": noted.value,
        "of": noted.of,
        "result": one.result,
    }


def _amount(count: int, size: int) -> str:
    stretches = "1 stretch" if count == 1 else f"{count:,} stretches"
    return (
        f"{stretches} of {size:,} bytes in all" if count != 1 else f"{stretches} of {size:,} bytes"
    )


def _stretches(found: tuple[Stretch, ...]) -> dict[str, Json]:
    return {
        "count": len(found),
        "bytes": sum(one.length for one in found),
        "first": [[one.offset, one.length, one.why, one.part] for one in found[:MOST_NAMED]],
    }
