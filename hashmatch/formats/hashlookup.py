"""Records of CIRCL's hashlookup: one JSON object a line, as its tools and its server give them.

Known files, not harmless ones: a record with ``KnownMalicious`` gets the category
``known-malicious`` and the flag, so that it is never taken for a file to pass over. Parents,
children and everything else stay in the fields. Source: draft-dulaunoy-hashlookup-format.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.formats import json_stream
from hashmatch.formats.gathering import Gathering, requiring_records
from hashmatch.formats.hash_text import kind_named
from hashmatch.formats.interface import Certainty
from hashmatch.formats.text import TextLines, opening_lines
from hashmatch.model.records import Dropped, Loss

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.model.records import Json, ListEvent

_HASHES = frozenset({"MD5", "SHA-1", "SHA-256"})
_OWN = frozenset(
    {
        *("FileName", "FileSize", "SpecialCode", "OpSystemCode", "ProductCode", "mimetype"),
        *("source", "db", "insert-timestamp", "KnownMalicious", "hashlookup:trust"),
        *("hashlookup:parent-total", "PackageName", "tar:gname", "tar:uname", "nsrl-sha256"),
    }
)
_MALICIOUS = "known-malicious"


@dataclass(frozen=True, slots=True)
class Hashlookup:
    """Reads records of hashlookup."""

    name: str = "hashlookup"
    title: str = "hashlookup records (NDJSON)"
    has_categories: bool = True
    certainty: Certainty = Certainty.KEYS
    takes: tuple[str, ...] = ()

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise a first line that is an object with keys of this format."""
        lines = opening_lines(head)
        record = _parsed(lines[0]) if lines else None
        return record is not None and bool(_HASHES & record.keys()) and bool(_OWN & record.keys())

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read the list; a line may be as long as a record, for the parents in it.

        Raises:
            HashSetError: no line is such a record.
        """
        lines = TextLines(stream, replace(options, maximum_line=options.maximum_record))
        events = (event for place, line in lines for event in _line(place, line))
        yield from requiring_records(events, "no line is a record of hashlookup; check --format")
        yield lines.facts()


def _parsed(line: str) -> dict[str, Json] | None:
    if not line.startswith("{"):
        return None
    try:
        value = json_stream.parse(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _line(place: int, line: str | None) -> Iterator[ListEvent]:
    if line is not None and not line.strip():
        return iter(())
    record = _parsed(line.strip()) if line is not None else None
    if record is None:
        return iter([Dropped(place, Loss.MALFORMED)])
    gathering = Gathering()
    for key, value in record.items():
        kind = kind_named(key)
        if kind is None or value is None or value == "":
            continue
        if isinstance(value, str):
            gathering.take(kind, value)
        else:
            gathering.lose(Loss.BAD_VALUE)
    malicious = record.get("KnownMalicious")
    known = malicious is not None and malicious is not False
    return gathering.events(
        place,
        record,
        category=_MALICIOUS if known else None,
        size=_size(gathering, record.get("FileSize")),
        flags={"known_malicious": known} if malicious is not None else {},
    )


def _size(gathering: Gathering, value: Json) -> int | None:
    if value is None or isinstance(value, str):
        return gathering.size(value or "")
    return gathering.size(str(value))


FORMAT = Hashlookup()
