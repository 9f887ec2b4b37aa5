"""The entries of the folders of an ISO 9660, read by pieces: what is in them, and what cannot be.

Source: ECMA-119, 9.1; IEEE P1281 (fields behind names); zisofs (field ``ZF``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.media.interface import Medium

SECTOR = 2048
MOST_ENTRIES = 1 << 20
"""So many entries of one disc are read; those of folders with two kinds of names count twice."""

_FIRST_DESCRIPTOR = 16
_MOST_DESCRIPTORS = 64
_PIECE = 64 * SECTOR
_SPARE = 1 << 20
_FOLDER, _MORE = 0x02, 0x80
_NAME, _SMALLEST = 32, 34
"""Where an entry has the length of its name, which begins next; bytes of the smallest entry."""
_XA = 14  # bytes that discs with CD-ROM XA have before other fields
_MOST_AREAS = 4


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a folder: block and size of its content, and a packed time.

    ``apart`` says that the content is not simply what lies there: it goes on elsewhere, is
    interleaved, packed, or a further part of the entry before.
    """

    block: int
    size: int
    folder: bool
    time: bytes
    apart: bool


class Folders:
    """All folders below every descriptor of a volume.

    ``unsound`` are blocks of those that cannot be right, or were not read to their end. ``files``
    is how many whole ones there are below the descriptor that has most.
    """

    def __init__(self, content: Medium) -> None:
        self._content = content
        self._left = content.size + _SPARE  # folders that overlap are no reason to read for days
        self.unsound: list[int] = []
        self._counted: dict[int, int] = {}
        self.found = self._by_place()
        self.files = max(self._counted.values(), default=0)

    def _by_place(self) -> dict[tuple[int, int], Entry]:
        """Give the entries by block and size; what any entry of the same says holds for all."""
        found: dict[tuple[int, int], Entry] = {}
        for entry in self._all():
            key = entry.block, entry.size
            known = found.get(key)
            if known is not None and known != entry:
                time = known.time if known.time == entry.time else bytes(7)
                entry = replace(entry, time=time, apart=known.apart or entry.apart)  # noqa: PLW2901
            found[key] = entry
        return found

    def _all(self) -> Iterator[Entry]:
        waiting = list(enumerate(_roots(self._content)))
        seen = {one.block for _, one in waiting}
        left = MOST_ENTRIES
        while waiting:
            tree, folder = waiting.pop()
            for entry in self._inside(folder):
                left -= 1
                if left < 0:
                    self.unsound.append(folder.block)
                    return
                yield entry
                self._counted[tree] = self._counted.get(tree, 0) + (
                    not entry.folder and not entry.apart
                )
                if entry.folder and entry.block not in seen:
                    seen.add(entry.block)
                    waiting.append((tree, entry))

    def _inside(self, folder: Entry) -> Iterator[Entry]:
        """Yield the entries of one folder, as far as there is one."""
        follows = False
        for start in range(0, folder.size, _PIECE):
            length = min(_PIECE, folder.size - start)
            self._left -= length
            raw = self._content.read_at(folder.block * SECTOR + start, length)
            there = self._left >= 0 and len(raw) == length
            whole = bool(start) or raw[_NAME : _NAME + 2] == b"\1\0"  # the first is itself
            for place in range(0, len(raw), SECTOR):
                sector = raw[place : place + SECTOR]
                whole = whole and _is_sound(sector, self._content.size)
                for one in _listed(sector):
                    entry = _entry(one, self._content)
                    yield replace(entry, apart=True) if follows else entry
                    follows = bool(one[25] & _MORE)
            if not whole or not there:
                self.unsound.append(folder.block)
            if not there:
                return


def _roots(content: Medium) -> Iterator[Entry]:
    """Yield the first folder of each descriptor: the primary one, and those with other names."""
    for number in range(_FIRST_DESCRIPTOR, _FIRST_DESCRIPTOR + _MOST_DESCRIPTORS):
        raw = content.read_at(number * SECTOR, SECTOR)
        if raw[1:6] != b"CD001" or raw[:1] == b"\xff":
            return
        if raw[0] in {1, 2} and len(raw) == SECTOR:
            yield from (_entry(one, content) for one in _listed(raw[156:190]))


def _is_sound(raw: bytes, size: int) -> bool:
    """Tell whether the entries of a sector are as they must be.

    Each has room for its name and its content within the volume, and nothing follows the last.
    """
    place = 0
    while place < len(raw):
        length = raw[place]
        if not length:
            return not any(raw[place:])
        entry = raw[place : place + length]
        if len(entry) < max(length, _SMALLEST) or not 1 <= entry[_NAME] <= length - _NAME - 1:
            return False
        block, long = (int.from_bytes(entry[at : at + 4], "little") for at in (2, 10))
        if block * SECTOR + long > size:
            return False
        place += length
    return True


def _listed(raw: bytes) -> Iterator[bytes]:
    """Yield the entries of a sector as they lie; none reaches over its end."""
    place = 0
    while place + 33 <= len(raw) and raw[place] >= 33:  # what follows is empty
        yield raw[place : place + raw[place]]
        place += raw[place]


def _entry(raw: bytes, content: Medium) -> Entry:
    flags = raw[25]
    folder = bool(flags & _FOLDER)
    apart = bool(flags & _MORE or raw[1] or raw[26] or raw[27])
    return Entry(
        int.from_bytes(raw[2:6], "little"),
        int.from_bytes(raw[10:14], "little"),
        folder,
        raw[18:25],
        apart or (not folder and _is_packed(raw, content)),
    )


def _is_packed(raw: bytes, content: Medium) -> bool:
    """Tell whether a field behind the name says that the content is kept packed."""
    area = raw[_NAME + 1 + (raw[_NAME] | 1) :]  # the name is filled up to an odd length
    if area[6:8] == b"XA" and not area[:2].isalpha():
        area = area[_XA:]
    for _ in range(_MOST_AREAS):
        follows = b""
        for sign, field in _fields(area):
            if sign == b"ZF":
                return True
            if sign == b"CE":
                follows = field
        if len(follows) < 28:
            return False
        block, offset, length = (
            int.from_bytes(follows[at : at + 4], "little") for at in (4, 12, 20)
        )
        area = content.read_at(block * SECTOR + min(offset, SECTOR), min(length, SECTOR))
    return True  # nobody writes so many areas: it is not known, and so not read


def _fields(area: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the fields of an area, each with its signature."""
    place = 0
    while place + 4 <= len(area) and area[place + 2] >= 4:
        field = area[place : place + area[place + 2]]
        yield field[:2], field
        place += len(field)
