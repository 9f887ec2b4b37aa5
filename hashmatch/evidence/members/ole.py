"""Pictures and files inside compound files: older Office documents, Outlook messages, Thumbs.db.

Which of them it is, its streams say, and so do the locators: ``ole``, ``msg``, ``thumbsdb``. Not
looked into: the bodies of messages, and what is encrypted, which is told.

Source: [MS-CFB], [MS-OLEDS], [MS-OXMSG].
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.evidence.members import ole_documents, ole_messages, ole_thumbs
from hashmatch.evidence.members.compound_file import MAGIC, CompoundFile
from hashmatch.evidence.members.interface import MemberError
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.members.compound_file import Entry
    from hashmatch.evidence.members.interface import Given
    from hashmatch.model.secrets import Secrets

NAME = "ole"
TITLE = "compound file (older Office, Outlook message, Thumbs.db)"
HELP = ""

_THUMBNAIL = re.compile(r"\d{1,10}(_[0-9a-f]{1,16})?")


def recognise(head: bytes, name: bytes) -> bool:  # noqa: ARG001  # content decides
    """Tell whether it begins as a compound file does."""
    return head.startswith(MAGIC)


def members(stream: BinaryIO, secrets: Secrets) -> Iterator[Given]:  # noqa: ARG001  # none opens it
    """Yield what is found, stream by stream.

    See :class:`hashmatch.evidence.members.interface.Container`. Where the file is damaged, an
    error comes after the last member.
    """
    file = CompoundFile(stream)
    entries = file.entries()
    if any(entry.path == ole_messages.MARK for entry in entries):
        yield from ole_messages.members(file, entries)
    elif _holds_thumbnails(entries):
        yield from ole_thumbs.members(file, entries)
    else:
        yield from ole_documents.members(file, entries, ole_documents.Numbered(NAME))
    if file.damaged:
        raise MemberError(Reason.DAMAGED_CONTAINER)


def _holds_thumbnails(entries: list[Entry]) -> bool:
    others = [entry for entry in entries if entry.path != ole_thumbs.CATALOG]
    return bool(others) and all(
        len(entry.path) == 1 and _THUMBNAIL.fullmatch(entry.path[0]) for entry in others
    )
