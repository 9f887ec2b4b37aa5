"""StopNCII.org's answers: hashes of intimate pictures that adults do not want to be shared.

A record has no id of its own, only its hash. So that no such hash is printed as an id, a record
is known by its kind and a digest of the hash's text. Withdrawn and deleted records take back
earlier ones. Source: StopNCII bank API, as the public ThreatExchange client reads it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.formats.as_text import as_text
from hashmatch.formats.gathering import Gathering, each
from hashmatch.formats.hash_text import kind_named
from hashmatch.formats.interface import Certainty
from hashmatch.formats.json_opening import has_keys
from hashmatch.formats.json_stream import Document
from hashmatch.formats.moments import dated, gathered_epoch, taken_back
from hashmatch.formats.tri_state import is_flag, read_flag
from hashmatch.model.records import Dropped, ListFacts, Loss

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.model.records import Json, ListEvent

_RECORDS = "hashRecords"
_TAKEN_BACK = ("withdrawn", "deleted")
_NO_FILE = {"text": "text", "url": "url"}


@dataclass(frozen=True, slots=True)
class StopNcii:
    """Reads pages of hash records."""

    name: str = "stopncii"
    title: str = "StopNCII hash records (JSON)"
    has_categories: bool = True
    certainty: Certainty = Certainty.KEYS
    takes: tuple[str, ...] = ()

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise the key of the records."""
        return has_keys(head, _RECORDS)

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read one page; more of them make one list.

        Raises:
            HashSetError: it is bad JSON or has no hash records.
        """
        document = Document(stream, options)
        yield ListFacts({"encoding": document.encoding})
        yield from each(document.elements(_RECORDS), _event)
        more = document.top.get("hasMoreRecords")
        if not is_flag(more) or read_flag(more):
            yield ListFacts({"partial": "it says that more records follow"})


def _event(place: int, item: dict[str, Json]) -> Iterator[ListEvent]:
    gathering = Gathering()
    updated = gathered_epoch(item.get("lastModtimestamp"), gathering)
    signal, value = as_text(item.get("signalType")), as_text(item.get("hashValue"))
    status = as_text(item.get("hashStatus"))
    if signal is None or value is None:
        yield Dropped(place, Loss.NO_HASH if value is None else Loss.UNKNOWN_ALGORITHM)
        return
    entry = f"{signal}:{hashlib.sha256(value.lower().encode()).hexdigest()[:32]}"
    if status is not None and status.lower() in _TAKEN_BACK:
        yield from taken_back(place, entry, gathering, updated)
        return
    kind = kind_named(signal)
    if kind is not None:
        gathering.take(kind, value)
    else:
        gathering.carry(_NO_FILE.get(signal.lower(), "unknown"))
    yield from dated(gathering.events(place, item, entry=entry, category=status), updated)


FORMAT = StopNcii()
