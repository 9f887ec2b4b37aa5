"""Walks a file system folder by folder; what lies open before the library is never followed twice.

The way down is kept in a list, so that no depth is too deep for the program; how deep a hostile
file system may be is limited by :data:`MOST_DEEP` and :data:`LONGEST_PATH`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.evidence.filesystems.tsk_content import damaged
from hashmatch.evidence.filesystems.tsk_entries import FOLDER, UNKNOWN, Named, Writer
from hashmatch.evidence.filesystems.tsk_family import UNALLOCATED, Family, opened
from hashmatch.evidence.filesystems.tsk_image import TROUBLES, Handle
from hashmatch.evidence.filesystems.tsk_streams import DEFAULT, streams
from hashmatch.model.evidence import Entry, Folder
from hashmatch.model.facts import Standing
from hashmatch.model.outcomes import Failed, Reason, Rule, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_DEEP = 4096
LONGEST_PATH = 1 << 16
"""Bytes of a path."""
LARGEST_FOLDER = 2 << 30
"""Bytes of the names of a folder; no file system has more."""
ORPHANS = b"$OrphanFiles"
_EXTEND_DELETED = b"$Extend/$Deleted"
"""Where NTFS keeps files of people that were deleted while they were open."""
_VIRTUAL_FOLDER = 11
_SMALLEST_RECORD = 128
_RESERVED = 64
_KINDS = (DEFAULT, 144, 160)
"""Kinds of attributes that hold the names of a folder."""


@dataclass(frozen=True, slots=True)
class _Name:
    """A name as a folder has it."""

    name: bytes
    addr: int
    seq: int
    deleted: bool
    file: Handle


@dataclass(slots=True)
class _Level:
    """A folder that is being walked and the names not yet visited."""

    named: Named
    names: Iterator[_Name]
    depth: int


class Walk:
    """One pass over a file system.

    Args:
        mounted: the file system of the library.
        family: what is particular to it.
        writer: makes entries.
        deleted: also tell what is deleted, and orphans.
    """

    def __init__(self, mounted: Handle, family: Family, writer: Writer, *, deleted: bool) -> None:
        self._mounted = mounted
        self._family = family
        self._writer = writer
        self._deleted = deleted
        self._levels: list[_Level] = []
        self._entered: set[tuple[int, bool]] = set()
        self._orphans: int | None = None
        self.named: set[int] = set()
        """Records that some folder names."""
        self._living: set[int] = set()

    def entries(self) -> Iterator[Entry]:
        """Yield the entries of all folders, then those of files that no folder names."""
        addr = int(self._mounted.info.root_inum)
        root = opened(self._mounted, addr)
        if root is None or int(root.info.meta.type) != FOLDER:
            yield Failed(b"", Stage.LIST, Reason.DAMAGED_FILE_SYSTEM)
        else:
            self.named.add(addr)
            if int(root.info.meta.flags) & UNALLOCATED:  # so that all names in it pass for deleted
                yield Failed(b"", Stage.LIST, Reason.DAMAGED_FILE_SYSTEM)
            named = Named(b"", self._family.ident(addr, int(root.info.meta.seq)))
            yield from self._folder(named, root, addr, 0)
        yield from self._below()
        if self._deleted and self._orphans is not None and not self._family.sweeps:
            yield from self._unnamed(self._orphans)
        if self._family.sweeps:
            yield from self._sweep()
        yield from self._damage()

    def _below(self) -> Iterator[Entry]:
        while self._levels:
            level = self._levels[-1]
            found = next(level.names, None)
            if found is None:
                self._levels.pop()
            else:
                yield from self._visit(level, found)

    def _visit(self, level: _Level, found: _Name) -> Iterator[Entry]:
        above = level.named
        path = above.path + b"/" + found.name if above.path else found.name
        ident = self._family.ident(found.addr, found.seq)
        if found.deleted or above.gone:
            if self._deleted:
                orphan = above.standing is Standing.ORPHAN
                standing = Standing.ORPHAN if orphan else Standing.DELETED
                yield from self._gone(Named(path, ident, standing, gone=True), found, level.depth)
            return
        own = above.own or self._family.is_metadata(found.addr, found.name)
        own = own and path != _EXTEND_DELETED
        yield from self._in_use(Named(path, ident, own=own), found, level.depth)

    def _in_use(self, named: Named, found: _Name, depth: int) -> Iterator[Entry]:
        meta = found.file.info.meta if found.file else None
        if meta is None or int(meta.type) == UNKNOWN:
            yield self._writer.failed(named, Stage.STAT, self._lost(found.addr))
            return
        if int(meta.type) == _VIRTUAL_FOLDER:
            self._orphans = found.addr
            return
        if int(meta.flags) & UNALLOCATED or not self._family.matches(found.file, found.seq):
            # The name is there and what it names is not: the two were not written together.
            yield self._writer.failed(named, Stage.STAT, Reason.DAMAGED_FILE_SYSTEM)
            return
        self.named.add(found.addr)
        self._living.add(found.addr)
        if int(meta.type) == FOLDER:
            yield from self._folder(named, found.file, found.addr, depth)
        else:
            yield from self._writer.entries(named, found.file)

    def _lost(self, addr: int) -> Reason:
        """Say why there is no record: the medium ends before it, or something is damaged."""
        cut = self._family.is_cut(self._family.record(addr))
        return Reason.DAMAGED_MEDIUM if cut else Reason.DAMAGED_FILE_SYSTEM

    def _gone(self, named: Named, found: _Name, depth: int) -> Iterator[Entry]:
        file = found.file
        if file is None or file.info.meta is None:
            file = self._family.gone(found.addr, found.seq) if found.addr else None
        if file is None or not int(file.info.meta.flags) & UNALLOCATED:
            yield self._writer.skipped(named, Rule.NAME_ONLY)
            return
        self.named.add(found.addr)
        if int(file.info.meta.type) == FOLDER:
            yield from self._folder(named, file, found.addr, depth)
        else:
            yield from self._writer.entries(named, file)

    def _folder(self, named: Named, file: Handle, addr: int, depth: int) -> Iterator[Entry]:
        """Enter a folder; tell first whether it could be listed, and the streams that it has."""
        key = self._family.folder(addr), named.gone
        if key in self._entered:
            yield self._again(named)
            return
        self._entered.add(key)
        rule = None if named.own or not named.path else self._left_out(file)
        if rule is not None:
            yield self._writer.skipped(named, rule)
            return
        if depth >= MOST_DEEP or len(named.path) > LONGEST_PATH:
            yield self._writer.failed(named, Stage.LIST, Reason.LIMIT_DEPTH)
            return
        met = len(self._family.content.damage)
        names, trouble = self._listed(file)
        if trouble is None and not named.gone and self._hides(addr, names):
            trouble = Reason.DAMAGED_FILE_SYSTEM
        if len(self._family.content.damage) > met or self._is_damaged(file, trouble):
            trouble = Reason.DAMAGED_MEDIUM
        if trouble is None:
            yield Folder(named.path)
        else:
            yield self._writer.failed(named, Stage.LIST, trouble)
        yield from self._writer.entries(named, file)
        self._levels.append(_Level(named, iter(names), depth + 1))

    def _again(self, named: Named) -> Entry:
        if named.gone or self._family.shares:
            return self._writer.skipped(named, Rule.FOLDER_LOOP)
        return self._writer.failed(named, Stage.LIST, Reason.DAMAGED_FILE_SYSTEM)

    def _hides(self, addr: int, names: list[_Name]) -> bool:
        return self._family.hides(addr, {one.addr for one in names if not one.deleted})

    def _left_out(self, file: Handle) -> Rule | None:
        try:
            return self._family.left_out(file)
        except TROUBLES:
            return None

    def _listed(self, file: Handle) -> tuple[list[_Name], Reason | None]:
        """List the names of a folder in order, and why there may be more."""
        names: list[_Name] = []
        trouble: Reason | None = None
        try:
            if int(file.info.meta.size) > min(self._family.content.size, LARGEST_FOLDER):
                return names, Reason.DAMAGED_FILE_SYSTEM  # the library would look for all of it
            kept = self._family.names(file)
            if kept is None:
                for one in file.as_directory():
                    name = one.info.name
                    if name is not None and bytes(name.name) not in {b".", b".."}:
                        names.append(_name(one, self._family))
            else:
                for label, addr, gone in kept:
                    names.append(_Name(label, addr, 0, gone, opened(self._mounted, addr)))
        except TROUBLES:
            trouble = Reason.DAMAGED_FILE_SYSTEM
        names.sort(key=lambda one: (one.name, one.addr, one.seq, one.deleted))
        return names, trouble

    def _is_damaged(self, file: Handle, trouble: Reason | None) -> bool:
        """Tell whether what a folder was read from meets damage of the medium, or its end."""
        if trouble is None and not self._family.content.damage:
            return False
        try:
            return any(
                damaged(self._family.content, one.runs)
                for one in streams(file, self._family.unit, _KINDS)
            )
        except TROUBLES:
            return trouble is None

    def _unnamed(self, addr: int) -> Iterator[Entry]:
        """Walk the folder in which the library gathers files that no folder names."""
        file = opened(self._mounted, addr)
        if file is None:
            yield Failed(ORPHANS, Stage.LIST, Reason.DAMAGED_FILE_SYSTEM)
            return
        named = Named(ORPHANS, self._family.ident(addr, 0), Standing.ORPHAN, gone=True)
        names, trouble = self._listed(file)
        names = [one for one in names if one.addr not in self.named]
        if trouble is not None:
            yield self._writer.failed(named, Stage.LIST, trouble)
        elif names:
            yield Folder(ORPHANS)
        self._levels.append(_Level(named, iter(names), 1))
        yield from self._below()

    def _sweep(self) -> Iterator[Entry]:
        """Look through all records for those that no folder names, in use or not."""
        info = self._mounted.info
        for addr in range(
            max(int(info.first_inum), self._family.first_user()), int(info.last_inum)
        ):
            file = None if addr in self.named else opened(self._mounted, addr)
            if file is None or int(file.info.meta.type) in {UNKNOWN, _VIRTUAL_FOLDER}:
                continue
            gone = bool(int(file.info.meta.flags) & UNALLOCATED)
            if (gone and not self._deleted) or self._family.is_metadata(addr, b""):
                continue
            yield from self._orphan(addr, file, gone=gone)

    def _orphan(self, addr: int, file: Handle, *, gone: bool) -> Iterator[Entry]:
        name = self._family.orphan(file)
        if name is None:
            return
        ident = self._family.ident(addr, int(file.info.meta.seq))
        standing = Standing.ORPHAN if gone else Standing.ALLOCATED  # its folder is damaged
        named = Named(ORPHANS + b"/" + name, ident, standing, gone=gone)
        yield from self._writer.entries(named, file)

    def _damage(self) -> Iterator[Entry]:
        """Say that the file system's own lists of files meet damage, or the end, of the medium."""
        info = self._mounted.info
        cut = any(one.why == "truncated" for one in self._family.content.damage)
        if cut or int(info.last_block_act) < int(info.last_block):
            yield Failed(b"", Stage.LIST, Reason.DAMAGED_MEDIUM)  # what was deleted may be cut off
        elif self._family.contradictory(self._living):
            yield Failed(b"", Stage.LIST, Reason.DAMAGED_FILE_SYSTEM)
        for addr in self._family.damaged_structures():
            file = opened(self._mounted, addr)
            try:
                known = [] if file is None else self._family.streams(file)
            except TROUBLES:
                known = []
            if any(damaged(self._family.content, one.runs) for one in known):
                yield Failed(b"", Stage.LIST, Reason.DAMAGED_MEDIUM)


def _name(file: Handle, family: Family) -> _Name:
    name = file.info.name
    addr, deleted = int(name.meta_addr), bool(int(name.flags) & UNALLOCATED)
    stored = bytes(name.name)
    label = stored if deleted else family.called(stored, addr)
    return _Name(label, addr, int(name.meta_seq), deleted, file)
