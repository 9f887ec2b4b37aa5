"""Tech Against Terrorism's hash list: files of terrorist content, by ideology.

Source: hash list API, version 2, as the public ThreatExchange client reads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.formats.as_text import as_text
from hashmatch.formats.gathering import Gathering, each
from hashmatch.formats.hash_text import kind_named
from hashmatch.formats.interface import Certainty
from hashmatch.formats.json_opening import has_keys
from hashmatch.formats.json_stream import Document
from hashmatch.formats.moments import dated, gathered_epoch, taken_back
from hashmatch.model.records import ListFacts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.model.records import Json, ListEvent

_RECORDS = "results"
_HASH = "hash_digest"


@dataclass(frozen=True, slots=True)
class Tat:
    """Reads pages of the hash list."""

    name: str = "tat"
    title: str = "Tech Against Terrorism hash list (JSON)"
    has_categories: bool = True
    certainty: Certainty = Certainty.KEYS
    takes: tuple[str, ...] = ()

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise the keys of the list and of its records."""
        return has_keys(head, _RECORDS, _HASH)

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read one page; more of them make one list.

        Raises:
            HashSetError: it is bad JSON or has no results.
        """
        document = Document(stream, options)
        yield ListFacts({"encoding": document.encoding})
        yield from each(document.elements(_RECORDS), _event)
        if document.top.get("next"):
            yield ListFacts({"partial": "it names a next page"})


def _event(place: int, item: dict[str, Json]) -> Iterator[ListEvent]:
    gathering = Gathering()
    updated = gathered_epoch(item.get("updated_on"), gathering)
    value, algorithm = as_text(item.get(_HASH)), as_text(item.get("algorithm"))
    kind = kind_named(algorithm or "")
    if value is not None and kind is not None:
        gathering.take(kind, value)
    elif value is not None:
        gathering.carry("unknown")
    entry = as_text(item.get("id"))
    if gathering.said(item.get("deleted")):
        yield from taken_back(place, entry, gathering, updated)
        return
    category = as_text(item.get("ideology"))
    yield from dated(gathering.events(place, item, entry=entry, category=category), updated)


FORMAT = Tat()
