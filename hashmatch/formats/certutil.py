"""What ``certutil -hashfile`` prints: a heading, the hash, a word of success.

The heading is in the language of the Windows it ran on; its first word names the algorithm. Old
versions print the hash in pairs of digits. Several outputs may follow one another. Source:
Microsoft, certutil reference; outputs of Windows 7 and 10.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.formats.gathering import Gathering, requiring_records
from hashmatch.formats.hash_text import Kind, kind_named, read_hash
from hashmatch.formats.interface import Certainty
from hashmatch.formats.text import TextLines, opening_lines
from hashmatch.model.records import Dropped, Loss

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.model.records import Json, ListEvent

_HEADING = re.compile(r"(MD[245]|SHA(?:1|256|384|512))\b.*:", re.IGNORECASE | re.DOTALL)
_ENGLISH = re.compile(r"\w+ hash of (.*):", re.DOTALL)
_CLOSING = "CertUtil:"


@dataclass(frozen=True, slots=True)
class Certutil:
    """Reads the output of certutil."""

    name: str = "certutil"
    title: str = "output of certutil -hashfile"
    has_categories: bool = False
    certainty: Certainty = Certainty.HEADER
    takes: tuple[str, ...] = ()

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise a heading above a hash of the algorithm that it names."""
        lines = opening_lines(head)
        if len(lines) < 2 or (found := _HEADING.fullmatch(lines[0])) is None:
            return False
        kind = kind_named(found[1])
        return kind is not None and kind.size > 0 and _is_hash(kind, lines[1])

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read the list; a heading that no hash follows is a loss.

        Raises:
            HashSetError: there is no heading with a hash.
        """
        lines = TextLines(stream, options)
        otherwise = "no heading of certutil with a hash below it; check --format"
        yield from requiring_records(_events(lines), otherwise)
        yield lines.facts()


def _events(lines: TextLines) -> Iterator[ListEvent]:
    heading: tuple[int, str, str] | None = None  # its line, the algorithm, the text
    for place, line in lines:
        if line is not None and (not line.strip() or line.startswith(_CLOSING)):
            continue
        found = _HEADING.fullmatch(line.strip()) if line is not None else None
        if found is not None or line is None:
            if heading is not None:
                yield Dropped(heading[0], Loss.NO_HASH)
            heading = (place, found[1], found[0]) if found is not None else None
            if line is None:
                yield Dropped(place, Loss.MALFORMED)
        elif heading is None:
            yield Dropped(place, Loss.MALFORMED)
        else:
            yield from _record(heading, line.strip())
            heading = None
    if heading is not None:
        yield Dropped(heading[0], Loss.NO_HASH)


def _record(heading: tuple[int, str, str], text: str) -> Iterator[ListEvent]:
    place, algorithm, words = heading
    kind = kind_named(algorithm)
    gathering = Gathering()
    if kind is None:
        gathering.lose(Loss.UNKNOWN_ALGORITHM)
    else:
        gathering.take(kind, text)
    fields: dict[str, Json] = {"heading": words}
    if (name := _ENGLISH.fullmatch(words)) is not None:
        # The versions that print pairs of digits also print "of file".
        fields["name"] = name[1].removeprefix("file ") if " " in text else name[1]
    return gathering.events(place, fields)


def _is_hash(kind: Kind, text: str) -> bool:
    return not isinstance(read_hash(kind, text), Loss)


FORMAT = Certutil()
