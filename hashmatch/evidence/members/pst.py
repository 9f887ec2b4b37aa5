"""Attachments in Outlook data files (PST, OST), also of messages attached to messages.

Deleted messages that the file still lists as orphans come too, and say so. Not looked into: the
text of messages, and what only an undelete of the file itself would find.

Source: [MS-PST], through libpff.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, BinaryIO

from hashmatch.evidence.members.interface import Inside, LeftOut, MemberError, Trouble
from hashmatch.evidence.members.library_errors import reasons
from hashmatch.evidence.members.unpacked import unpacked
from hashmatch.model.facts import Facts, Standing
from hashmatch.model.locators import layer
from hashmatch.model.outcomes import Reason, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.members.interface import Given
    from hashmatch.model.secrets import Secrets

NAME = "pst"
TITLE = "Outlook data file (PST, OST)"
HELP = "pip install 'hashmatch[documents]'"

_MAGIC = b"!BDN"
_BLOCK = 256 << 10
_DEEPEST = 64
_MOST_ITEMS = 10_000_000
_NAMES = (0x3704, 0x3001)  # short, as shown
_ORPHANS = b"$orphans"


def recognise(head: bytes, name: bytes) -> bool:  # noqa: ARG001  # content decides
    """Tell whether it begins as a PST does."""
    return head.startswith(_MAGIC)


def members(stream: BinaryIO, secrets: Secrets) -> Iterator[Given]:  # noqa: ARG001  # keys are in it
    """Yield attachments, folder by folder.

    See :class:`hashmatch.evidence.members.interface.Container`.
    """
    with reasons():
        import pypff  # noqa: PLC0415  # optional

        file = pypff.file()
        file.open_file_object(stream)
        root = file.get_root_folder()
    walk = _Walk()
    try:
        yield from walk.folders(root)
        yield from walk.orphans(file)
    finally:
        with reasons():
            file.close()
    if walk.trouble is not None:
        raise MemberError(walk.trouble)


@dataclass(frozen=True, slots=True)
class _Where:
    """Where a message is: its path, how deep in other messages, and how it stands."""

    path: bytes
    depth: int
    standing: Standing


class _Walk:
    """One pass over a file. Whatever cannot be listed leaves ``trouble``."""

    def __init__(self) -> None:
        self.trouble: Reason | None = None
        self._count = 0

    def folders(self, root: Any) -> Iterator[Given]:  # noqa: ANN401  # of a library
        waiting = [(root, b"", 0)]
        while waiting:
            folder, path, depth = waiting.pop()
            for number in range(self._number(folder, "number_of_sub_messages")):
                message = self._get(folder, "get_sub_message", number)
                where = _Where(path + b"%d" % number, 0, Standing.ALLOCATED)
                yield from self.message(message, where)
            below = []
            for number in range(self._number(folder, "number_of_sub_folders")):
                one = self._get(folder, "get_sub_folder", number)
                name = self._name(one) or b"folder-%d" % number
                below.append((one, path + name + b"/", depth + 1))
            if below and depth >= _DEEPEST:
                self.trouble = Reason.LIMIT_DEPTH
            else:
                waiting += reversed(below)

    def orphans(self, file: Any) -> Iterator[Given]:  # noqa: ANN401
        for number in range(self._number(file, "number_of_orphan_items")):
            item = self._get(file, "get_orphan_item", number)
            if item is not None and hasattr(item, "number_of_attachments"):
                where = _Where(_ORPHANS + b"/%d" % number, 0, Standing.ORPHAN)
                yield from self.message(item, where)

    def message(self, message: Any, where: _Where) -> Iterator[Given]:  # noqa: ANN401
        """Yield the attachments of a message; those of messages in it by a list, not a call."""
        waiting = [(message, where)]
        while waiting:
            one, at = waiting.pop()
            if at.depth > _DEEPEST:
                self.trouble = Reason.LIMIT_DEPTH
                continue
            for number in range(self._number(one, "number_of_attachments")):
                attachment = self._get(one, "get_attachment", number)
                if attachment is None:
                    continue
                inner = self._embedded(attachment)
                if inner is None:
                    yield self._given(attachment, at, number)
                else:
                    path = at.path + b"/%d" % number
                    waiting.append((inner, replace(at, path=path, depth=at.depth + 1)))

    def _given(self, attachment: Any, at: _Where, number: int) -> Given:  # noqa: ANN401
        name = b"%b/%b" % (at.path, self._attachment_name(attachment) or b"%d" % number)
        identifier = self._number(attachment, "identifier")
        where = layer(NAME, name, id=identifier, n=number)
        try:
            with reasons():
                told = attachment.get_size()
                size = 0 if told is None else int(told)
        except MemberError as error:
            return Trouble(name, where, error.reason)
        if told is None:  # it is only a link to a file elsewhere
            return LeftOut(name, where, Rule.SYMLINK)
        facts = None if at.standing is Standing.ALLOCATED else Facts(standing=at.standing)
        return Inside(name, where, size, lambda: unpacked(_blocks(attachment, size)), facts=facts)

    def _embedded(self, attachment: Any) -> Any:  # noqa: ANN401
        """Give the message that is attached, None for a file."""
        for number in range(self._number(attachment, "number_of_sub_items")):
            item = self._get(attachment, "get_sub_item", number)
            if hasattr(item, "number_of_attachments"):
                return item
        return None

    def _attachment_name(self, attachment: Any) -> bytes:  # noqa: ANN401
        if name := self._get(attachment, "get_long_filename"):
            return str(name).encode("utf-8", "replace")
        found: dict[int, str] = {}
        for number in range(min(self._number(attachment, "number_of_record_sets"), 4)):
            record_set = self._get(attachment, "get_record_set", number)
            for index in range(self._number(record_set, "number_of_entries")):
                entry = self._get(record_set, "get_entry", index)
                if getattr(entry, "entry_type", None) in _NAMES:
                    text = self._get(entry, "get_data_as_string")
                    found.setdefault(entry.entry_type, str(text or ""))
        name = next((found[kind] for kind in _NAMES if found.get(kind)), "")
        return name.encode("utf-8", "replace")

    def _name(self, folder: Any) -> bytes:  # noqa: ANN401
        return str(self._get(folder, "get_name") or "").encode("utf-8", "replace")

    def _number(self, thing: Any, name: str) -> int:  # noqa: ANN401
        """Read a number; 0 and trouble where that cannot be, or too many were counted."""
        try:
            with reasons():
                number = 0 if thing is None else int(getattr(thing, name) or 0)
        except MemberError as error:
            self.trouble = error.reason
            return 0
        return number

    def _get(self, thing: Any, name: str, *arguments: int) -> Any:  # noqa: ANN401
        """Call something of the library; None and trouble where it fails."""
        self._count += 1
        if self._count > _MOST_ITEMS:
            raise MemberError(Reason.LIMIT_COUNT)
        try:
            with reasons():
                return getattr(thing, name)(*arguments)
        except MemberError as error:
            self.trouble = error.reason
            return None


def _blocks(attachment: Any, size: int) -> Iterator[bytes]:  # noqa: ANN401  # of a library
    left = size
    with reasons():
        attachment.seek_offset(0, 0)
    while left:
        with reasons():
            block = bytes(attachment.read_buffer(min(_BLOCK, left)))
        if not block:
            raise MemberError(Reason.DAMAGED_CONTAINER)
        left -= len(block)
        yield block
