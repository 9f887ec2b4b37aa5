r"""Lists that checksum tools write: md5sum, sha256sum, cksum, BSD md5, openssl dgst.

Line forms, all of which may be mixed::

    <hex>  name        <hex> *name        <hex> name
    SHA256 (name) = <hex or base64>       SHA2-256(name)= <hex>

A ``\`` before the line says that ``\\``, ``\n`` and ``\r`` in the name are escapes. With ``-z``
the lines end with NUL. Where no tag names the algorithm the length does: these tools write no
other hash of that length. Source: GNU coreutils manual; OpenSSL dgst.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.formats.gathering import Gathering, requiring_records
from hashmatch.formats.hash_text import BY_TYPE, MD5, SHA1, SHA256, SHA512, Kind, kind_named
from hashmatch.formats.interface import Certainty
from hashmatch.formats.text import TextLines, opening_lines
from hashmatch.model.records import Dropped, Loss

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.model.records import ListEvent

_BY_LENGTH = {2 * kind.size: kind for kind in (MD5, SHA1, SHA256, SHA512)}
_BY_LENGTH[96] = Kind("sha384")
_ESCAPES = {"\\\\": "\\", "\\n": "\n", "\\r": "\r"}


@dataclass(frozen=True, slots=True)
class _Sum:
    """The parts of one line. ``tag`` is empty where the line names no algorithm."""

    tag: str
    value: str
    name: str


@dataclass(frozen=True, slots=True)
class Sums:
    """Reads the output of checksum tools."""

    name: str = "sums"
    title: str = "checksum file (md5sum, sha256sum, cksum, openssl dgst)"
    has_categories: bool = False
    certainty: Certainty = Certainty.LINES
    takes: tuple[str, ...] = ("type",)

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise a list whose first lines all have one of the forms."""
        lines = opening_lines(head)
        return bool(lines) and all(_is_sum(line) for line in lines[:20])

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read the list; ``--type``, if given, holds for every line without a tag.

        Raises:
            HashSetError: no line has one of the forms.
        """
        lines = TextLines(stream, options, nul=True)
        stated = BY_TYPE[options.algorithm] if options.algorithm else None
        otherwise = "no line has the form of a checksum tool's output; check --format"
        yield from requiring_records(_events(lines, stated), otherwise)
        yield lines.facts()


def _events(lines: TextLines, stated: Kind | None) -> Iterator[ListEvent]:
    for place, line in lines:
        if line is None:
            yield Dropped(place, Loss.MALFORMED)
        elif line and not line.isspace() and line[0] not in "#;":
            yield from _sum(place, line, stated)


def _sum(place: int, line: str, stated: Kind | None) -> Iterator[ListEvent]:
    parts = _split(line)
    if parts is None:
        return iter([Dropped(place, Loss.MALFORMED)])
    kind = kind_named(parts.tag) if parts.tag else stated or _BY_LENGTH.get(len(parts.value))
    if kind is None:
        return iter([Dropped(place, Loss.UNKNOWN_ALGORITHM if parts.tag else Loss.WRONG_LENGTH)])
    gathering = Gathering()
    gathering.take(kind, parts.value)
    return gathering.events(place, {"name": parts.name})


def _split(line: str) -> _Sum | None:
    """Take a line apart; None when it has none of the forms."""
    escaped = line[0] == "\\"
    parts = _tagged(line[escaped:]) or _untagged(line[escaped:])
    if parts is None or not escaped:
        return parts
    return _Sum(parts.tag, parts.value, _unescape(parts.name))


def _untagged(line: str) -> _Sum | None:
    value, blank, name = line.partition(" ")
    if not name or not blank or not value.isalnum():
        return None
    return _Sum("", value, name[1:] if name[0] in " *" else name)


def _tagged(line: str) -> _Sum | None:
    for opening, closing in ((" (", ") = "), ("(", ")= ")):
        head, found, value = line.rpartition(closing)
        tag, bracket, name = head.partition(opening)
        if found and bracket and tag and " " not in tag and value.strip():
            return _Sum(tag, value.strip(), name)
    return None


def _is_sum(line: str) -> bool:
    parts = _split(line)
    if parts is None:
        return False
    return kind_named(parts.tag) is not None if parts.tag else len(parts.value) in _BY_LENGTH


def _unescape(name: str) -> str:
    if "\\" not in name:
        return name
    text, at = [], 0
    while at < len(name):
        pair = name[at : at + 2]
        text.append(_ESCAPES.get(pair, name[at]))
        at += 2 if pair in _ESCAPES else 1
    return "".join(text)


FORMAT = Sums()
