"""What the headers of a part of a message say: its kind, coding, boundary and name.

Source: RFC 2045, 2047, 2183, 2231.
"""

from __future__ import annotations

import base64
import binascii
import re

BEFORE = re.compile(rb"(?:\xef\xbb\xbf)?(?:[ \t]*\r?\n){0,32}(?=[!-9;-~]{1,76}[ \t]*:)")
"""What some programs leave before the first header field of a message."""
_PARAMETER = re.compile(rb';\s*([^\s=;]{1,64}?)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)', re.DOTALL)
_WORD = re.compile(rb"=\?([^?]{1,64})\?([bBqQ])\?([^?]*)\?=")
_BETWEEN_WORDS = re.compile(rb"(\?=)\s+(=\?)")
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")
_QUOTED = re.compile(rb"=([0-9A-Fa-f]{2})")
_LONGEST_FIELD = 64 << 10
_LONGEST_NAME = 1024
_MOST_SECTIONS = 64
_MOST_OF_ONE_NAME = 8
_DECISIVE = (b"content-type", b"content-transfer-encoding")


class Headers:
    """The headers of one part.

    Args:
        block: its lines, without the empty one after them.

    ``kind`` and ``coding`` are in lower case, ``kind`` is ``text/plain`` where none is said.
    ``boundary`` is empty for a part that holds no others; ``name`` is in UTF-8, or as it stands
    where its characters are not known, and empty for none. ``unclear`` says that a field about its
    kind or coding is there twice, or that it holds others and does not say what is between them.
    """

    def __init__(self, block: bytes) -> None:
        fields, self.unclear = _fields(block)
        told = fields.get(b"content-type", b"")
        self.kind = told.partition(b";")[0].strip().lower() or b"text/plain"
        self.coding = fields.get(b"content-transfer-encoding", b"").strip().lower()
        of_kind = _parameters(told)
        is_many = self.kind.startswith(b"multipart/")
        self.boundary = _name(of_kind, b"boundary").rstrip() if is_many else b""
        self.unclear |= is_many and not self.boundary
        disposition = _parameters(fields.get(b"content-disposition", b""))
        name = _name(disposition, b"filename") or _name(of_kind, b"name")
        self.name = name.replace(b"\r", b"").replace(b"\n", b"")[:_LONGEST_NAME]


def _fields(block: bytes) -> tuple[dict[bytes, bytes], bool]:
    """Give the fields about content with their lines joined, and whether one is there twice.

    Of several of one name the first counts, but a kind that says how parts are told apart is taken
    before one that does not.
    """
    found: dict[bytes, list[bytes]] = {}
    values: list[bytes] = []
    for line in block.splitlines():
        if line[:1] in {b" ", b"\t"} and values:
            if len(values[-1]) < _LONGEST_FIELD:
                values[-1] += b" " + line.strip()
            continue
        head, colon, value = line.partition(b":")
        name = head.strip().lower()
        values = found.setdefault(name, []) if colon and name.startswith(b"content-") else []
        if len(values) < _MOST_OF_ONE_NAME:
            values.append(value.strip()[:_LONGEST_FIELD])
    found.get(b"content-type", []).sort(key=lambda one: b"boundary" not in one.lower())
    twice = any(len(set(found.get(name, ()))) > 1 for name in _DECISIVE)
    return {name: values[0] for name, values in found.items()}, twice


def _parameters(field: bytes) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for match in _PARAMETER.finditer(field):
        value = match[2].strip()
        if value.startswith(b'"'):
            value = re.sub(rb"\\(.)", rb"\1", value.strip(b'"'), flags=re.DOTALL)
        found.setdefault(match[1].lower(), value)
    return found


def _name(parameters: dict[bytes, bytes], key: bytes) -> bytes:
    """Give a name, in whatever of four ways it is written."""
    whole = parameters.get(key + b"*")
    if whole is not None:
        return _extended(whole)
    parts = []
    is_extended = key + b"*0*" in parameters
    for number in range(_MOST_SECTIONS):
        section = key + b"*%d" % number
        value = parameters.get(section + b"*", parameters.get(section))
        if value is None:
            break
        parts.append(value)
    if parts:
        return _extended(b"".join(parts)) if is_extended else b"".join(parts)
    return _words(parameters.get(key, b""))


def _extended(value: bytes) -> bytes:
    charset, mark, rest = value.partition(b"'")
    _, second, text = rest.partition(b"'")
    if not mark or not second:
        return value
    raw = _PERCENT.sub(lambda found: bytes.fromhex(found[1].decode()), text)
    return _in_utf8(raw, charset)


def _words(value: bytes) -> bytes:
    joined = _BETWEEN_WORDS.sub(rb"\1\2", value)
    return _WORD.sub(_word, joined)


def _word(found: re.Match[bytes]) -> bytes:
    charset, way, text = found[1], found[2].lower(), found[3]
    if way == b"q":
        raw = _QUOTED.sub(lambda code: bytes.fromhex(code[1].decode()), text.replace(b"_", b" "))
    else:
        try:
            raw = base64.b64decode(text + b"=" * (-len(text) % 4))
        except binascii.Error:
            return found[0]
    return _in_utf8(raw, charset.partition(b"*")[0])


def _in_utf8(raw: bytes, charset: bytes) -> bytes:
    try:
        return raw.decode(charset.decode("ascii")).encode()
    except (LookupError, ValueError):  # a name of no encoding, or not its bytes
        return raw
