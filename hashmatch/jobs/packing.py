"""Results of items in the form in which they travel: what most files give is a run of bytes.

A file that is no picture and no video gives digests alone, of known lengths; as bare bytes they
are made and read at a fraction of the cost of objects. Everything else travels as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hashmatch.hashing.digests import ALWAYS_ONE
from hashmatch.jobs import shapes
from hashmatch.model.hashes import Digest
from hashmatch.model.outcomes import Failed, Reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hashmatch.model.hashes import Algorithm

Result = Reading | Failed
Packed = Reading | Failed | bytes


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

    def packed(self, result: Result) -> Packed:
        """Give a result as it travels."""
        if isinstance(result, Failed) or result.picture or result.video or not self._packs:
            return result
        return b"".join([digest.value for digest in result.digests])

    def unpacked(self, results: object) -> list[Result]:
        """Read what a worker sent, which may be anything.

        Raises:
            EOFError: these are no results.
        """
        if not isinstance(results, list) or not results:
            raise EOFError
        return [self._unpacked(one) for one in results]

    def _unpacked(self, result: object) -> Result:
        if isinstance(result, bytes) and self._packs and len(result) == self._length:
            return Reading(tuple([Digest(name, result[part]) for name, part in self._places]))
        if isinstance(result, Reading | Failed) and shapes.sound(result, self._algorithms):
            return result
        raise EOFError
