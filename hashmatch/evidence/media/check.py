"""Read a medium once from beginning to end: its digests, its damage, and what it was said to be."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hashmatch.evidence.media.interface import Stretch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hashmatch.evidence.media.interface import Medium
    from hashmatch.model.records import Json

ALGORITHMS = ("md5", "sha1", "sha256")
MOST_LISTED = 1000
"""So many damaged stretches are listed; how many there are is said beside them."""

_STEP = 1 << 20


@dataclass(frozen=True, slots=True)
class MediumCheck:
    """What reading a whole medium found. Plain values: it crosses processes and enters records.

    ``digests`` are pairs of algorithm and hexadecimal value, over all content, with zeros for
    what could not be read; empty where ``read`` bytes are fewer than ``size``, since the rest is
    known to be missing. ``stored`` are the digests that the medium's own files state. ``damage``
    is merged, in order of place, at most :data:`MOST_LISTED` of the ``damaged_stretches`` that
    cover ``damaged_bytes``.
    """

    size: int
    read: int
    digests: tuple[tuple[str, str], ...]
    stored: tuple[tuple[str, str], ...]
    damage: tuple[Stretch, ...]
    damaged_stretches: int
    damaged_bytes: int

    @property
    def verdict(self) -> str:
        """``match`` with all stored digests, ``mismatch`` with one, or ``not-stored``."""
        if not self.stored:
            return "not-stored"
        found = dict(self.digests)
        same = all(found.get(name) == value for name, value in self.stored)
        return "match" if same else "mismatch"

    @property
    def sound(self) -> bool:
        """Whether everything could be read, and no stored digest says otherwise."""
        return not self.damaged_stretches and self.verdict != "mismatch"

    def to_json(self) -> dict[str, Json]:
        """Give what was found under its names; :meth:`from_json` reads it back."""
        return {
            "size": self.size,
            "read": self.read,
            "digests": dict(self.digests),
            "stored": dict(self.stored),
            "verdict": self.verdict,
            "damage": [
                {"offset": one.offset, "length": one.length, "why": one.why, "part": one.part}
                for one in self.damage
            ],
            "damaged_stretches": self.damaged_stretches,
            "damaged_bytes": self.damaged_bytes,
        }

    @classmethod
    def from_json(cls, line: Mapping[str, Json]) -> MediumCheck:
        """Read back what :meth:`to_json` gave.

        Raises:
            LookupError, TypeError, ValueError or AttributeError: it is not of that form.
        """
        values: Mapping[str, Any] = line
        return cls(
            int(values["size"]),
            int(values["read"]),
            tuple((name, str(value)) for name, value in values["digests"].items()),
            tuple((name, str(value)) for name, value in values["stored"].items()),
            tuple(
                Stretch(int(one["offset"]), int(one["length"]), str(one["why"]), str(one["part"]))
                for one in values["damage"]
            ),
            int(values["damaged_stretches"]),
            int(values["damaged_bytes"]),
        )


def check(medium: Medium, progress: Callable[[int], None] | None = None) -> MediumCheck:
    """Read all of a medium in one pass.

    Args:
        medium: open; it is read in order from its first byte.
        progress: called with the bytes read so far, about once for each MiB.
    """
    digests = [hashlib.new(name, usedforsecurity=False) for name in ALGORITHMS]
    end = _end(medium)
    offset = 0
    while offset < end:
        data = medium.read_at(offset, min(_STEP, end - offset))
        if not data:
            break
        for one in digests:
            one.update(data)
        offset += len(data)
        if progress is not None:
            progress(offset)
    whole = offset == medium.size
    merged = merge(medium.damage)
    return MediumCheck(
        medium.size,
        offset,
        tuple((one.name, one.hexdigest()) for one in digests) if whole else (),
        medium.facts.stored,
        tuple(merged[:MOST_LISTED]),
        len(merged),
        sum(one.length for one in merged),
    )


def merge(damage: Sequence[Stretch]) -> list[Stretch]:
    """Put stretches in order of place; those that overlap, or touch with one reason, become one.

    No byte is in two of the results. Of parts that become one the first and the last are named.
    """
    merged: list[Stretch] = []
    for one in sorted(damage, key=lambda one: (one.offset, -one.length)):
        last = merged[-1] if merged else None
        end = last.offset + last.length if last else 0
        if last is not None and (one.offset < end or (one.offset == end and one.why == last.why)):
            stop = max(end, one.offset + one.length)
            part = last.part if one.offset + one.length <= end else _parts(last.part, one.part)
            merged[-1] = Stretch(last.offset, stop - last.offset, last.why, part)
        else:
            merged.append(one)
    return merged


def _parts(first: str, last: str) -> str:
    if not first or not last or first == last:
        return first or last
    return f"{first.partition(' to ')[0]} to {last.rpartition(' to ')[2]}"


def _end(medium: Medium) -> int:
    """Tell how far to read: not through an end that is known to be missing.

    A header may claim any size, and hashing zeros for what no file holds would take as long.
    """
    ends = [one for one in medium.damage if one.offset + one.length >= medium.size]
    missing = [one.offset for one in ends if one.why in {"missing", "truncated"}]
    return min([medium.size, *missing])
