"""Results of items in the form in which they travel: what most files give is a run of bytes.

A file that is no picture and no video gives digests alone, of known lengths; as bare bytes they
are made and read at a fraction of the cost of objects. Everything else travels as it is. A member
travels, and is kept until its turn, as a row of plain values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hashmatch.hashing.digests import ALWAYS_ONE
from hashmatch.jobs import shapes
from hashmatch.model.facts import Facts
from hashmatch.model.hashes import Digest
from hashmatch.model.outcomes import Failed, Member, Reading, Skipped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hashmatch.model.hashes import Algorithm
    from hashmatch.model.records import Json

Result = Reading | Failed
PackedMember = tuple[
    bytes, str, int, int, "Reading | Failed | Skipped | bytes", "dict[str, Json] | None"
]
Packed = Reading | Failed | bytes | PackedMember


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
        """Give a result as it travels."""
        if isinstance(result, Member):
            read = result.read
            kept = read if isinstance(read, Skipped) else self._packed(read)
            facts = result.facts.to_json() if result.facts is not None else None
            return (result.path, result.place, result.size, result.modified_ns, kept, facts)
        return self._packed(result)

    def _packed(self, result: Result) -> Result | bytes:
        if isinstance(result, Failed) or not self._packs:
            return result
        if result.picture or result.video or result.partial:
            return result
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
        known = None if facts is None else Facts.from_json(facts)
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
