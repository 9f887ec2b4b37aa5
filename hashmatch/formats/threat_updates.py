"""Updates of a ThreatExchange privacy group, as its Graph API gives them.

Hashes of files are taken over; hashes of texts and addresses are carried and never compared with
files; plain texts and addresses are counted only. A deleted indicator is taken back.
Source: ThreatExchange's public client and documentation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.formats.as_text import as_text
from hashmatch.formats.gathering import Gathering
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

_RECORDS = "data"
_HASH = "HASH_"
_VIDEO = "VIDEO_"
_VIDEO_TAG = "media_type_video"
_NOT_OF_FILES = {"TEXT_TLSH": "text-tlsh", "URL_MD5": "url-md5", "PDQ_OCR": "pdq-ocr"}
_SAYS_NOTHING = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class ThreatUpdates:
    """Reads pages of updates."""

    name: str = "threat-updates"
    title: str = "ThreatExchange threat updates (JSON)"
    has_categories: bool = True
    certainty: Certainty = Certainty.KEYS
    takes: tuple[str, ...] = ()

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise the keys of the list and of its records."""
        return has_keys(head, _RECORDS, "indicator", "type") and (
            has_keys(head, "should_delete") or has_keys(head, "descriptors")
        )

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read one page; more of them make one list.

        Raises:
            HashSetError: it is bad JSON or has no data.
        """
        document = Document(stream, options)
        left_out = 0
        yield ListFacts({"encoding": document.encoding})
        for place, item in document.elements(_RECORDS):
            if item is None:
                yield Dropped(place, Loss.MALFORMED)
            elif not _is_hash(item) and _stays(item.get("should_delete")):
                left_out += 1
            else:
                yield from _record(place, item)
        paging = document.top.get("paging")
        if isinstance(paging, dict) and paging.get("next"):
            yield ListFacts({"partial": "it names a next page"})
        if left_out:
            yield ListFacts({"left_out": f"{left_out} indicators that are no hashes"})


def _record(place: int, item: dict[str, Json]) -> Iterator[ListEvent]:
    gathering = Gathering()
    updated = gathered_epoch(item.get("last_updated"), gathering)
    kind_name = (as_text(item.get("type")) or "").removeprefix(_HASH)
    descriptors = _descriptors(item)
    _take(kind_name.removeprefix(_VIDEO), as_text(item.get("indicator")), gathering)
    if gathering.said(item.get("should_delete")):
        yield from taken_back(place, as_text(item.get("id")), gathering, updated)
        return
    of_video = kind_name.startswith(_VIDEO) or any(_is_video(one) for one in descriptors)
    yield from dated(
        gathering.events(
            place,
            {**item, "media_type": "video"} if of_video else item,
            entry=as_text(item.get("id")),
            category=_status(descriptors),
        ),
        updated,
    )


def _is_hash(item: dict[str, Json]) -> bool:
    return (as_text(item.get("type")) or _HASH).startswith(_HASH)


def _stays(said: Json) -> bool:
    return is_flag(said) and not read_flag(said)


def _take(name: str, value: str | None, gathering: Gathering) -> None:
    kind = kind_named(_HASH + name)
    if value is None:
        return
    if name in _NOT_OF_FILES:
        gathering.carry(_NOT_OF_FILES[name])
    elif kind is None:
        gathering.carry("unknown")
    else:
        gathering.take(kind, value)


def _descriptors(item: dict[str, Json]) -> list[dict[str, Json]]:
    """Give what members say of an indicator."""
    outer = item.get("descriptors")
    inner = outer.get("data") if isinstance(outer, dict) else outer
    return [one for one in inner if isinstance(one, dict)] if isinstance(inner, list) else []


def _is_video(descriptor: dict[str, Json]) -> bool:
    tags = descriptor.get("tags")
    return isinstance(tags, list) and _VIDEO_TAG in tags


def _status(descriptors: list[dict[str, Json]]) -> str | None:
    """Give the one status that members agree on, or all of them joined where they do not.

    That a member does not know is no disagreement.
    """
    statuses = {text for one in descriptors if (text := as_text(one.get("status")))}
    if len(statuses) > 1:
        statuses.discard(_SAYS_NOTHING)
    return "+".join(sorted(statuses)) or None


FORMAT = ThreatUpdates()
