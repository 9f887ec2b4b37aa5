"""A medium on which what its imager could not read counts as damaged, like what cannot be read now.

An image has zeros for such sectors, under right checksums: the content of files that lie there is
not what it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

from hashmatch.evidence.media.around import Around
from hashmatch.evidence.media.interface import Medium, Stretch


def counted(medium: Medium) -> Medium:
    """Give a medium whose damage begins with what whoever made the image could not read."""
    return _Counted(medium) if medium.facts.bad else medium


class _Counted(Around):
    @property
    def damage(self) -> Sequence[Stretch]:
        return _Joined(self._medium.facts.bad, self._medium.damage)

    def close(self) -> None:
        self._medium.close()


class _Joined(Sequence[Stretch]):
    """Two sequences as one, of which the second grows; nothing is copied until it is asked for."""

    def __init__(self, first: Sequence[Stretch], second: Sequence[Stretch]) -> None:
        self._first = first
        self._second = second

    def __len__(self) -> int:
        return len(self._first) + len(self._second)

    @overload
    def __getitem__(self, index: int) -> Stretch: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Stretch]: ...
    def __getitem__(self, index: int | slice) -> Stretch | Sequence[Stretch]:
        places = range(len(self))[index]
        if isinstance(places, range):
            return [self._at(place) for place in places]
        return self._at(places)

    def _at(self, place: int) -> Stretch:
        first = len(self._first)
        return self._first[place] if place < first else self._second[place - first]
