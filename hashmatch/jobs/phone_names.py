"""Give the files of phones' backups the names that the phones had them under.

A backup of an iPhone or iPad is a folder with a list of its files, which are stored under digests.
The names go into the listing of a run before anything is read, as facts of the items, so that
hits tell where a file was. That is for backups among the items of a source; those that lie inside
an archive are not named.
"""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hashmatch import durable
from hashmatch.cases import listing
from hashmatch.errors import OutputError
from hashmatch.evidence.members import ios_backup
from hashmatch.jobs import phone_child
from hashmatch.jobs.phone_backups import Backup, Names
from hashmatch.jobs.phone_child import Lists
from hashmatch.model.evidence import Item
from hashmatch.model.facts import Facts, Standing
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from hashmatch.jobs.lister import Terms
    from hashmatch.model.evidence import Source

NOTE = "original"
"""The note of an item that says where it was, as of those in other extractions of phones."""

MOST_BACKUPS = 64
"""Lists of so many backups are read; further ones are told of."""

MOST_NAMES = 1_000_000
_MOST_BYTES = 128 << 20  # of names
_MOST_ROOTS = 1_000  # folders that may be backups
SECONDS = 900.0
"""Reading all lists may take so long."""

_CHIEFS = (ios_backup.MANIFEST, ios_backup.MANIFEST_BEFORE)
_CHIEF = re.compile(rb'Manifest\.(?:mb)?db"')
_BESIDE = re.compile(rb'(?:[0-9a-f]{40}|Manifest\.plist)"')
_STORED = re.compile(rb'[0-9a-f]{40}"')
_FILE = re.compile(rb"[0-9a-f]{40}")

_Where = tuple[int, bytes]
"""Number of a source, and a folder of it with ``/`` at its end."""


@dataclass(slots=True)
class _Root:
    """A folder that is perhaps a backup: what of it was listed.

    ``beyond``: it stands for all for which there was no room.
    """

    lists: dict[bytes, Item] = field(default_factory=dict)
    stored: bool = False
    beyond: bool = False
    names: Names = field(default_factory=Names)
    named: int = 0
    unnamed: int = 0

    def note(self, name: bytes, item: Item) -> None:
        """Take a list of the folder; what is still there goes before what was deleted."""
        if name not in self.lists or (_gone(self.lists[name]) and not _gone(item)):
            self.lists[name] = item

    def path(self) -> bytes:
        """Give the path of the list of its files."""
        return next(self.lists[name].path for name in _CHIEFS if name in self.lists)


def give(path: Path, sources: Sequence[Source], terms: Terms) -> tuple[Backup, ...]:
    """Rewrite a listing so that the stored files of backups carry their names as a fact.

    Nothing else of it changes, neither the entries nor their order. Memory is that of at most
    :data:`MOST_NAMES` names.

    Args:
        path: the listing, as :mod:`hashmatch.cases.listing` writes it.
        sources: those it lists.
        terms: how the processes run that read the lists of backups.

    Returns:
        What is to be said of each backup, in the order of sources and paths.

    Raises:
        OutputError: the disk does not take it.
        UsageError: a process is not confined as far as was asked for.
    """
    try:
        roots = _backups(path)
        ended = _read(roots, sources, terms) if roots else {}
        if roots:
            _rewrite(path, roots)
    except OSError as error:
        msg = f"the listing of the evidence could not be written to {path}: {error.strerror}"
        raise OutputError(msg) from None
    return tuple(_counted(ended[key], roots[key]) for key in sorted(roots))


def _counted(backup: Backup, root: _Root) -> Backup:
    unnamed = root.unnamed if backup.reason is None else 0
    return replace(backup, named=root.named, unnamed=unnamed)


def _backups(path: Path) -> dict[_Where, _Root]:
    """Find the folders that hold a list of files and files stored as it calls them."""
    roots = _with_lists(path)
    for source, item in _items(path, _BESIDE) if roots else ():
        folder, name = _split(item.path)
        if name == ios_backup.PROPERTIES and (source, folder) in roots:
            roots[source, folder].note(name, item)
        for above in _roots_of(item.path):
            if (source, above) in roots:
                roots[source, above].stored = True
    return {key: one for key, one in roots.items() if one.stored}


