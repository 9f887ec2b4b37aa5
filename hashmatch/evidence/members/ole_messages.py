"""Attachments of an Outlook message (.msg), also of the messages attached to it.

Source: [MS-OXMSG], [MS-OXPROPS].
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hashmatch.evidence.members import ole_documents
from hashmatch.evidence.members.interface import Inside, LeftOut
from hashmatch.evidence.members.ole_streams import read_stream
from hashmatch.evidence.members.unpacked import unpacked
from hashmatch.model.locators import layer
from hashmatch.model.outcomes import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.members.compound_file import CompoundFile, Entry
    from hashmatch.evidence.members.interface import Given

KIND = "msg"
MARK = ("__properties_version1.0",)
"""The path of a stream that every message has."""

_ATTACHMENT, _PROPERTY = "__attach_version1.0_#", "__substg1.0_"
_CONTENT, _EMBEDDED = _PROPERTY + "37010102", _PROPERTY + "3701000D"
_NAMES = tuple(
    _PROPERTY + tag for tag in ("3707001F", "3707001E", "3704001F", "3704001E", "3001001F")
)
_LONGEST_NAME = 4096

Paths = dict[tuple[str, ...], "Entry"]


def members(file: CompoundFile, entries: list[Entry]) -> Iterator[Given]:
    """Yield attachments in the order of their entries, then what other objects hold.

    An attachment that is only a link to a file elsewhere is left out as one.
    """
    known: Paths = {entry.path: entry for entry in entries}
    parents = {path[:depth] for path in known for depth in range(1, len(path))}
    numbers = ole_documents.Numbered(KIND)
    others: list[Entry] = []
    for entry in entries:
        path = entry.path
        if path[-1] == _CONTENT and len(path) > 1:
            name = _name(file, known, path[:-1])
            yield _inside(file, entry, name, numbers)
        elif path[-1] == MARK[-1] and len(path) > 1 and path[-2].startswith(_ATTACHMENT):
            if not parents.isdisjoint({(*path[:-1], _EMBEDDED)}):
                continue
            if (*path[:-1], _CONTENT) not in known:
                name = _name(file, known, path[:-1])
                where = layer(KIND, name, n=numbers.next())
                yield LeftOut(name, where, Rule.SYMLINK)
        elif not path[-1].startswith("__"):
            others.append(entry)
    yield from ole_documents.members(file, others, numbers)


def _inside(
    file: CompoundFile, entry: Entry, name: bytes, numbers: ole_documents.Numbered
) -> Inside:
    where = layer(KIND, name, n=numbers.next())
    return Inside(name, where, entry.size, lambda: unpacked(file.blocks(entry)))


def _name(file: CompoundFile, known: Paths, folder: tuple[str, ...]) -> bytes:
    """Give the name of an attachment, after those of the attachments that it is in."""
    parts = [
        _own_name(file, known, folder[:depth])
        for depth in range(1, len(folder) + 1)
        if folder[depth - 1].startswith(_ATTACHMENT)
    ]
    return b"/".join(parts) or folder[-1].encode("utf-8", "replace")


def _own_name(file: CompoundFile, known: Paths, folder: tuple[str, ...]) -> bytes:
    for tag in _NAMES:
        entry = known.get((*folder, tag))
        if entry is None or entry.size > _LONGEST_NAME:
            continue
        raw = read_stream(file, entry).content
        if tag.endswith("F"):
            raw = raw.decode("utf-16-le", "replace").encode("utf-8", "replace")
        if name := raw.rstrip(b"\0"):
            return name
    return folder[-1].removeprefix("__").encode("utf-8", "replace")
