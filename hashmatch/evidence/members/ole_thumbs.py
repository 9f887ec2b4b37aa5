"""Thumbnails in a Thumbs.db: one stream each, a short header and then a file.

Those of Windows 2000 and before lack the tables of their JPEG; they are told and not given. The
catalogue says which file each was of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hashmatch.evidence.members.interface import Inside, MemberError, Trouble
from hashmatch.evidence.members.ole_streams import read_stream
from hashmatch.evidence.members.pieces import held
from hashmatch.model.facts import Facts
from hashmatch.model.locators import layer
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.members.compound_file import CompoundFile, Entry
    from hashmatch.evidence.members.interface import Given

KIND = "thumbsdb"
CATALOG = ("Catalog",)

_BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
_LONGEST_HEADER = 64


def members(file: CompoundFile, entries: list[Entry]) -> Iterator[Given]:
    """Yield the thumbnails in the order of their entries."""
    names: dict[str, str] = {}
    for entry in entries:
        if entry.path == CATALOG:
            names = _catalogue(read_stream(file, entry).content)
    thumbnails = (entry for entry in entries if entry.path != CATALOG)
    for number, entry in enumerate(thumbnails):
        name = entry.path[0].encode("utf-8", "replace")
        where = layer(KIND, name, n=number)
        try:
            yield _thumbnail(file, entry, where_name=names.get(entry.path[0], ""), number=number)
        except MemberError as error:
            yield Trouble(name, where, error.reason)


def _thumbnail(file: CompoundFile, entry: Entry, *, where_name: str, number: int) -> Inside:
    stream = read_stream(file, entry)
    content = stream.content
    starts = (content.find(mark, 0, _LONGEST_HEADER) for mark in _BEGINNINGS)
    start = max(starts)
    if start < 0:
        raise MemberError(stream.trouble or Reason.UNSUPPORTED_CONTAINER)
    told = int.from_bytes(content[8:12], "little")
    size = told if start >= 12 and 0 < told <= len(content) - start else len(content) - start
    name = entry.path[0].encode("utf-8", "replace")
    facts = Facts(notes=(("original-name", where_name),)) if where_name else None
    body = content[start : start + size]
    return Inside(
        name, layer(KIND, name, n=number), size, held(body), facts=facts, doubt=stream.trouble
    )


def _catalogue(content: bytes) -> dict[str, str]:
    """Read which name stands for which stream: the number of an entry, its digits reversed."""
    names: dict[str, str] = {}
    place = int.from_bytes(content[:2], "little")
    while 16 <= place < len(content):
        size = int.from_bytes(content[place : place + 4], "little")
        if size < 16:
            break
        number = int.from_bytes(content[place + 4 : place + 8], "little")
        raw = content[place + 16 : place + size]
        name = raw[: len(raw) // 2 * 2].decode("utf-16-le", "replace").partition("\0")[0]
        names[str(number)[::-1]] = name
        place += size
    return names
