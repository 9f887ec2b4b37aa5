"""Backups of iPhones and iPads: which file on the phone a stored one was, and whether it is locked.

A backup is a folder, or an archive of one; its files have names like ``ab/abcd...``, which are
digests of where the phone had them. The list, ``Manifest.db``, names what lies beside it.
``Manifest.plist`` says whether all that is encrypted. It is looked into as a container is: it
gives nothing, and fails where the files of its backup hold nothing that could be compared.

Source: SQLite database file format; the table ``Files`` as libimobiledevice documents it.
"""

from __future__ import annotations

import plistlib
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING, BinaryIO
from xml.parsers.expat import ExpatError

from hashmatch.evidence.members.interface import MemberError
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.members.interface import Given
    from hashmatch.model.secrets import Secrets

NAME = "ios-backup"
TITLE = "Backup of an iPhone or iPad"
HELP = ""
MANIFEST = b"Manifest.db"
MANIFEST_BEFORE = b"Manifest.mbdb"
"""The list of backups up to iOS 9, which is not read."""
PROPERTIES = b"Manifest.plist"
_PROPERTY_LISTS = (b"bplist00", b"<?xml", b"<!DOCTYPE plist", b"<plist")
_PIECE = 1 << 20
_MAGIC = b"SQLite format 3\0"
_MOST_BYTES = 1 << 30
_MOST_PROPERTIES = 64 << 20
_MOST_FILES = 10_000_000
_STEPS = 100_000  # of the database's machine, between looks at the clock
_SECONDS = 600.0
_QUERY = "SELECT fileID, domain, relativePath FROM Files WHERE flags = 1"


def recognise(head: bytes, name: bytes) -> bool:
    """Tell whether it is a property list that has the name of a backup's."""
    return name == PROPERTIES and head.startswith(_PROPERTY_LISTS)


def members(stream: BinaryIO, secrets: Secrets) -> Iterator[Given]:  # noqa: ARG001
    """Give nothing: what a backup holds lies beside its properties.

    Raises:
        MemberError: the backup is encrypted, so that its files hold nothing to compare; or the
            property list is damaged, and may say so.
    """
    if encrypted(stream):
        raise MemberError(Reason.KEY_NEEDED)
    yield from ()


def names(manifest: BinaryIO) -> Iterator[tuple[str, str, str]]:
    """Give every stored file of a backup: its name there, its domain and path on the phone.

    The file's name is 40 hexadecimal digits; it lies in a folder named by the first two of them.
    The database is read in memory, so that nothing is written beside it.

    Raises:
        MemberError: it is no such list, too large, damaged, or encrypted as a whole.
    """
    content = _content(manifest)
    with closing(sqlite3.connect(":memory:")) as database:
        try:
            database.deserialize(content)
            database.execute("PRAGMA trusted_schema = OFF")
            database.execute("PRAGMA cell_size_check = ON")
            database.set_progress_handler(_Watch().spent, _STEPS)
            database.text_factory = lambda text: text.decode("utf-8", "surrogateescape")
            for number, row in enumerate(database.execute(_QUERY)):
                if number >= _MOST_FILES:
                    raise MemberError(Reason.LIMIT_COUNT)
                if _is_row(row):
                    yield row
            (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
        except (sqlite3.Error, OverflowError, ValueError):
            raise MemberError(Reason.DAMAGED_CONTAINER) from None
    if verdict != "ok":  # what is damaged may have lost rows without a word
        raise MemberError(Reason.DAMAGED_CONTAINER)


def _content(manifest: BinaryIO) -> bytearray:
    content = _read(manifest, _MOST_BYTES)
    if not content.startswith(_MAGIC):  # since iOS 10 the list of an encrypted backup is, too
        raise MemberError(Reason.KEY_NEEDED)
    # A journal that lies beside it is not there to be read: say so in the copy, or none opens.
    content[18:20] = b"\x01\x01"
    return content


def _read(stream: BinaryIO, most: int) -> bytearray:
    """Read it all; one call may give less than there is."""
    content = bytearray()
    while part := stream.read(_PIECE):
        content += part
        if len(content) > most:
            raise MemberError(Reason.LIMIT_KEPT)
    return content


def _is_row(row: tuple[object, ...]) -> bool:
    """Tell whether a row is of text, and its first field a name of a stored file."""
    if not all(isinstance(value, str) for value in row):
        return False
    name = str(row[0])
    return len(name) == 40 and not name.strip("0123456789abcdef")


class _Watch:
    """Ends a query that takes too long."""

    def __init__(self) -> None:
        self._end = time.monotonic() + _SECONDS

    def spent(self) -> int:
        """Tell whether the time is over."""
        return int(time.monotonic() > self._end)


def encrypted(properties: BinaryIO) -> bool:
    """Tell by ``Manifest.plist`` whether the stored files of a backup are encrypted.

    Raises:
        MemberError: it is no property list, or a damaged one.
    """
    content = bytes(_read(properties, _MOST_PROPERTIES))
    try:
        found = plistlib.loads(content)
    except (ValueError, ExpatError, RecursionError, OverflowError, TypeError, LookupError):
        raise MemberError(Reason.DAMAGED_CONTAINER) from None
    return isinstance(found, dict) and found.get("IsEncrypted") is True
