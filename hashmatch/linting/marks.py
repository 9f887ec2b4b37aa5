"""Numbers by which findings without a value are known again: of a record's hashes, or its line.

Without them a new defect would pass as an accepted one of the same kind. A row that was lost has
no hashes left; the bytes of its line stand for it where the list is a text that is not packed.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from hashmatch.linting import columns

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from hashmatch.linting.check import Subject
    from hashmatch.linting.finding import Sighting
    from hashmatch.linting.stretch import Stretch

    Numbers = NDArray[np.uint64]


class Marks:
    """Marks the sightings of one list; those of lost rows wait until the list was read."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._waiting: list[tuple[Sighting, Numbers]] = []

    def of(self, stretch: Stretch, sightings: Iterable[Sighting]) -> Iterator[Sighting]:
        """Mark by the hashes of the records; what has to wait is not yielded."""
        whole: Numbers | None = None
        for sighting in sightings:
            if not sighting.needs_marks:
                yield sighting
                continue
            if whole is None:
                whole = columns.whole(stretch)
            found = _at(stretch, whole, np.asarray(sighting.places, np.int64))
            if found.all() or not self._has_lines():
                yield replace(sighting, marks=found)
            else:
                self._waiting.append((sighting, found))

    def rest(self) -> Iterator[Sighting]:
        """Mark by the lines what no record is left of.

        Raises:
            OSError: the list cannot be read again.
        """
        waiting, self._waiting = self._waiting, []
        wanted = {
            place
            for sighting, found in waiting
            for place in np.asarray(sighting.places)[found == 0].tolist()
        }
        lines = self._lines(wanted) if wanted else {}
        for sighting, found in waiting:
            told = [
                mark or lines.get(int(place), 0)
                for place, mark in zip(sighting.places, found.tolist(), strict=True)
            ]
            yield replace(sighting, marks=np.array(told, np.uint64))

    def _has_lines(self) -> bool:
        subject = self._subject
        return subject.by_line and subject.seen is not None and str(subject.path) == subject.name

    def _lines(self, wanted: set[int]) -> dict[int, int]:
        found: dict[int, int] = {}
        with self._subject.path.open("rb") as stream:
            for place, line in enumerate(stream, 1):
                if place in wanted:
                    digest = hashlib.blake2b(line.strip(), digest_size=8).digest()
                    found[place] = int.from_bytes(digest)
                    if len(found) == len(wanted):
                        break
        return found


def _at(stretch: Stretch, whole: Numbers, places: NDArray[np.int64]) -> Numbers:
    """Give the numbers of the records at these places, 0 where there is none."""
    if not len(stretch):
        return np.zeros(len(places), np.uint64)
    order = np.argsort(stretch.places, kind="stable")
    ordered = stretch.places[order]
    at = np.minimum(np.searchsorted(ordered, places), len(ordered) - 1)
    return np.where(ordered[at] == places, whole[order[at]], np.uint64(0))
