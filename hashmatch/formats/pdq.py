"""PDQ lists: 64 hexadecimal digits a line, maybe after ``hash=``, maybe before ``,metadata``.

A bare value looks like a SHA-256, so the list is recognised only where ``hash=`` occurs. The
quality of a hash is not part of this format. Meta's test data come as a table ``FilePath,Hash``,
whose header does not say PDQ either. Source: Meta's PDQ readme.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.formats.gathering import Gathering, requiring_records
from hashmatch.formats.hash_text import PDQ, read_hash
from hashmatch.formats.interface import Certainty
from hashmatch.formats.text import TextLines, opening_lines
from hashmatch.model.hashes import PerceptualHash
from hashmatch.model.records import Dropped, Loss

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.model.records import Json, ListEvent

_PREFIX = "hash="
_HEADER = "FilePath,Hash"


@dataclass(frozen=True, slots=True)
class Pdq:
    """Reads lists of PDQ hashes."""

    name: str = "pdq"
    title: str = "PDQ list"
    has_categories: bool = False
    certainty: Certainty = Certainty.LINES
    takes: tuple[str, ...] = ()

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise a list of values of which at least one has the prefix."""
        lines = opening_lines(head)[:50]
        return any(line.startswith(_PREFIX) for line in lines) and all(map(_is_pdq, lines))

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read the list; an empty line between others is an empty value, and a loss.

        Raises:
            HashSetError: no line is a PDQ hash.
        """
        lines = TextLines(stream, options)
        otherwise = "no line holds 64 hexadecimal digits; check --format"
        yield from requiring_records(_events(lines), otherwise)
        yield lines.facts()


def _events(lines: TextLines) -> Iterator[ListEvent]:
    last = 0
    table = False
    for place, line in lines:
        if line is not None and not line.strip():
            continue
        for empty in range(last + 1, place):
            yield Dropped(empty, Loss.WRONG_LENGTH)
        last = place
        if line is None:
            yield Dropped(place, Loss.MALFORMED)
        elif place == 1 and line.strip() == _HEADER:
            table = True
        elif line[0] != "#":
            yield from _value(place, line, table=table)


def _value(place: int, line: str, *, table: bool) -> Iterator[ListEvent]:
    value, comma, metadata = line.partition(",")
    if table:
        metadata, comma, value = line.rpartition(",")
    gathering = Gathering()
    gathering.take(PDQ, value.strip().removeprefix(_PREFIX))
    fields: dict[str, Json] = {"path" if table else "metadata": metadata} if comma else {}
    return gathering.events(place, fields)


def _is_pdq(line: str) -> bool:
    value = line.partition(",")[0].strip().removeprefix(_PREFIX)
    return isinstance(read_hash(PDQ, value), PerceptualHash)


FORMAT = Pdq()
