"""Results of items in the form in which they travel: what most files give is a run of bytes.

A file that is no picture and no video gives digests alone, of known lengths; as bare bytes they
are made and read at a fraction of the cost of objects. Everything else travels as it is. A member
travels, and is kept until its turn, as a row of plain values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hashmatch.hashing.digests import ALWAYS_ONE
from hashmatch.jobs import fitting, plain_facts, shapes
from hashmatch.model.hashes import Digest
from hashmatch.model.outcomes import Failed, Member, Reading, Skipped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hashmatch.jobs.plain_facts import PlainFacts
    from hashmatch.model.hashes import Algorithm

Result = Reading | Failed
PackedMember = tuple[
    bytes, str, int, int, "Reading | Failed | Skipped | bytes", "PlainFacts | None"
]
Packed = Reading | Failed | bytes | PackedMember

_MEMBER, _ENTRY, _HASHES, _FRAME, _NUMBER = 300, 300, 2000, 200, 32  # bytes, as measured, roughly


class Packing:
    """How results are packed where these digests are computed; both ends must agree on them."""

    def __init__(self, algorithms: Sequence[Algorithm]) -> None:
        self._algorithms = tuple(algorithms)
        self._packs = all(algorithm in ALWAYS_ONE for algorithm in algorithms)
        self._places: list[tuple[Algorithm, slice]] = []
        at = 0
        for algorithm in algorithms:
            self._places.append((algorithm, slice(at, at + algorithm.size)))
            at += algorithm.size
        self._length = at

    def packed(self, result: Result | Member) -> Packed:
        """Give a result as it travels: what the other end would refuse is made to fit."""
        if isinstance(result, Member):
            one = fitting.member(result, self._algorithms)
            kept = one.read if isinstance(one.read, Skipped) else self._packed(one.read)
            facts = plain_facts.out(one.facts) if one.facts is not None else None
            return (one.path, one.place, one.size, one.modified_ns, kept, facts)
        return self._packed(result)

    def _packed(self, result: Result) -> Result | bytes:
        if isinstance(result, Failed):
            return result
        if not self._packs or result.picture or result.video or result.partial:
            return fitting.reading(result, self._algorithms)
        return b"".join([digest.value for digest in result.digests])

    def unpacked(self, results: object) -> list[Result | PackedMember]:
        """Read what a worker sent, which may be anything. Members stay packed.

        Raises:
            EOFError: these are no results.
        """
        if not isinstance(results, list):
            raise EOFError  # noqa: TRY004  # to whoever reads, the worker is gone
        return [self._checked(one) for one in results]

    def member(self, packed: PackedMember) -> Member:
        """Unpack a member that was checked when it came."""
        path, place, size, modified, read, facts = packed
        found = read if isinstance(read, Skipped) else self._unpacked(read)
        known = None if facts is None else plain_facts.read(facts)
        return Member(path, place, size, modified, found, known)

    def _checked(self, result: object) -> Result | PackedMember:
        if type(result) is not tuple:
            return self._unpacked(result)
        if len(result) != 6 or not shapes.sound_member(result):
            raise EOFError
        read = result[4]
        if not isinstance(read, Skipped):
            self._unpacked(read)
        return result

    def _unpacked(self, result: object) -> Result:
        if isinstance(result, bytes) and self._packs and len(result) == self._length:
            return Reading(tuple([Digest(name, result[part]) for name, part in self._places]))
        if isinstance(result, Reading | Failed) and shapes.sound(result, self._algorithms):
            return result
        raise EOFError


def weight(packed: Packed) -> int:
    """Say roughly how many bytes a result takes, in a message or while it is kept."""
    if type(packed) is not tuple:
        return _weight_of(packed)
    path, place, _, _, read, facts = packed
    words = 0 if facts is None else sum(map(_length, facts))
    return _MEMBER + len(path) + len(place) + words + _weight_of(read)


def _weight_of(read: object) -> int:
    pictures = read.picture.hashes if isinstance(read, Reading) and read.picture else ()
    videos = read.video.hashes if isinstance(read, Reading) and read.video else ()
    return _ENTRY + _HASHES * len(pictures) + _FRAME * len(videos)


def _length(value: object) -> int:
    """Count the characters of the words of facts."""
    if type(value) is str:
        return len(value)
    return sum(map(_length, value)) if type(value) is tuple else _NUMBER
