"""RAR archives, from version 2 to 7.

Headers are read, members decrypted, and checksums compared here; libarchive unpacks, and what it
cannot an installed unrar or unar. Members of several volumes are said, each by its name: the other
volumes lie beside this one, where nothing that looks into it can reach.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from hashmatch.evidence.members import libarchive, rar4_headers, rar5_headers, rar_program
from hashmatch.evidence.members.interface import Given, Inside, LeftOut, MemberError, Trouble
from hashmatch.evidence.members.left_out import LONGEST_TARGET, rule_for
from hashmatch.evidence.members.moments import iso
from hashmatch.evidence.members.rar_content import Group
from hashmatch.evidence.members.rar_entries import COPY, HARD_LINK, End, Entry
from hashmatch.evidence.members.rar_secrets import Passwords
from hashmatch.evidence.members.unpacked import followed, read_at, unpacked
from hashmatch.model.facts import Facts
from hashmatch.model.locators import layer
from hashmatch.model.outcomes import Reason, Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hashmatch.model.locators import Layer
    from hashmatch.model.secrets import Secrets

NAME = "rar"
TITLE = "RAR archive"
HELP = f"{libarchive.HELP}; {rar_program.HELP}"
prepare = libarchive.library
"""Loads libarchive: a confined process cannot do so later."""
_FIRST = b"RE\x7e\x5e"  # version 1.4


def recognise(head: bytes, name: bytes) -> bool:  # noqa: ARG001  # content says it
    """Tell by how it begins."""
    return head.startswith((rar4_headers.MAGIC, rar5_headers.MAGIC, _FIRST))


def members(stream: BinaryIO, secrets: Secrets) -> Iterator[Given]:
    """Yield every member; see :class:`hashmatch.evidence.members.interface.Container`."""
    head = read_at(stream, 0, len(rar5_headers.MAGIC))
    if head.startswith(_FIRST):
        raise MemberError(Reason.UNSUPPORTED_CONTAINER)
    return _Archive(stream, secrets, new=head == rar5_headers.MAGIC).members()


class _Archive:
    def __init__(self, stream: BinaryIO, secrets: Secrets, *, new: bool) -> None:
        self._stream, self._new = stream, new
        self._keys = Passwords(list(dict.fromkeys(secrets.passwords)))
        self._group = Group(stream, self._keys, new=new)
        self._contents: dict[bytes, Callable[[], Iterator[bytes]]] = {}

    def members(self) -> Iterator[Given]:
        """Yield what every header stands for, and say whether there should be more."""
        waiting: list[Given] = []  # all of a group must be known before one is unpacked
        trouble: MemberError | None = None
        entries = enumerate(self._entries())
        while trouble is None:
            try:
                number, found = next(entries)
                given = (
                    self._given(found, number) if isinstance(found, Entry) else self._more(found)
                )
            except MemberError as error:
                trouble = error
                continue
            except StopIteration:
                break
            if not (isinstance(found, Entry) and found.solid):
                yield from waiting
                waiting = []
            waiting += [given] if given is not None else []
        yield from waiting
        if trouble is not None:
            raise trouble

    def _more(self, end: End) -> Given | None:
        """Say what is beyond the end."""
        if end.more:
            return Trouble(b"", layer(NAME), Reason.UNSUPPORTED_CONTAINER)
        if followed(self._stream, end.place):
            return Trouble(b"", layer(NAME), Reason.DAMAGED_CONTAINER)
        return None

    def _entries(self) -> Iterator[Entry | End]:
        if self._new:
            return rar5_headers.entries(self._stream, self._keys)
        return rar4_headers.entries(self._stream, self._keys)

    def _given(self, entry: Entry, number: int) -> Given | None:
        where = layer(NAME, entry.name, n=number)
        target = _target(entry)
        if target is not None and target[0] != COPY:
            rule = Rule.HARD_LINK if target[0] == HARD_LINK else Rule.SYMLINK
            return LeftOut(entry.name, where, rule)
        if entry.folder and not entry.data.size:
            return None
        if target is None and (left := rule_for(entry.mode, entry.data.size)) is not None:
            return LeftOut(entry.name, where, left)
        if entry.split:
            return Trouble(entry.name, where, Reason.UNSUPPORTED_CONTAINER)
        return self._inside(entry, where, target)

    def _inside(self, entry: Entry, where: Layer, target: tuple[str, bytes] | None) -> Given:
        if target is not None:
            blocks = self._contents.get(target[1])
            if blocks is None:
                return Trouble(entry.name, where, Reason.DAMAGED_CONTAINER)
        else:
            blocks = self._content(entry)
        self._contents[entry.name] = blocks
        times = dict(entry.times)
        shown = tuple((name, iso(ns)) for name, ns in entry.times)
        if not shown and entry.local:
            shown = (("modified", entry.local),)
        facts = Facts(times=shown) if shown else None

        def content() -> BinaryIO:
            return unpacked(blocks())

        return Inside(entry.name, where, entry.size, content, times.get("modified", 0), facts)

    def _content(self, entry: Entry) -> Callable[[], Iterator[bytes]]:
        if not entry.solid:
            self._group = Group(self._stream, self._keys, new=self._new)
        group, number = self._group, self._group.add(entry)
        return lambda: group.content(number)


def _target(entry: Entry) -> tuple[str, bytes] | None:
    """Give what a link points to; None for what is none, or holds more than a link may."""
    return None if entry.data.size > LONGEST_TARGET else entry.points
