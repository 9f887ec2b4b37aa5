"""Project VIC's VICS lists and case exports, versions 1.0 to 2.0, as every known writer has them.

Keys come in any order, the context even after the records. Whether an element is a record or a
case is told by a ``Media`` key inside it, not by what the context says. Embedded thumbnails are
neither decoded nor kept: a digest and a length stand in their place. Dates and flags stay as
written. Source: EDMX of the 2.0 data model; exports of several tools.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.errors import HashSetError
from hashmatch.formats.encoding import opening_text
from hashmatch.formats.gathering import Gathering
from hashmatch.formats.hash_text import Kind, kind_named, plain_name
from hashmatch.formats.interface import Certainty
from hashmatch.formats.json_stream import JsonSource, read_map, read_value, refusing_bad_json
from hashmatch.formats.thumbnails import without_thumbnails
from hashmatch.model.records import Dropped, ListFacts, Loss

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.formats.json_stream import Events
    from hashmatch.model.records import Json, ListEvent

_CONTEXT = re.compile(
    r"ProjectVic/DataModels/(\d+\.\d+)\.xml(?:/([^/$\"]+)/\$metadata)?#(?:Media|Cases)",
    re.IGNORECASE,
)
_VALUE = re.compile(r'"value"\s*:\s*\[')
_MD5 = re.compile(r'"MD5"\s*:')
_ROLES = {
    "category": "category",
    "mediaid": "entry",
    "mediasize": "size",
    "alternativehashes": "hashes",
}


@dataclass(slots=True)
class _Seen:
    """What the list says about itself, collected while it is read."""

    version: str | None = None
    shapes: set[str] = field(default_factory=set)
    value: bool = False
    categories: set[str | None] = field(default_factory=set)

    def facts(self) -> ListFacts:
        facts = {"shape": " and ".join(sorted(self.shapes))} if self.shapes else {}
        if self.version == "1.2" and self.categories == {"8"}:
            # NIST publishes hashes of harmless files in this form. A genuine list of this
            # version has other categories too.
            facts["looks_benign"] = "nist-caid"
        return ListFacts(facts)


@dataclass(frozen=True, slots=True)
class Vics:
    """Reads VICS documents."""

    name: str = "vics"
    title: str = "Project VIC / CAID (VICS JSON 1.0 to 2.0)"
    has_categories: bool = True
    certainty: Certainty = Certainty.KEYS
    takes: tuple[str, ...] = ()

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise an object with a VICS context, or with a list of records that have MD5s."""
        text = opening_text(head).lstrip()
        if not text.startswith("{"):
            return False
        return bool(_CONTEXT.search(text) or (_VALUE.search(text) and _MD5.search(text)))

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read the list; records are numbered through all cases.

        Raises:
            HashSetError: it is not JSON, ends too early, or has no list of records.
        """
        source = JsonSource(stream, options)
        yield ListFacts({"encoding": source.encoding})
        seen = _Seen()
        with refusing_bad_json(source):
            yield from _document(source, seen)
        if not seen.value:
            msg = "the document has no list named 'value'; expected a VICS list, check --format"
            raise HashSetError(msg)
        yield seen.facts()


def _document(source: JsonSource, seen: _Seen) -> Iterator[ListEvent]:
    events = source.events()
    if next(events)[0] != "start_map":
        msg = "the document is not a JSON object; expected a VICS list, check --format"
        raise HashSetError(msg)
    key = ""
    for kind, scalar in events:
        if kind == "map_key":
            key = str(scalar)
        elif kind == "start_array" and key == "value":
            seen.value = True
            yield from _elements(source, events, seen)
        elif kind != "end_map":
            value = read_value(events, kind, scalar)
            source.passed()
            if isinstance(value, str) and (found := _CONTEXT.search(value)):
                yield _context(found, seen)


def _context(found: re.Match[str], seen: _Seen) -> ListFacts:
    seen.version = found[1]
    country = {"context": found[2]} if found[2] else {}
    return ListFacts({"format_version": found[1], **country})


def _elements(source: JsonSource, events: Events, seen: _Seen) -> Iterator[ListEvent]:
    for kind, scalar in events:
        if kind == "end_array":
            return
        if kind == "start_map":
            yield from _element(source, events, seen)
        else:
            read_value(events, kind, scalar)
            source.finished()
            yield Dropped(source.records, Loss.MALFORMED)


def _element(source: JsonSource, events: Events, seen: _Seen) -> Iterator[ListEvent]:
    """Read one element: a record, or a case whose records are read one by one."""
    element: dict[str, Json] = {}
    has_media = False
    key = ""
    for kind, scalar in events:
        if kind == "map_key":
            key = str(scalar)
        elif kind == "end_map":
            break
        elif len(key) == 5 and key.lower() == "media" and kind != "null":
            has_media = True
            yield from _media(source, events, seen, kind)
        else:
            element[key] = read_value(events, kind, scalar)
    if _is_case(element, has_media=has_media):
        seen.shapes.add("case")
        source.passed()
    else:
        seen.shapes.add("list")
        source.finished()
        yield from _record(source.records, element, seen)


def _media(source: JsonSource, events: Events, seen: _Seen, first: str) -> Iterator[ListEvent]:
    if first != "start_array":
        read_value(events, first, None)
        source.finished()
        yield Dropped(source.records, Loss.MALFORMED)
        return
    for kind, scalar in events:
        if kind == "end_array":
            return
        media = read_map(events) if kind == "start_map" else read_value(events, kind, scalar)
        source.finished()
        if isinstance(media, dict):
            yield from _record(source.records, media, seen)
        else:
            yield Dropped(source.records, Loss.MALFORMED)


def _record(place: int, media: dict[str, Json], seen: _Seen) -> Iterator[ListEvent]:
    gathering = Gathering()
    told: dict[str, str | None] = {}
    for key, value in media.items():
        meaning = _meaning(key)
        if meaning is None or value is None:
            continue
        if isinstance(meaning, Kind):
            _take(meaning, value, gathering)
        elif meaning == "hashes":
            _take_alternatives(value, gathering)
        else:
            told[meaning] = _code(value, gathering)
    category = told.get("category")
    if len(seen.categories) < 2:
        seen.categories.add(category)
    size = told.get("size")
    yield from gathering.events(
        place,
        without_thumbnails(media),
        entry=told.get("entry"),
        category=category,
        size=gathering.size(size) if size else None,
    )


def _meaning(key: str) -> Kind | str | None:
    """Give the kind of hash, or the role, that a key of a record stands for."""
    return _known_meaning(key) if len(key) < 64 else None


@lru_cache(maxsize=1024)
def _known_meaning(key: str) -> Kind | str | None:
    return kind_named(key) or _ROLES.get(plain_name(key))


def _take(kind: Kind, value: Json, gathering: Gathering) -> None:
    if not isinstance(value, str):
        gathering.lose(Loss.BAD_VALUE)
    elif value and not value.isspace():
        gathering.take(kind, value)


def _take_alternatives(value: Json, gathering: Gathering) -> None:
    """Read ``[{"HashName": ..., "HashValue": ...}]``; an unknown name is carried, not guessed."""
    if not isinstance(value, list):
        gathering.lose(Loss.BAD_VALUE)
        return
    for one in value:
        name, text = _pair(one)
        if not isinstance(name, str):
            gathering.lose(Loss.BAD_VALUE)
        elif text is not None and (kind := kind_named(name)) is not None:
            _take(kind, text, gathering)
        elif text:
            gathering.carry("unknown")


def _pair(one: Json) -> tuple[Json, Json]:
    """Give name and value, in any order and case of their keys."""
    if not isinstance(one, dict):
        return None, None
    if "HashName" not in one or "HashValue" not in one:
        one = {plain_name(key): inner for key, inner in one.items()}
        return one.get("hashname"), one.get("hashvalue")
    return one["HashName"], one["HashValue"]


def _code(value: Json, gathering: Gathering) -> str | None:
    """Give a number or a text as written; an empty text says nothing."""
    if isinstance(value, str):
        return value if value.strip() else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        gathering.lose(Loss.BAD_VALUE)
        return None
    return str(value)


def _is_case(element: dict[str, Json], *, has_media: bool) -> bool:
    """Tell a case from a record, also a case without media; the first look is for speed."""
    if "MD5" in element:
        return False
    keys = {plain_name(key) for key in element}
    return "md5" not in keys and (has_media or "caseid" in keys)


FORMAT = Vics()
