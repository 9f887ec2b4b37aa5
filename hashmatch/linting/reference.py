"""Another list to compare with: an earlier version, or values that are known to be harmless."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from hashmatch.linting import columns
from hashmatch.linting.prints import print_of
from hashmatch.linting.spool import Spool
from hashmatch.linting.stretches import entry_number
from hashmatch.model.hashes import Algorithm, Method

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hashmatch.linting.harmless import Sized
    from hashmatch.linting.prints import Bytes, Prints
    from hashmatch.linting.spool import Folder
    from hashmatch.linting.stretch import Stretch


@dataclass(slots=True)
class Withdrawals:
    """What a list takes back: numbers of entries, prints of digests by algorithm."""

    entries: set[int] = field(default_factory=set)
    digests: dict[str, set[int]] = field(default_factory=dict)

    def take(self, stretch: Stretch) -> None:
        """Note the withdrawals of a stretch; one that takes back a part only is none."""
        for one in stretch.withdrawn:
            if one.part is not None:
                continue
            if one.entry is not None:
                self.entries.add(entry_number(one.entry))
            for digest in one.digests:
                known = self.digests.setdefault(digest.algorithm.value, set())
                known.add(print_of(digest.value))


@dataclass(slots=True)
class Reference:
    """The records of another list. ``name`` is its file's name, ``records`` their number.

    ``superseded`` has the SHA-256 (hex) of the files of still earlier versions, each with the day
    on which it was installed.
    """

    name: str
    spool: Spool
    facts: Mapping[str, str]
    withdrawn: Withdrawals
    perceptual: Mapping[Method, Bytes]
    superseded: dict[str, str] = field(default_factory=dict)
    _sorted: dict[Algorithm, Prints] = field(default_factory=dict)

    @classmethod
    def of(
        cls, name: str, stretches: Iterable[Stretch], facts: Mapping[str, str], folder: Folder
    ) -> Reference:
        """Read a list to its end; ``facts`` may be filled meanwhile."""
        spool = Spool(folder)
        withdrawn = Withdrawals()
        near: dict[Method, list[Bytes]] = {}
        for stretch in stretches:
            spool.add(len(stretch), columns.of(stretch, 0))
            withdrawn.take(stretch)
            for kind, hashes in stretch.hashes.items():
                if isinstance(kind, Method):
                    near.setdefault(kind, []).append(hashes.values)
        joined = {kind: np.unique(np.concatenate(parts), axis=0) for kind, parts in near.items()}
        return cls(name, spool, facts, withdrawn, joined)

    @property
    def records(self) -> int:
        """How many records it has."""
        return self.spool.rows

    def prints(self, algorithm: Algorithm) -> Prints:
        """Give the prints of one algorithm, sorted, each once: 8 bytes of memory for each."""
        if algorithm not in self._sorted:
            found = np.zeros(0, np.uint64)
            if algorithm.value in self.spool.names:
                parts = [block[block != 0] for _, block in self.spool.blocks(algorithm.value)]
                found = np.unique(np.concatenate([found, *parts]))
            self._sorted[algorithm] = found
        return self._sorted[algorithm]

    def sized_prints(self, algorithm: Algorithm) -> Sized:
        """Give the sorted prints of the records that state a size, with the sizes."""
        found, sizes = np.zeros(0, np.uint64), np.zeros(0, np.int64)
        if {algorithm.value, columns.SIZE} <= set(self.spool.names):
            pairs = zip(
                self.spool.blocks(algorithm.value), self.spool.blocks(columns.SIZE), strict=True
            )
            stated = [
                (own[both], size[both] - 1)
                for (_, own), (_, size) in pairs
                for both in [(own != 0) & (size > 0)]
            ]
            found = np.concatenate([found, *(own for own, _ in stated)])
            sizes = np.concatenate([sizes, *(size for _, size in stated)])
        found, at = np.unique(found, return_index=True)
        return found, sizes[at]
