"""Plain lists: one value a line, nothing else that says what the values are.

``#`` and ``;`` begin comment lines; what follows a value after a blank is a note. The first line
may name the algorithm, as X-Ways writes it. Without that the operator has to name it: 32, 40
and 64 digits are each the length of several hashes, and a wrong guess would never hit.
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.errors import HashSetError
from hashmatch.formats.gathering import Gathering, requiring_records
from hashmatch.formats.hash_text import BY_TYPE, Kind, kind_named
from hashmatch.formats.interface import TYPES, Certainty
from hashmatch.formats.text import TextLines, opening_lines
from hashmatch.model.records import Dropped, Loss

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.model.records import Json, ListEvent

_LENGTHS = frozenset(2 * kind.size for kind in BY_TYPE.values())
_HEX = frozenset(string.hexdigits)


@dataclass(frozen=True, slots=True)
class Plain:
    """Reads lists of bare values."""

    name: str = "plain"
    title: str = "plain list, one value a line"
    has_categories: bool = False
    certainty: Certainty = Certainty.BARE
    takes: tuple[str, ...] = ("type",)

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise a list whose first lines each begin with a value, maybe below a header."""
        lines = opening_lines(head)
        if len(lines) > 1 and kind_named(lines[0]) is not None:
            del lines[0]
        return bool(lines) and all(_is_value(line.partition("\t")[0]) for line in lines[:20])

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read the list; see :class:`hashmatch.formats.interface.ListFormat`.

        Raises:
            HashSetError: nothing says which hash the values are, or two things say different
                ones, or no line is a value.
        """
        lines = TextLines(stream, options)
        kind = BY_TYPE[options.algorithm] if options.algorithm else None
        otherwise = "no line holds such a value; check --format and --type"
        yield from requiring_records(_events(lines, kind), otherwise)
        yield lines.facts()


def _events(lines: TextLines, kind: Kind | None) -> Iterator[ListEvent]:
    first = True
    for place, line in lines:
        if line is None:
            yield Dropped(place, Loss.MALFORMED)
            continue
        text = line.strip()
        if not text or text[0] in "#;":
            continue
        named = kind_named(text) if first else None
        first = False
        if named is not None:
            kind = _agreed(place, named, kind)
        elif kind is None:
            raise _untyped(place)
        else:
            yield from _value(place, text, kind)


def _value(place: int, text: str, kind: Kind) -> Iterator[ListEvent]:
    value, *note = text.split(None, 1)
    gathering = Gathering()
    gathering.take(kind, value)
    fields: dict[str, Json] = {"note": note[0]} if note else {}
    return gathering.events(place, fields)


def _agreed(place: int, named: Kind, stated: Kind | None) -> Kind:
    """Give the kind that the header names, if it can be compared and nobody says otherwise."""
    if named.target is None:
        msg = (
            f"line {place} says that the values are {named.name}, which cannot be compared;"
            f" expected one of {', '.join(TYPES)}"
        )
        raise HashSetError(msg)
    if stated is not None and stated.target is not named.target:
        msg = f"line {place} says that the values are {named.name}, --type says {stated.name}"
        raise HashSetError(msg)
    return named


def _untyped(place: int) -> HashSetError:
    return HashSetError(
        f"line {place}: nothing says which hash the values are, and their length does not tell"
        f" (64 digits are SHA-256 or PDQ); name it with --type, one of {', '.join(TYPES)}"
    )


def _is_value(text: str) -> bool:
    return len(text) in _LENGTHS and _HEX.issuperset(text)


FORMAT = Plain()
