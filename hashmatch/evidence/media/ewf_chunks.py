"""Chunks of an Expert Witness image, read in runs and each checked by its own checksum."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from hashmatch.evidence import inflating
from hashmatch.evidence.media.damage import Damage

if TYPE_CHECKING:
    from collections.abc import Container

    from hashmatch.evidence.media.ewf_opening import Gathered
    from hashmatch.evidence.media.ewf_tables import Place, Tables
    from hashmatch.evidence.media.segments import Segments

RUN = 1 << 19
"""So many bytes of a segment are read at once, where chunks lie one after the other."""

KEPT = 16 << 20
"""Bytes of chunks that are kept, for reads that come back to them."""

MOST_KEPT = 4096


class Chunks:
    """The chunks of an image, by number.

    A chunk whose checksum fails, that cannot be read, or that no table has a place for, is zeros
    and damage: ``checksum``, ``unreadable`` or ``truncated``, ``missing``.
    """

    def __init__(self, segments: Segments, tables: Tables, found: Gathered) -> None:
        self._segments = segments
        self._tables = tables
        shape = found.shape
        self._chunk = shape.chunk if shape else 1
        self._most = 2 * self._chunk + 4096
        said = shape.sectors * shape.sector if shape else 0
        listed = tables.count * self._chunk
        needed = -(-said // self._chunk)
        self.size = said
        if tables.count and tables.count >= needed:
            self.size = self._end(said, shape.sector if shape else 1)
        if self.size > said:
            found.doubt(f"its chunks hold {self.size} bytes, and its sectors {said}; all are read")
        self._listed = min(listed, self.size)
        self.damage = Damage(self.size)
        if self.size > listed:
            why = "missing" if not found.broken else "truncated"
            self.damage.note(listed, self.size - listed, why, tables.count)
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        self._most_kept = min(max(KEPT // self._chunk, 2), MOST_KEPT)

    def read(self, offset: int, end: int) -> bytes:
        """Read from one byte up to before another; both lie on the medium."""
        there = min(end, self._listed)
        if there <= offset:
            return bytes(end - offset)
        found = self._read(offset, there)
        # Not by chunks: a header may claim any size.
        return found + bytes(end - there) if there < end else found

    def _end(self, said: int, sector: int) -> int:
        """Tell where the content ends by the last chunk, which may hold more than whole sectors.

        Some programs count only whole sectors of a source that ends within one, and yet store,
        and digest, all of it. Others fill the last chunk up with zeros, which are no content.
        """
        number = self._tables.count - 1
        begin = number * self._chunk
        wanted = max(said - begin, 0)
        segment, places = self._tables.places(number, number)
        place = next(places)
        if place is None:
            return max(said, begin)
        try:
            length = min(place.end - place.start, self._most)
            data = memoryview(self._segments.read(segment, place.start, length))
        except OSError:
            return max(said, begin)
        found: bytes | memoryview | None
        if place.packed:
            found = self._inflated(data, range(max(wanted, 1), self._chunk + 1))
        else:
            found = _plain(data, (wanted, min(len(data) - 4, self._chunk)))
        beyond = b"" if found is None else bytes(found[wanted:])
        whole = len(beyond) >= sector and not any(beyond) and said > begin
        return max(said, begin) + (0 if whole else len(beyond))

    def _read(self, offset: int, end: int) -> bytes:
        size = self._chunk
        first, last = offset // size, (end - 1) // size
        begin = offset - first * size
        if first == last:
            return bytes(self._pieces(first, first)[0][begin : begin + end - offset])
        pieces = self._pieces(first, last)
        pieces[0] = pieces[0][begin:]
        pieces[-1] = pieces[-1][: end - last * size]
        return b"".join(pieces)

    def _pieces(self, first: int, last: int) -> list[bytes | memoryview]:
        """Give chunks; those at either end are kept, since the next read may begin there."""
        pieces: list[bytes | memoryview] = []
        while (number := first + len(pieces)) <= last:
            kept = self._kept.get(number)
            if kept is None:
                pieces += self._run(number, last)
            else:
                self._kept.move_to_end(number)
                pieces.append(kept)
        self._keep(first, pieces[0])
        self._keep(last, pieces[-1])
        return pieces

    def _keep(self, number: int, piece: bytes | memoryview) -> None:
        if number not in self._kept:
            self._kept[number] = bytes(piece)
            if len(self._kept) > self._most_kept:
                self._kept.popitem(last=False)

    def _run(self, first: int, last: int) -> list[bytes | memoryview]:
        """Read chunks that lie one after the other in a segment: at least one, at most a run."""
        last = min(last, first + max(RUN // self._chunk, 1))
        segment, places = self._tables.places(first, last)
        start = next(places, None)
        if start is None:
            return [self._zeros(first, "missing")]
        run = [start]
        for place in places:
            if place is None or place.start != run[-1].end or place.end - start.start > RUN:
                break
            run.append(place)
        # The last may reach to the end of its section, whatever lies there.
        length = run[-1].start - start.start + min(run[-1].end - run[-1].start, self._most)
        try:
            data = memoryview(self._segments.read(segment, start.start, length))
        except OSError:
            if len(run) == 1:
                return [self._zeros(first, "unreadable")]
            return [
                piece for number in range(first, first + len(run)) for piece in self._one(number)
            ]
        return [
            self._checked(
                first + at, data[place.start - start.start : place.end - start.start], place
            )
            for at, place in enumerate(run)
        ]

    def _one(self, number: int) -> list[bytes | memoryview]:
        """Read one chunk alone, so that a bad sector costs no other."""
        return self._run(number, number)

    def _checked(self, number: int, data: memoryview, place: Place) -> bytes | memoryview:
        wanted = min(self._chunk, self.size - number * self._chunk)
        lengths = (wanted,) if wanted == self._chunk else (wanted, self._chunk)
        found = self._inflated(data, lengths) if place.packed else _plain(data, lengths)
        if found is not None:
            return found[:wanted]
        whole = len(data) == min(place.end - place.start, self._most)
        return self._zeros(number, "checksum" if whole else "truncated")

    def _inflated(self, data: memoryview, lengths: Container[int]) -> bytes | None:
        """Inflate; the stream ends with a checksum of what comes out, which is compared."""
        inflate = inflating.inflater()
        try:
            found = inflate.decompress(data, self._chunk + 1)
        except inflating.errors():
            return None
        return found if inflate.eof and len(found) in lengths else None

    def _zeros(self, number: int, why: str) -> bytes:
        offset = number * self._chunk
        length = min(self._chunk, self.size - offset)
        self.damage.note(offset, length, why, number)
        return bytes(length)


def _plain(data: memoryview, lengths: tuple[int, ...]) -> memoryview | None:
    """Give what is stored as it is, with its checksum behind it; the last may be filled up."""
    for length in lengths:
        content = data[: max(length, 0)]
        if 0 < length <= len(data) - 4 and inflating.adler32(content) == int.from_bytes(
            data[length : length + 4], "little"
        ):
            return content
    return None
