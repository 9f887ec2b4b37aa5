"""A file system that the library has mounted, as the rest of hashmatch sees one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hashmatch.evidence.filesystems import allocation, tsk_content
from hashmatch.evidence.filesystems.interface import UNKNOWN, Run
from hashmatch.evidence.filesystems.tsk_entries import Writer
from hashmatch.evidence.filesystems.tsk_family import UNALLOCATED, Family, opened
from hashmatch.evidence.filesystems.tsk_image import TROUBLES, Handle
from hashmatch.evidence.filesystems.tsk_walk import Walk
from hashmatch.model.evidence import Item
from hashmatch.model.locators import parse_place
from hashmatch.model.outcomes import ItemError, Reason, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hashmatch.evidence.filesystems.interface import Content
    from hashmatch.evidence.filesystems.tsk_streams import Stream
    from hashmatch.model.evidence import Entry
    from hashmatch.model.facts import Facts
    from hashmatch.model.locators import Layer


class TskFileSystem:
    """One mounted file system; see :class:`hashmatch.evidence.filesystems.interface.FileSystem`.

    Args:
        kind: as locators name it.
        mounted: the file system of the library.
        family: what is particular to it.
    """

    def __init__(self, kind: str, mounted: Handle, family: Family) -> None:
        self._kind = kind
        self._mounted = mounted
        self._family = family

    @property
    def kind(self) -> str:
        """As locators name it."""
        return self._kind

    def entries(self, *, deleted: bool) -> Iterator[Entry]:
        """Yield every entry once: each folder just before what it holds, names in byte order."""
        writer = Writer(self._kind, self._family)
        yield from Walk(self._mounted, self._family, writer, deleted=deleted).entries()

    def open(self, where: Layer, size: int) -> Content:
        """Open what a layer names.

        Raises:
            ItemError: there is no such entry any more, or it cannot be read as it was stored.
        """
        if size > 0 and len(where.keys) == 1:  # the library has listed it, and found nothing wrong
            plain = self._family.plain(*_numbers(where)[:2])
            if plain is not None and plain.size == size:
                return tsk_content.content(self._family.content, None, plain, ())
        file = self._file(where)
        try:
            found = self._pick(file, where)
            reason = self._family.obstacle(file, found)
        except TROUBLES:
            raise ItemError(Stage.OPEN, Reason.DAMAGED_FILE_SYSTEM) from None
        if size not in {UNKNOWN, found.size}:
            raise ItemError(Stage.OPEN, Reason.REPLACED)
        if reason is not None:
            raise ItemError(Stage.OPEN, reason)
        record = () if found.runs else self._family.record(int(file.info.meta.addr))
        return tsk_content.content(self._family.content, file, found, record)

    def _file(self, where: Layer) -> Handle:
        """Open the record that a layer names, if it stands as the layer says."""
        addr, seq, counted = _numbers(where)
        gone = where.has("del")
        file = opened(self._mounted, addr)
        if file is None:
            there = addr <= int(self._mounted.info.last_inum)
            raise ItemError(Stage.OPEN, Reason.DAMAGED_FILE_SYSTEM if there else Reason.VANISHED)
        if gone is not bool(int(file.info.meta.flags) & UNALLOCATED):
            raise ItemError(Stage.OPEN, Reason.REPLACED)
        if counted and not gone and not self._family.matches(file, seq):
            raise ItemError(Stage.OPEN, Reason.REPLACED)
        if counted and gone and self._family.gone(addr, seq) is None:
            raise ItemError(Stage.OPEN, Reason.REPLACED)
        return file

    def _pick(self, file: Handle, where: Layer) -> Stream:
        name, gone = where.key("ads") or b"", where.has("del")
        family = self._family
        found = [a.stream for a in family.recovered(file)] if gone else family.streams(file)
        for stream in found:
            if stream.name == name:
                return stream
        if name or gone:
            raise ItemError(Stage.OPEN, Reason.VANISHED)
        return family.nothing(file)

    def unallocated(self) -> Iterator[Run]:
        """Yield the space that holds no allocated content, in order; may take in metadata."""
        size = self._family.content.size
        space = self._family.space(self._named)
        if space is None:
            yield from allocation.complement(self._taken(), size)
        else:
            yield from allocation.clipped(space.free(), size)

    def _named(self) -> set[int]:
        """Give the records that folders name."""
        writer = Writer(self._kind, self._family)
        walk = Walk(self._mounted, self._family, writer, deleted=False)
        for _ in walk.entries():
            pass
        return walk.named

    def _taken(self) -> Iterator[Run]:
        for entry in self.entries(deleted=False):
            if isinstance(entry, Item) and entry.facts is not None:
                for offset, length in self._extents(entry, entry.facts):
                    yield Run(offset, -(-length // self._family.unit) * self._family.unit)

    def _extents(self, item: Item, facts: Facts) -> Sequence[tuple[int, int]]:
        """Give all extents of an item; what is told of it has only the first."""
        if facts.fragments <= len(facts.extents):
            return facts.extents
        where = parse_place(item.place)[0]
        try:
            stream = self._pick(self._file(where), where)
        except (ItemError, *TROUBLES):
            return facts.extents  # then the rest is taken for free, and looked at
        return [(run.offset, run.length) for run in stream.runs]

    def close(self) -> None:
        """Let go of the library's objects; the medium belongs to who opened it."""
        self._mounted = None


def _numbers(where: Layer) -> tuple[int, int, bool]:
    """Give the number of the record that a layer names, and the sequence number if it has one."""
    number, _, counted = (where.key("id") or b"").partition(b"-")
    if not number.isdigit() or (counted and not counted.isdigit()) or len(number) > 20:
        raise ItemError(Stage.OPEN, Reason.VANISHED)
    return int(number), int(counted or b"0"), bool(counted)
