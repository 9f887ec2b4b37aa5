"""Files or a device whose bytes, one after the other, are the content."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from hashmatch.evidence.media.damage import Damage
from hashmatch.evidence.media.interface import MediumFacts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hashmatch.evidence.media.interface import Stretch
    from hashmatch.evidence.media.segments import Segments
    from hashmatch.model.records import Json


class Joined:
    """A raw medium. Sectors that cannot be read come as zeros and are noted, sector by sector."""

    def __init__(self, form: str, segments: Segments, said: dict[str, Json] | None = None) -> None:
        """Take over open segments; they are closed with the medium.

        Args:
            form: the registered name.
            segments: in the order of the content.
            said: what is known of the medium beside its size.
        """
        self._segments = segments
        self._ends = list(accumulate(one.size for one in segments.all))
        self._size = self._ends[-1] if self._ends else 0
        self._facts = MediumFacts(form, self._size, segments.all, said=said or {})
        self._damage = Damage(self._size)

    @property
    def size(self) -> int:
        """Bytes of content: the sizes of all segments."""
        return self._size

    @property
    def facts(self) -> MediumFacts:
        """What its files say about it."""
        return self._facts

    @property
    def damage(self) -> Sequence[Stretch]:
        """Stretches met so far that could not be read."""
        return self._damage

    def read_at(self, offset: int, length: int) -> bytes:
        """Read; fewer bytes than asked for only at the end of the medium."""
        end = min(offset + length, self._size)
        if offset < 0 or offset >= end:
            return b""
        parts: list[bytes] = []
        number = bisect_right(self._ends, offset)
        while offset < end:
            begin = self._ends[number - 1] if number else 0
            wanted = min(end, self._ends[number]) - offset
            if wanted:
                parts.append(self._part(number, offset - begin, wanted, offset))
            offset += wanted
            number += 1
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def close(self) -> None:
        """Let go of the files."""
        self._segments.close()

    def _part(self, number: int, at: int, length: int, offset: int) -> bytes:
        found, lost = self._segments.sectors(number, at, length)
        for start, size, why in lost:
            self._damage.note(offset + start, size, why)
        return found
