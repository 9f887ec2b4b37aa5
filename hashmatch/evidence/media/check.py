"""Read a medium once from beginning to end: its digests, how they compare, and its damage."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hashmatch.evidence.media.interface import Stretch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from hashmatch.evidence.media.interface import Medium
    from hashmatch.model.records import Json

MATCH, MISMATCH, NOT_STORED = "match", "mismatch", "not-stored"
"""How computed digests compare with those that the files carry."""

ALGORITHMS = ("md5", "sha1", "sha256")
MOST_STRETCHES = 1000
"""So many damaged stretches are kept; all are counted."""

_PIECE = 4 << 20


@dataclass(frozen=True, slots=True)
class MediumCheck:
    """What reading a whole medium gave.

    ``md5``, ``sha1`` and ``sha256`` are hexadecimal, of the content as it came: zeros for what
    could not be read. ``verdict`` compares with the digests that the files carry. ``damage`` are
    the first of ``damaged`` stretches, in order, without overlaps; ``damaged_bytes`` all of them.
    """

    size: int
    md5: str
    sha1: str
    sha256: str
    verdict: str
    damage: tuple[Stretch, ...] = ()
    damaged: int = 0
    damaged_bytes: int = 0

    def to_json(self) -> dict[str, Json]:
        """Give plain values; :meth:`from_json` reads them back."""
        return {
            "size": self.size,
            "md5": self.md5,
            "sha1": self.sha1,
            "sha256": self.sha256,
            "verdict": self.verdict,
            "damaged": self.damaged,
            "damaged_bytes": self.damaged_bytes,
            "damage": [[one.offset, one.length, one.why, one.part] for one in self.damage],
        }

    @classmethod
    def from_json(cls, line: Mapping[str, Json]) -> MediumCheck:
        """Read back what :meth:`to_json` gave.

        Raises:
            LookupError, TypeError or ValueError: it is not of that form.
        """
        damage: Any = line["damage"]
        return cls(
            size=_number(line["size"]),
            md5=_hex(line["md5"], 16),
            sha1=_hex(line["sha1"], 20),
            sha256=_hex(line["sha256"], 32),
            verdict=_verdict(line["verdict"]),
            damage=tuple(_stretch(*one) for one in damage),
            damaged=_number(line["damaged"]),
            damaged_bytes=_number(line["damaged_bytes"]),
        )


def check(medium: Medium, progress: Callable[[int], None]) -> MediumCheck:
    """Read a medium and digest it, all algorithms in the same pass.

    Args:
        medium: read from its first byte to its last.
        progress: told how many bytes were read so far.
    """
    states = [hashlib.new(name, usedforsecurity=False) for name in ALGORITHMS]
    done, size = 0, medium.size
    while done < size:
        part = medium.read_at(done, min(_PIECE, size - done))
        if not part:
            break
        for state in states:
            state.update(part)
        done += len(part)
        progress(done)
    md5, sha1, sha256 = (state.hexdigest() for state in states)
    short = (Stretch(done, size - done, "missing"),) if done < size else ()
    damage = merged((*medium.damage, *short))
    return MediumCheck(
        size=done,
        md5=md5,
        sha1=sha1,
        sha256=sha256,
        verdict=_compared({"md5": md5, "sha1": sha1, "sha256": sha256}, medium),
        damage=damage[:MOST_STRETCHES],
        damaged=len(damage),
        damaged_bytes=sum(one.length for one in damage),
    )


def _compared(computed: Mapping[str, str], medium: Medium) -> str:
    stored = [(name, value) for name, value in medium.facts.stored if name in computed]
    if not stored:
        return NOT_STORED
    agree = all(computed[name] == value.lower() for name, value in stored)
    return MATCH if agree else MISMATCH


def merged(stretches: Iterable[Stretch]) -> tuple[Stretch, ...]:
    """Put stretches in order; those that overlap, or follow each other for one cause, are one."""
    found: list[Stretch] = []
    for one in sorted(stretches, key=lambda each: (each.offset, each.length)):
        last = found[-1] if found else None
        if last is None or one.offset > last.offset + last.length:
            found.append(one)
            continue
        if one.offset == last.offset + last.length and (one.why, one.part) != (last.why, last.part):
            found.append(one)
            continue
        end = max(last.offset + last.length, one.offset + one.length)
        found[-1] = Stretch(last.offset, end - last.offset, last.why, last.part)
    return tuple(found)


def _number(value: Json) -> int:
    if type(value) is not int or value < 0:
        raise ValueError
    return value


def _hex(value: Json, size: int) -> str:
    if type(value) is not str or value != bytes.fromhex(value).hex() or len(value) != 2 * size:
        raise ValueError
    return value


def _verdict(value: Json) -> str:
    if value not in {MATCH, MISMATCH, NOT_STORED}:
        raise ValueError
    return str(value)


def _stretch(offset: Json, length: Json, why: Json, part: Json) -> Stretch:
    if type(why) is not str or type(part) is not str:
        raise TypeError
    return Stretch(_number(offset), _number(length), why, part)
