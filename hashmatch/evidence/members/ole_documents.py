"""Pictures and files in the streams of an older Office document.

A stream that is a file of itself comes whole, as does what a package holds. Pictures of Office
drawings come by the lengths in their headers, others are found by their structure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hashmatch.evidence.members.interface import Inside, MemberError, Trouble
from hashmatch.evidence.members.office_pictures import Found, drawings, drawn
from hashmatch.evidence.members.ole_packages import package
from hashmatch.evidence.members.ole_streams import read_stream
from hashmatch.evidence.members.pieces import held, loose
from hashmatch.model.locators import layer
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hashmatch.evidence.members.compound_file import CompoundFile, Entry
    from hashmatch.evidence.members.interface import Given
    from hashmatch.model.locators import Layer

_PACKAGE = "\x01Ole10Native"
_LOCKED = frozenset({"EncryptedPackage", "EncryptedSummary"})
_BOOKS = frozenset({"Workbook", "Book"})
_FILES = (
    *(b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"RIFF", b"II*\0", b"MM\0*"),
    *(b"PK\3\4", b"%PDF-", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"Rar!", b"7z\xbc\xaf"),
)
_LEAST = 64  # bytes in which a picture may be
_TIMES = 4  # all streams together may be so many times as long as the file
_ENDINGS = {"jpeg": "jpg", "isobmff": "mp4", "quicktime": "mov", "riff": "webp"}


class Numbered:
    """Counts the members of one container.

    Args:
        kind: the kind in locators.
    """

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._next = 0

    def next(self) -> int:
        """Give the next number."""
        self._next += 1
        return self._next - 1

    def layer(self, name: bytes) -> Layer:
        """Name the next member."""
        return layer(self._kind, name, n=self.next())


def members(file: CompoundFile, entries: list[Entry], numbers: Numbered) -> Iterator[Given]:
    """Yield what the streams hold, in the order of their entries."""
    left = _TIMES * file.size
    for entry in entries:
        left -= entry.size
        if left < 0:  # streams that share their sectors, which no program writes
            raise MemberError(Reason.LIMIT_TOTAL)
        name = "/".join(entry.path).encode("utf-8", "replace")
        if entry.path[-1] in _LOCKED:
            yield Trouble(name, numbers.layer(name), Reason.KEY_NEEDED)
            continue
        yield from _in_stream(file, entry, name, numbers)


def _in_stream(file: CompoundFile, entry: Entry, name: bytes, numbers: Numbered) -> Iterator[Given]:
    is_given = False
    try:
        stream = read_stream(file, entry)
        for one in _found(entry.path[-1], stream.content):
            is_given = not one.name
            path = name + b"/" + one.name if one.name else name
            doubt = one.doubt or stream.trouble  # sectors of other streams may be among its own
            where = numbers.layer(path)
            yield Inside(path, where, len(one.content), held(one.content), doubt=doubt)
        trouble = stream.trouble
    except MemberError as error:
        trouble = error.reason
    if trouble is not None and not is_given:
        yield Trouble(name, numbers.layer(name), trouble)


def _found(name: str, content: bytes) -> Iterator[Found]:
    if name == _PACKAGE:
        yield package(content)
    elif content.startswith(_FILES) or content[4:8] == b"ftyp":
        yield Found(b"", content)
    elif name in _BOOKS:
        for place, part in drawings(content):
            yield from _pictures(part, b"%d-" % place)
    else:
        if name == "WordDocument" and content[0x0B:0x0C] and content[0x0B] & 1:
            raise MemberError(Reason.KEY_NEEDED)
        yield from _pictures(content, b"")


def _pictures(content: bytes, before: bytes) -> Iterator[Found]:
    """Give pictures of drawings, and between them what is a file by its structure."""
    place = 0
    for start, end, one in drawn(content):
        yield from _carved(content, place, start, before)
        yield Found(before + one.name, one.content, one.doubt)
        place = end
    yield from _carved(content, place, len(content), before)


def _carved(content: bytes, start: int, end: int, before: bytes) -> Iterator[Found]:
    if end - start < _LEAST:
        return
    for one in loose(_reader(content, end), start, end):
        begin = start + one.offset
        name = b"%b%d.%b" % (before, begin, _ENDINGS.get(one.kind, one.kind).encode())
        doubt = None if one.whole else Reason.CARVED_IN_PART
        yield Found(name, content[begin : begin + one.length], doubt)


def _reader(content: bytes, end: int) -> Callable[[int, int], bytes]:
    return lambda offset, length: content[offset : min(offset + length, end)]
