"""Undo how the parts of mail messages are coded, block by block.

What is not of the coding ends in an error after all that could be decoded, so that the content
counts as damaged.

Source: RFC 2045, section 6; POSIX uuencode.
"""

from __future__ import annotations

import binascii
import re
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.evidence.members.interface import MemberError
from hashmatch.evidence.members.unpacked import Stretch
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SPACE = b" \t\r\n"
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_OTHER = bytes(set(range(256)) - set(_ALPHABET) - set(b"="))
_BAD_QUOTED = re.compile(rb"=(?![0-9A-Fa-f]{2}|[ \t]*\r?\n|\Z)")
_LONGEST_LINE = 1 << 16


def known(name: bytes) -> Callable[[BinaryIO, int, int], Iterator[bytes]] | None:
    """Find a coding by its name; None for one that nothing here undoes."""
    return _CODINGS.get(name)


def plain(stream: BinaryIO, start: int, size: int) -> Iterator[bytes]:
    """Give content that is not coded; all of these take a stretch of a seekable stream."""
    return Stretch(start, size).blocks(stream)


def base64(stream: BinaryIO, start: int, size: int) -> Iterator[bytes]:
    """Decode base64; missing padding is no damage, anything but blanks after it is."""
    left = b""
    damaged = ended = False
    for block in plain(stream, start, size):
        damaged |= len(block.translate(None, _SPACE + _ALPHABET + b"=")) > 0
        text = block.translate(None, _OTHER)
        if ended:
            damaged |= bool(text.strip(b"="))
            continue
        text, mark, after = (left + text).partition(b"=")
        ended = bool(mark)
        damaged |= bool(after.strip(b"="))
        whole = len(text) // 4 * 4
        left = text[whole:]
        yield binascii.a2b_base64(text[:whole])
    if len(left) > 1:
        yield binascii.a2b_base64(left + b"=" * (4 - len(left)))
    if damaged or len(left) == 1:
        raise MemberError(Reason.DAMAGED_CONTAINER)


def quoted(stream: BinaryIO, start: int, size: int) -> Iterator[bytes]:
    """Decode quoted-printable."""
    damaged = False
    for lines in _lines(plain(stream, start, size)):
        damaged |= _BAD_QUOTED.search(lines) is not None
        yield binascii.a2b_qp(lines)
    if damaged:
        raise MemberError(Reason.DAMAGED_CONTAINER)


def uuencoded(stream: BinaryIO, start: int, size: int) -> Iterator[bytes]:
    """Decode uuencode, from the line that begins it."""
    has_begun = False
    for lines in _lines(plain(stream, start, size)):
        for line in lines.splitlines():
            if not has_begun:
                has_begun = line.startswith(b"begin ")
            elif line.rstrip() == b"end":
                return
            elif line.strip():
                yield _line(line)
    raise MemberError(Reason.DAMAGED_CONTAINER)


def uuencoded_lines(stream: BinaryIO, start: int, size: int) -> Iterator[bytes]:
    """Decode uuencode from the line after the one that begins it."""
    for lines in _lines(plain(stream, start, size)):
        for line in lines.splitlines():
            if line.rstrip() == b"end":
                return
            if line.strip():
                yield _line(line)
    raise MemberError(Reason.DAMAGED_CONTAINER)


def _line(line: bytes) -> bytes:
    """Decode a line; some programs add to it what its own length does not count."""
    counted = ((line[0] - 32 & 63) * 4 + 5) // 3
    for part in (line, line[:counted]):
        try:
            return binascii.a2b_uu(part)
        except ValueError:
            continue
    raise MemberError(Reason.DAMAGED_CONTAINER)


def _lines(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Cut blocks so that each ends with a line; one that is far too long is cut where it goes."""
    left = b""
    for block in blocks:
        data = left + block
        end = data.rfind(b"\n") + 1
        if not end and len(data) > _LONGEST_LINE:
            code = data.rfind(b"=", len(data) - 2)  # may go on in the next block
            end = len(data) if code < 0 else code
        left = data[end:]
        if end:
            yield data[:end]
    if left:
        yield left


_CODINGS: dict[bytes, Callable[[BinaryIO, int, int], Iterator[bytes]]] = {
    **dict.fromkeys((b"", b"7bit", b"8bit", b"binary"), plain),
    b"base64": base64,
    b"quoted-printable": quoted,
    **dict.fromkeys((b"x-uuencode", b"uuencode", b"x-uue", b"uue"), uuencoded),
}
