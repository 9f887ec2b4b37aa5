"""All hits of a batch of items from all sets: exact and near, merged per record."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from hashmatch.matching import near, video
from hashmatch.matching.merge import exact_hit, near_hit
from hashmatch.model.hashes import Method
from hashmatch.model.outcomes import MADE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hashmatch.db.installed import InstalledSet
    from hashmatch.matching.near import Limits
    from hashmatch.model.hits import Hit
    from hashmatch.model.outcomes import Reading


@dataclass(frozen=True, slots=True)
class Matcher:
    """The sets of a run, ready to be asked. Keeps no state between batches.

    ``methods`` are those that pictures are hashed by.
    """

    sets: tuple[InstalledSet, ...]
    limits: Limits
    methods: tuple[Method, ...] = (Method.PDQ,)

    @property
    def compares_pictures(self) -> bool:
        """Whether any set holds perceptual hashes that pictures are compared with."""
        return any(installed.has_near(self.methods) for installed in self.sets)

    @property
    def compares_videos(self) -> bool:
        """Whether any set holds hashes that frames can be compared with."""
        return any(installed.has_near(video.METHODS) for installed in self.sets)

    def match(self, readings: Sequence[Reading]) -> list[tuple[Hit, ...]]:
        """Look a batch up in every set.

        Returns:
            For each reading all its hits, from all sets, in a stable order: set, then record.
        """
        found: list[list[Hit]] = [[] for _ in readings]
        for installed in self.sets:
            for number, hits in self._in_one(installed, readings).items():
                found[number].extend(hits[record] for record in sorted(hits))
        return [tuple(hits) for hits in found]

    def _in_one(
        self, installed: InstalledSet, readings: Sequence[Reading]
    ) -> dict[int, dict[int, Hit]]:
        hits: dict[int, dict[int, Hit]] = defaultdict(dict)
        for number, records in _exact(installed, readings).items():
            for record in records:
                if hit := exact_hit(installed, record, readings[number].digests):
                    hits[number][record] = hit
        for number, record, how in chain(
            near.search(installed, readings, self.limits),
            video.search(installed, readings, self.limits),
        ):
            if record not in hits[number]:
                hits[number][record] = near_hit(installed, record, how)
        return hits


def _exact(installed: InstalledSet, readings: Sequence[Reading]) -> dict[int, set[int]]:
    """Record numbers by number of the reading, for every digest of the batch in one look-up.

    Digests of what was carved in part, or made from samples, are of no file that anybody had. Those
    of what could not all be read mostly agree with nothing; where one does, these are the bytes.
    """
    asked = [
        (number, digest)
        for number, reading in enumerate(readings)
        if reading.partial not in MADE
        for digest in reading.digests
    ]
    records: dict[int, set[int]] = defaultdict(set)
    answers = installed.lookup([digest for _, digest in asked])
    for (number, _), answer in zip(asked, answers, strict=True):
        if answer:
            records[number].update(answer)
    return records