def _with_lists(path: Path) -> dict[_Where, _Root]:
    roots: dict[_Where, _Root] = {}
    for source, item in _items(path, _CHIEF):
        folder, name = _split(item.path)
        if name in _CHIEFS and (len(roots) <= _MOST_ROOTS or (source, folder) in roots):
            roots.setdefault((source, folder), _Root()).note(name, item)
    if len(roots) > _MOST_ROOTS:
        *_, last = roots.values()
        last.stored = last.beyond = True
    return roots


def _read(
    roots: Mapping[_Where, _Root], sources: Sequence[Source], terms: Terms
) -> dict[_Where, Backup]:
    """Have the list of each backup read, and say how that went."""
    found: dict[_Where, Backup] = {}
    until = time.monotonic() + SECONDS
    count, room = MOST_NAMES, _MOST_BYTES
    for number, (key, root) in enumerate(sorted(roots.items(), key=lambda pair: pair[0])):
        manifest = root.lists.get(ios_backup.MANIFEST)
        blank = Backup(key[0], root.path())
        if root.beyond or number >= MOST_BACKUPS:
            found[key] = replace(blank, reason=Reason.LIMIT_COUNT)
        elif manifest is None:
            found[key] = replace(blank, reason=Reason.UNSUPPORTED_CONTAINER)
        else:
            properties = root.lists.get(ios_backup.PROPERTIES)
            lists = Lists(sources[key[0]], manifest, properties, count, room)
            ended = phone_child.ask(lists, terms, until, root.names.add)
            count, room = count - len(root.names), room - root.names.room
            found[key] = replace(blank, locked=ended.locked, unfit=ended.unfit, reason=ended.reason)
    return found


def _rewrite(path: Path, roots: Mapping[_Where, _Root]) -> None:
    beside = path.with_name(path.name + ".named")
    beside.unlink(missing_ok=True)  # of a scan that stopped here
    try:
        handle = durable.open_own(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        with path.open("rb") as lines, os.fdopen(handle, "wb") as out:
            for line in _named(lines, roots):
                out.write(line)
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def _named(lines: BinaryIO, roots: Mapping[_Where, _Root]) -> Iterator[bytes]:
    for line in lines:
        if _STORED.search(line):
            source, entry = listing.entry_of(line)
            if isinstance(entry, Item) and (name := _name(source, entry, roots)) is not None:
                yield listing.line_of(source, _noted(entry, name))
                continue
        yield line


def _name(source: int, item: Item, roots: Mapping[_Where, _Root]) -> str | None:
    for folder in _roots_of(item.path):
        root = roots.get((source, folder))
        if root is None:
            continue
        name = root.names.of(bytes.fromhex(_split(item.path)[1].decode()))
        if name is not None:
            root.named += 1
            return name
        root.unnamed += 1
    return None


def _noted(item: Item, name: str) -> Item:
    facts = item.facts or Facts()
    notes = tuple((key, word) for key, word in facts.notes if key != NOTE)
    return replace(item, facts=replace(facts, notes=(*notes, (NOTE, name))))


def _items(path: Path, like: re.Pattern[bytes]) -> Iterator[tuple[int, Item]]:
    """Yield the items in lines with something in them; few lines are taken apart for that."""
    with path.open("rb") as lines:
        for line in lines:
            if like.search(line):
                source, entry = listing.entry_of(line)
                if isinstance(entry, Item):
                    yield source, entry


def _split(path: bytes) -> tuple[bytes, bytes]:
    folder, slash, name = path.rpartition(b"/")
    return folder + slash, name


def _roots_of(path: bytes) -> Iterator[bytes]:
    """Give the folders of which a stored file may be: its own, or the one above that."""
    folder, name = _split(path)
    if _FILE.fullmatch(name):
        yield folder
        if folder[-4:] in {b"/" + name[:2] + b"/", name[:2] + b"/"}:
            yield folder[:-3]


def _gone(item: Item) -> bool:
    return item.facts is not None and item.facts.standing is not Standing.ALLOCATED
