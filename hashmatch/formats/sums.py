r"""Lists that checksum tools write: md5sum, sha256sum, cksum, BSD md5, openssl dgst.

Line forms, all of which may be mixed::

    <hex>  name        <hex> *name        <hex> name        <size>  <hex>  name
    SHA256 (name) = <hex or base64>       SHA2-256(name)= <hex>

A ``\`` before the line says that ``\\``, ``\n`` and ``\r`` in the name are escapes. With ``-z``
the lines end with NUL. Where no tag names the algorithm the length does, as far as it can: 32, 40,
64 and 96 digits are taken for MD5, SHA-1, SHA-256 and SHA-384. BLAKE3 and SM3 have 64 digits as
well; their tools are so rare beside sha256sum that only ``--type`` tells them apart. 128 digits may
as well be BLAKE2b or Whirlpool, and are refused until the operator names them. SFV lists are
recognised only to say why they cannot be used.
Source: GNU coreutils manual; OpenSSL dgst; md5deep manual.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from hashmatch.errors import HashSetError
from hashmatch.formats.gathering import Gathering, requiring_records
from hashmatch.formats.hash_text import (
    BY_TYPE,
    MD5,
    SHA1,
    SHA256,
    SHA384,
    SHA512,
    Kind,
    kind_named,
)
from hashmatch.formats.interface import Certainty
from hashmatch.formats.text import TextLines, opening_lines
from hashmatch.formats.whole_rows import in_batches, requiring_any, whole
from hashmatch.model.hashes import Algorithm
from hashmatch.model.records import Dropped, Loss, RecordBatch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.model.records import FastEvent, ListEvent

_Line: TypeAlias = tuple[int, "str | None"]

_BY_LENGTH = {2 * kind.size: kind for kind in (MD5, SHA1, SHA256, SHA384)}
_AMBIGUOUS = 2 * SHA512.size
_LENGTHS = frozenset({*_BY_LENGTH, _AMBIGUOUS})
_SIZED = re.compile(r" *([0-9]{1,19})  ([0-9A-Fa-f]{32,128})  (.+)", re.DOTALL)
_CRC = re.compile(r".+ [0-9A-Fa-f]{8}")
_OTHERWISE = (
    "no line has the form of a checksum tool's output; check --format (an SFV list holds nothing"
    " but CRC-32, which different files share, so it cannot be used: get SHA-256 or MD5)"
)
_ESCAPES = {"\\\\": "\\", "\\n": "\n", "\\r": "\r"}


@dataclass(frozen=True, slots=True)
class _Sum:
    """The parts of one line. ``tag`` is empty where the line names no algorithm."""

    tag: str
    value: str
    name: str
    size: str = ""


@dataclass(frozen=True, slots=True)
class Sums:
    """Reads the output of checksum tools."""

    name: str = "sums"
    title: str = "checksum file (md5sum, sha256sum, cksum, openssl dgst, md5deep)"
    has_categories: bool = False
    certainty: Certainty = Certainty.LINES
    takes: tuple[str, ...] = ("type",)

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise a list whose first lines all have one of the forms."""
        lines = opening_lines(head)[:20]
        return bool(lines) and (all(map(_is_sum, lines)) or all(map(_is_crc, lines)))

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read the list; ``--type``, if given, must agree with every tag.

        Raises:
            HashSetError: no line has one of the forms, a tag contradicts ``--type``, or neither
                says which hash 128 digits are.
        """
        lines = TextLines(stream, options, nul=True)
        stated = BY_TYPE[options.algorithm] if options.algorithm else None
        events = (event for line in lines for event in _line(line, stated))
        yield from requiring_records(events, _OTHERWISE)
        yield lines.facts()

    def read_batches(self, stream: BinaryIO, options: ReadOptions) -> Iterator[FastEvent]:
        """Read as :meth:`read`, many lines at once where all are of the first line's form."""
        lines = TextLines(stream, options, nul=True)
        stated = BY_TYPE[options.algorithm] if options.algorithm else None
        events = in_batches(lines, partial(_regular, stated=stated), partial(_line, stated=stated))
        yield from requiring_any(events, _OTHERWISE)
        yield lines.facts()


def _regular(rows: Sequence[_Line], stated: Kind | None) -> RecordBatch | None:
    """Take lines apart at the columns of the first one: ``<hex>  name`` or ``<hex> *name``."""
    length = (rows[0][1] or "").find(" ")
    kind = stated or _BY_LENGTH.get(length)
    lines = [line or "" for _, line in rows]
    if kind is None or not isinstance(kind.target, Algorithm):
        return None
    if not {line[length : length + 2] for line in lines} <= {"  ", " *"}:
        return None
    values = whole(kind, [line[:length] for line in lines])
    if values is None:
        return None
    names = [line[length + 2 :] for line in lines]
    return RecordBatch([place for place, _ in rows], {kind.target: values}, {"name": names})


def _line(numbered: _Line, stated: Kind | None) -> Iterator[ListEvent]:
    place, line = numbered
    if line is None:
        return iter([Dropped(place, Loss.MALFORMED)])
    if not line or line.isspace() or line[0] in "#;":
        return iter(())
    return _sum(place, line, stated)


def _sum(place: int, line: str, stated: Kind | None) -> Iterator[ListEvent]:
    parts = _split(line)
    if parts is None:
        return iter([Dropped(place, Loss.MALFORMED)])
    kind = kind_named(parts.tag) if parts.tag else stated or _BY_LENGTH.get(len(parts.value))
    if kind is None:
        if len(parts.value) == _AMBIGUOUS and not parts.tag:
            raise _untyped(place)
        return iter([Dropped(place, Loss.UNKNOWN_ALGORITHM if parts.tag else Loss.WRONG_LENGTH)])
    if parts.tag and stated is not None and stated.target is not kind.target:
        msg = f"line {place} says that its value is {kind.name}, --type says {stated.name}"
        raise HashSetError(msg)
    gathering = Gathering()
    gathering.take(kind, parts.value)
    size = gathering.size(parts.size)
    return gathering.events(place, {"name": parts.name}, size=size)


def _untyped(place: int) -> HashSetError:
    return HashSetError(
        f"line {place}: nothing says which hash the {_AMBIGUOUS} digits are: SHA-512, or BLAKE2b"
        " (b2sum) or Whirlpool, which cannot be compared; if it is SHA-512, say --type sha512"
    )


def _split(line: str) -> _Sum | None:
    """Take a line apart; None when it has none of the forms."""
    escaped = line[0] == "\\"
    parts = _tagged(line[escaped:]) or _sized(line[escaped:]) or _untagged(line[escaped:])
    if parts is None or not escaped:
        return parts
    return replace(parts, name=_unescape(parts.name))


def _sized(line: str) -> _Sum | None:
    """Take apart what md5deep writes with ``-z``: the size comes first."""
    found = _SIZED.fullmatch(line)
    if found is None or len(found[2]) not in _LENGTHS:
        return None
    return _Sum("", found[2], found[3], found[1])


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
    return kind_named(parts.tag) is not None if parts.tag else len(parts.value) in _LENGTHS


def _is_crc(line: str) -> bool:
    return _CRC.fullmatch(line) is not None and not _is_sum(line)


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
