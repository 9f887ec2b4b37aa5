"""Attachments and pictures of a mail message, also of the messages attached to it.

Given is every part that has a name, is of a kind other than text, or begins as a picture or an
archive, and files written into a text by uuencode. Not given: the text of messages, pictures
written into HTML, and what stands before the first boundary or behind the last one. A part that
begins behind the last one is given, and that is said.
Parts are numbered as IMAP does it; those of an attached message go on below its own number.

Source: RFC 5322, 2045, 2046, 2183.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.evidence.members import mime_codings
from hashmatch.evidence.members.interface import Inside, MemberError, Trouble
from hashmatch.evidence.members.mime_headers import BEFORE
from hashmatch.evidence.members.mime_parts import Splitter
from hashmatch.evidence.members.pieces import places
from hashmatch.evidence.members.unpacked import read_at, unpacked
from hashmatch.model.locators import layer
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.members.interface import Given
    from hashmatch.evidence.members.mime_parts import Part
    from hashmatch.model.locators import Layer
    from hashmatch.model.secrets import Secrets

NAME = "mime"
TITLE = "mail message"
HELP = ""

_FIELD = re.compile(rb"([!-9;-~]{1,76})[ \t]*:")
_MAIL = frozenset(
    {
        *(b"from", b"to", b"date", b"subject", b"received", b"mime-version", b"message-id"),
        *(b"return-path", b"delivered-to", b"cc"),
    }
)
_LEAST = 2  # fields of mail that a message has
_MEDIA = (
    *(b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"RIFF", b"II*\0", b"MM\0*"),
    *(b"\x1aE\xdf\xa3", b"PK\3\4", b"%PDF-", b"Rar!\x1a\7", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b\x08"),
    *(b"BZh%d1AY&SY" % level for level in range(1, 10)),
    *(b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    *(b"\0\0\0\x0cj", b"\x78\x9f\x3e\x22", b"FLV\1", b"0&\xb2u\x8ef\xcf\x11", b"\0\0\1\xba"),
)
_UU = re.compile(rb"\nbegin [0-7]{3,4} ([^\r\n]{1,255})\r?\n")


def recognise(head: bytes, name: bytes) -> bool:  # noqa: ARG001  # content decides
    """Tell whether it begins with a block of header fields, two of them those of mail."""
    before = BEFORE.match(head)
    if before is None:
        return False
    head = head[before.end() :]
    found: list[bytes] = []
    lines = head.splitlines()
    for line in lines[: len(lines) - 1] if len(lines) > 1 else lines:
        if not line.strip():
            break
        if line[:1] in b" \t":
            continue
        field = _FIELD.match(line)
        if field is None:
            return False
        found.append(field[1].lower())
    return len(_MAIL.intersection(found)) >= _LEAST or found.count(b"received") >= _LEAST


def members(stream: BinaryIO, secrets: Secrets) -> Iterator[Given]:  # noqa: ARG001  # none opens it
    """Yield the parts in order.

    See :class:`hashmatch.evidence.members.interface.Container`. Where the end of the message is
    missing, an error comes after the last part.
    """
    splitter = Splitter(stream)
    for part in splitter.parts():
        try:
            yield from _given(stream, part)
        except MemberError as error:
            yield Trouble(part.name, _where(part), error.reason)
    if splitter.broken is not None:
        raise MemberError(splitter.broken)


def _given(stream: BinaryIO, part: Part) -> Iterator[Given]:
    coding = mime_codings.known(part.coding)
    if coding is None:
        yield Trouble(part.name, _where(part), Reason.UNSUPPORTED_CONTAINER)
        return
    if not (part.named or not part.kind.startswith(b"text/") or _is_media(stream, part)):
        yield from _in_text(stream, part)
        return
    doubt = Reason.DAMAGED_CONTAINER if part.unclear else None
    if part.unfinished and not _is_padded(stream, part):
        doubt = Reason.DAMAGED_CONTAINER
    yield Inside(
        part.name,
        _where(part),
        part.size if coding is mime_codings.plain else -1,
        lambda: unpacked(coding(stream, part.start, part.size)),
        doubt=doubt,
    )


def _where(part: Part) -> Layer:
    number = ".".join(map(str, part.number)).encode()
    return layer(NAME, number, name=part.name) if part.named else layer(NAME, number)


def _is_media(stream: BinaryIO, part: Part) -> bool:
    coding = mime_codings.known(part.coding) or mime_codings.plain
    opened = unpacked(coding(stream, part.start, min(part.size, 1024)))
    try:
        head = opened.read(16)
    except MemberError:  # cut short here, or damaged from its beginning on
        return False
    return head.startswith(_MEDIA) or head[4:8] == b"ftyp"


def _is_padded(stream: BinaryIO, part: Part) -> bool:
    """Tell whether a part says of itself that it is at its end."""
    tail = read_at(stream, part.start + max(0, part.size - 80), min(80, part.size))
    return part.coding == b"base64" and tail.rstrip().endswith(b"=")


def _in_text(stream: BinaryIO, part: Part) -> Iterator[Given]:
    """Give files that stand in a text by uuencode."""
    if mime_codings.known(part.coding) is not mime_codings.plain:
        return
    end = part.start + part.size
    number = 0
    for place, _ in places(stream, (b"\nbegin ",), end, part.start - 1):
        match = _UU.match(read_at(stream, place, min(300, end - place)))
        if match is None:
            continue
        begin = place + match.end()
        where = layer(NAME, _where(part).path, name=match[1], uu=number)
        yield Inside(
            match[1],
            where,
            -1,
            lambda begin=begin: unpacked(  # type: ignore[misc]
                mime_codings.uuencoded_lines(stream, begin, end - begin)
            ),
        )
        number += 1
