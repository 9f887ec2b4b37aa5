"""What rhash prints of peer-to-peer hashes: lines ``TTH   (name) = <value>`` or ``<value>  name``.

Hashes of one file on neighbouring lines are one record. Values may be in base32. A line without
the hash's name is read where its length is that of one kind only (a Tiger tree in base32), or
where the operator says which it is: AICH, SHA-1 and a torrent's hash look alike.

Source: RHash 1.4's manual.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.errors import HashSetError
from hashmatch.formats.gathering import Gathering, requiring_records
from hashmatch.formats.hash_text import BY_TYPE, TTH, Kind, kind_named
from hashmatch.formats.interface import TYPES, Certainty
from hashmatch.formats.text import TextLines, opening_lines
from hashmatch.model.records import Dropped, Loss

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.model.records import ListEvent

_TAGGED = re.compile(r"([A-Za-z0-9-]{3,20}) +\((.+)\) = ([0-9A-Za-z+/=]+)")
_PADDED = re.compile(r"[A-Za-z0-9-]{3,5} {2,}\(|(TTH|AICH) +\(")
_TREE = re.compile(r"[2-7A-Za-z]{39}  .+")
_BARE = re.compile(r"([0-9A-Za-z+/=]+)  (.+)")


@dataclass(frozen=True, slots=True)
class Rhash:
    """Reads what rhash prints."""

    name: str = "rhash"
    title: str = "output of rhash"
    has_categories: bool = False
    certainty: Certainty = Certainty.LINES
    takes: tuple[str, ...] = ("type",)

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise lines as only rhash writes them: padded names, or Tiger trees in base32."""
        lines = opening_lines(head)[:50]
        tagged = all(map(_TAGGED.fullmatch, lines)) and any(map(_PADDED.match, lines))
        return bool(lines) and (tagged or all(map(_TREE.fullmatch, lines)))

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read the list; ``--type`` says what lines without a name hold.

        Raises:
            HashSetError: a line does not say which hash it is, and the operator neither; or the
                two disagree; or no line is one of rhash's.
        """
        lines = TextLines(stream, options)
        kind = _any_spelling(BY_TYPE[options.algorithm]) if options.algorithm else None
        otherwise = "no line is one that rhash prints; check --format"
        yield from requiring_records(_events(lines, kind), otherwise)
        yield lines.facts()


class _File:
    """The lines of one file that were read so far."""

    def __init__(self, place: int, name: str) -> None:
        self.place, self.name = place, name
        self._kinds: set[str] = set()
        self._gathering = Gathering()

    def goes_on(self, name: str, kind: Kind) -> bool:
        """Tell whether a line is of this file too; a kind that comes again begins another."""
        return name == self.name and kind.name not in self._kinds

    def take(self, kind: Kind, value: str) -> None:
        """Read the value of a line."""
        self._kinds.add(kind.name)
        self._gathering.take(kind, value)

    def events(self) -> Iterator[ListEvent]:
        """Yield the record and its losses."""
        return self._gathering.events(self.place, {"name": self.name})


def _events(lines: TextLines, stated: Kind | None) -> Iterator[ListEvent]:
    file: _File | None = None
    for place, line in lines:
        if line is not None and (not line.strip() or line[0] in "#;"):
            continue
        parts = None if line is None else _parts(place, line.strip(), stated)
        if file and (parts is None or not file.goes_on(parts[1], parts[0])):
            yield from file.events()
            file = None
        if parts is None:
            yield Dropped(place, Loss.MALFORMED)
            continue
        kind, name, value = parts
        file = file or _File(place, name)
        file.take(kind, value)
    if file:
        yield from file.events()


def _parts(place: int, line: str, stated: Kind | None) -> tuple[Kind, str, str] | None:
    """Give the kind, the file's name and the value of a line."""
    if tagged := _TAGGED.fullmatch(line):
        return _agreed(place, tagged[1], stated), tagged[2], tagged[3]
    bare = _BARE.fullmatch(line)
    if bare is None:
        return None
    kind = stated or (TTH if _TREE.fullmatch(line) else None)
    if kind is None:
        msg = (
            f"line {place} does not say which hash it holds, and others look alike; name it with"
            f" --type, one of {', '.join(TYPES)}"
        )
        raise HashSetError(msg)
    return kind, bare[2], bare[1]


def _agreed(place: int, word: str, stated: Kind | None) -> Kind:
    """Give the kind that a line names, if nobody says otherwise."""
    named = _any_spelling(kind_named(word) or Kind(word.lower()))
    if stated is not None and named.target is not stated.target:
        msg = (
            f"line {place} names another hash than --type, which says {stated.name}; leave --type"
            " out where lines name their hash"
        )
        raise HashSetError(msg)
    return named


def _any_spelling(kind: Kind) -> Kind:
    """Every hash can be printed in base32."""
    return replace(kind, base32=kind.size > 0)


FORMAT = Rhash()
