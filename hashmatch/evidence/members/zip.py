"""Zip archives, and everything that is one: office documents, apps, books, phone extractions.

Entries come as the directory names them, then those that only have a header of their own. A zip
without a directory, such as one cut off, gives what can be found by the headers before the members,
and says that it is damaged. So is one with something behind its end, or behind that of a member's
packed content, and one in which header and directory differ.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.evidence.members import methods, zip_directory, zip_entries, zip_times
from hashmatch.evidence.members.interface import Given, Inside, LeftOut, MemberError, Trouble
from hashmatch.evidence.members.left_out import rule_for
from hashmatch.evidence.members.unpacked import Stretch, followed, length, unpacked
from hashmatch.evidence.members.zip_content import Packed
from hashmatch.evidence.members.zip_directory import Covered
from hashmatch.evidence.members.zip_secrets import Keys
from hashmatch.model.facts import Facts
from hashmatch.model.locators import layer
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.members.zip_entries import Entry
    from hashmatch.model.locators import Layer
    from hashmatch.model.secrets import Secrets

NAME = "zip"
TITLE = "Zip archive"
HELP = (
    "pip install 'hashmatch[archives]' for Deflate64 and Zstandard; for PPMd "
    "install libarchive (Debian: libarchive13)"
)
MAGIC = (zip_entries.LOCAL, b"PK\x05\x06", b"PK\x07\x08PK\x03\x04", b"PK00PK\x03\x04")
_FOLDER, _KINDS = 0o040000, 0o170000
_LEAST = 32  # bytes that nothing at all may take, packed and encrypted
_FARTHEST = 1 << 62  # no stream can be asked for what lies farther


def recognise(head: bytes, name: bytes) -> bool:  # noqa: ARG001  # content says it
    """Tell by how it begins."""
    return head.startswith(MAGIC)


def members(stream: BinaryIO, secrets: Secrets) -> Iterator[Given]:
    """Yield every entry; see :class:`hashmatch.evidence.members.interface.Container`."""
    return Archive(stream, secrets, NAME).members()


@dataclass(frozen=True, slots=True)
class _Found:
    """An entry, and where its packed content lies; None where that is not to be found."""

    entry: Entry
    data: Stretch | None


class Archive:
    """One zip.

    Args:
        stream: it, seekable.
        secrets: passwords to try.
        kind: what its members are called in locators.
    """

    def __init__(self, stream: BinaryIO, secrets: Secrets, kind: str) -> None:
        self._stream, self._kind = stream, kind
        self._keys = Keys(secrets.passwords)
        self._broken = False
        self._tail = methods.Tail()

    def members(self) -> Iterator[Given]:
        """Yield every entry with content, in order; folders are counted and not given."""
        for number, found in enumerate(self._found()):
            given = self._given(number, found)
            if given is not None:
                yield given
        if self._broken or self._tail.left:
            yield Trouble(b"", layer(self._kind), Reason.DAMAGED_CONTAINER)

    def _found(self) -> Iterator[_Found]:
        total = length(self._stream)
        place = zip_directory.directory(self._stream)
        if place is None:
            self._broken = True
            for entry, data in zip_directory.unlisted(self._stream, 0, total):
                yield _Found(entry, data)
            return
        covered = Covered()
        covered.add(place.offset, place.end)
        self._broken = followed(self._stream, place.end)
        yield from self._listed(place, covered)
        for start, end in covered.gaps(total):
            for entry, data in zip_directory.unlisted(self._stream, start, end):
                if data.offset + data.size <= end:
                    yield _Found(entry, data)

    def _listed(self, place: zip_directory.Directory, covered: Covered) -> Iterator[_Found]:
        count = 0
        try:
            for entry in zip_entries.central(self._stream, place.offset, place.size):
                count += 1
                found = self._located(entry, place.before)
                if found.data is not None:
                    covered.add(found.entry.offset, found.data.offset + found.data.size)
                yield found
        except MemberError:
            self._broken = True
        if (count ^ place.count) & 0xFFFF or not place.agrees:
            self._broken = True

    def _located(self, entry: Entry, before: int) -> _Found:
        for at in (entry.offset + before, entry.offset):
            found = zip_entries.local(self._stream, at) if 0 <= at < _FARTHEST else None
            if found is not None:
                self._broken |= not zip_entries.agree(self._stream, entry, *found)
                return _Found(replace(entry, offset=at), Stretch(found[1], entry.packed))
        return _Found(entry, None)

    def _given(self, number: int, found: _Found) -> Given | None:
        entry = found.entry
        name, converted = zip_entries.shown(entry)
        where = layer(self._kind, name, n=number)
        if entry.flags & zip_entries.HIDDEN_HEADER:  # the name is not a name
            return Trouble(name, where, Reason.UNSUPPORTED_CONTAINER)
        if entry.mode & _KINDS == _FOLDER or (name.endswith(b"/") and not entry.size):
            empty = not entry.size and entry.packed <= _LEAST
            return None if empty else self._inside(found, where, converted=converted)
        rule = rule_for(entry.mode, max(entry.size, entry.packed - _LEAST))
        if rule is not None:
            return LeftOut(name, where, rule)
        return self._inside(found, where, converted=converted)

    def _inside(self, found: _Found, where: Layer, *, converted: bool) -> Given:
        entry, data = found.entry, found.data
        name = where.path or b""
        if entry.disk not in {0, 0xFFFF}:
            return Trouble(name, where, Reason.UNSUPPORTED_CONTAINER)
        if data is None:
            return Trouble(name, where, Reason.DAMAGED_CONTAINER)
        times, modified = zip_times.times(entry)
        raw = (("raw-name", entry.name.hex()),) if converted else ()
        notes = (*raw, *(() if entry.listed else (("listed", "no"),)))
        packed = Packed(self._stream, entry, data, self._keys, self._tail)
        return Inside(
            name,
            where,
            entry.size,
            lambda: unpacked(packed.blocks()),
            modified,
            Facts(times=times, notes=notes) if times or notes else None,
            Reason.DAMAGED_CONTAINER if entry.crc == zip_entries.UNKNOWN else None,
        )
