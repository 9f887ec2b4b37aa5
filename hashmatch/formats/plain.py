"""Plain lists: one value a line, nothing else that says what the values are.

``#`` and ``;`` begin comment lines; what follows a value after a blank is a note, but a loss where
it begins with another hash: such a list is a table, to be read with columns. The first line may
name the algorithm, as X-Ways writes it. Without that the operator has to name it: 32, 40 and 64
digits are each the length of several hashes, and a wrong guess would never hit. Griffeye's lists of
values are of this form.
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from hashmatch.errors import HashSetError
from hashmatch.formats.gathering import Gathering, requiring_records
from hashmatch.formats.hash_text import BY_TYPE, MD5, PHOTODNA, Kind, kind_named, read_hash
from hashmatch.formats.interface import TYPES, Certainty
from hashmatch.formats.text import TextLines, opening_lines
from hashmatch.formats.whole_rows import in_batches, requiring_any, whole
from hashmatch.model.hashes import Algorithm
from hashmatch.model.records import Dropped, Loss, RecordBatch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.model.records import FastEvent, Json, ListEvent

_Line: TypeAlias = tuple[int, "str | None"]

_LENGTHS = frozenset(2 * kind.size for kind in BY_TYPE.values())
_HEX = frozenset(string.hexdigits)
_SHORTEST_NOTED = 2 * MD5.size
"""Shorter words of digits in a note are numbers."""
_MARKS = " \t*,;|\"'"
_OTHERWISE = "no line holds such a value; check --format and --type"


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
        kind = kind_named(lines[0]) if len(lines) > 1 else None
        values = [line.partition("\t")[0] for line in lines[kind is not None :][:20]]
        return bool(values) and all(_is_value(value, kind) for value in values)

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read the list; see :class:`hashmatch.formats.interface.ListFormat`.

        Raises:
            HashSetError: nothing says which hash the values are, or two things say different
                ones, or no line is a value.
        """
        lines = TextLines(stream, options)
        kind, numbered = _opened(lines, options)
        events = (event for line in numbered for event in _line(line, kind))
        yield from requiring_records(events, _OTHERWISE)
        yield lines.facts()

    def read_batches(self, stream: BinaryIO, options: ReadOptions) -> Iterator[FastEvent]:
        """Read as :meth:`read`, many lines at once where nothing but values stands in them."""
        lines = TextLines(stream, options)
        kind, numbered = _opened(lines, options)
        events = in_batches(
            numbered, lambda rows: _regular(rows, kind), lambda line: _line(line, kind)
        )
        yield from requiring_any(events, _OTHERWISE)
        yield lines.facts()


def _opened(lines: TextLines, options: ReadOptions) -> tuple[Kind, Iterator[_Line]]:
    """Give the kind of the values and the lines below the one that may name it."""
    stated = BY_TYPE[options.algorithm] if options.algorithm else None
    numbered = iter(lines)
    before: list[_Line] = []
    for place, line in numbered:
        text = "" if line is None else line.strip()
        if line is None:
            before.append((place, line))
        elif text and text[0] not in "#;":
            named = kind_named(text)
            if named is not None:
                return _agreed(place, named, stated), chain(before, numbered)
            if stated is None:
                raise _untyped(place)
            return stated, chain([*before, (place, line)], numbered)
    return stated or MD5, iter(before)  # there is no value


def _regular(rows: Sequence[_Line], kind: Kind) -> RecordBatch | None:
    values = whole(kind, [line or "" for _, line in rows])
    if values is None or not isinstance(kind.target, Algorithm):
        return None
    return RecordBatch([place for place, _ in rows], {kind.target: values}, {})


def _line(numbered: _Line, kind: Kind) -> Iterator[ListEvent]:
    place, line = numbered
    if line is None:
        return iter([Dropped(place, Loss.MALFORMED)])
    text = line.strip()
    return _value(place, text, kind) if text and text[0] not in "#;" else iter(())


def _value(place: int, text: str, kind: Kind) -> Iterator[ListEvent]:
    value, *note = text.split(None, 1)
    gathering = Gathering()
    gathering.take(kind, value)
    fields: dict[str, Json] = {"note": note[0]} if note else {}
    if note and len(note[0]) >= _SHORTEST_NOTED and _seems_hash(note[0]):
        gathering.lose(Loss.MALFORMED)  # it would never hit: this is a table
    return gathering.events(place, fields)


def _seems_hash(note: str) -> bool:
    """Tell whether a note begins with what has the form of a hash."""
    word = note.lstrip(_MARKS).partition(" ")[0].partition("\t")[0].rstrip(_MARKS)
    return len(word) >= _SHORTEST_NOTED and len(word) in _LENGTHS and _HEX.issuperset(word)


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


def _is_value(text: str, kind: Kind | None) -> bool:
    if kind is not None and kind.target is not None:
        return not isinstance(read_hash(kind, text), Loss)
    if len(text) in _LENGTHS and _HEX.issuperset(text):
        return True
    return len(text) == 192 and not isinstance(read_hash(PHOTODNA, text), Loss)  # base64


FORMAT = Plain()
