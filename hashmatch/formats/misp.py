"""MISP events: hashes of files among their attributes and objects.

The hashes in one object belong to one file. Attributes that are no hash of a file are counted.
Hashes of a section of a program are carried and never compared, since no file agrees with them.
A deleted attribute or object takes back what an earlier copy of the event had.
Source: MISP core format.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.errors import HashSetError
from hashmatch.formats.as_text import as_text
from hashmatch.formats.gathering import Gathering
from hashmatch.formats.hash_text import kind_named
from hashmatch.formats.interface import Certainty
from hashmatch.formats.json_opening import has_keys
from hashmatch.formats.json_window import JsonWindow
from hashmatch.formats.moments import dated, gathered_epoch, taken_back
from hashmatch.formats.thumbnails import description
from hashmatch.formats.tri_state import is_flag, read_flag
from hashmatch.model.records import Dropped, ListFacts, Loss

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.model.records import Json, ListEvent

_EVENT, _ATTRIBUTES, _OBJECTS = "Event", "Attribute", "Object"
_SIGNS = (_ATTRIBUTES, _OBJECTS, "Orgc", "threat_level_id")
_FILE_HASHES = frozenset({"md5", "sha1", "sha256", "sha384", "sha512"})
_ONLY_KEPT = frozenset(
    {
        *("sha224", "sha512/224", "sha512/256", "sha3-224", "sha3-256", "sha3-384", "sha3-512"),
        *("ssdeep", "tlsh", "imphash", "pehash", "impfuzzy", "authentihash", "vhash", "cdhash"),
    }
)
_WITH_NAME = frozenset({"filename", "malware-sample"})
_CONTENT = "data"
_SECTION = "-section"
_DEEPEST = 4


@dataclass(frozen=True, slots=True)
class Misp:
    """Reads event files and answers that hold events."""

    name: str = "misp"
    title: str = "MISP event (JSON)"
    has_categories: bool = False
    certainty: Certainty = Certainty.KEYS
    takes: tuple[str, ...] = ()

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise an event."""
        return has_keys(head, _EVENT) and any(has_keys(head, one) for one in _SIGNS)

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read the events of a document.

        Raises:
            HashSetError: it is bad JSON, or has no event.
        """
        window = JsonWindow(stream, options)
        yield ListFacts({"encoding": window.encoding})
        reading = _Reading(window)
        yield from reading.document()
        window.finish()
        if not reading.events:
            msg = f"the document has no '{_EVENT}'; expected a MISP event, check --format"
            raise HashSetError(msg)
        if reading.left_out:
            said = f"{reading.left_out} attributes and objects without a hash of a file"
            yield ListFacts({"left_out": said})


class _Reading:
    """Walks a document down to its attributes and objects, one of them in memory at a time."""

    def __init__(self, window: JsonWindow) -> None:
        self.events = self.left_out = 0
        self._window = window

    def document(self, depth: int = 0) -> Iterator[ListEvent]:
        """Walk a document: one event, an array of them, or an answer that wraps them."""
        if self._window.peek() == "[" and depth < _DEEPEST:
            for _ in self._window.items():
                yield from self.document(depth + 1)
        elif self._window.peek() == "{" and depth < _DEEPEST:
            for key in self._window.distinct_members():
                if key == _EVENT and self._window.peek() == "{":
                    yield from self._event()
                elif key == "response":
                    yield from self.document(depth + 1)
                else:
                    self._window.value()
        else:
            self._window.value()

    def _event(self) -> Iterator[ListEvent]:
        self.events += 1
        for key in self._window.distinct_members():
            if key in {_ATTRIBUTES, _OBJECTS} and self._window.peek() == "[":
                for _ in self._window.items():
                    yield from self._element(is_object=key == _OBJECTS)
            else:
                yield from _said(key, self._window.value())

    def _element(self, *, is_object: bool) -> Iterator[ListEvent]:
        value = self._window.value()
        if not isinstance(value, dict) or self._window.repeated:
            self._window.records += 1
            yield Dropped(self._window.records, Loss.MALFORMED)
            return
        gathering = Gathering()
        read = _take_object(value, gathering) if is_object else _take(value, gathering)
        if not read:
            self.left_out += 1
            return
        self._window.records += 1
        yield from _record(self._window.records, value, gathering)


def _said(key: str, value: Json) -> Iterator[ListEvent]:
    """State who published an event."""
    if key == "Orgc" and isinstance(value, dict) and (name := as_text(value.get("name"))):
        yield ListFacts({"publisher": name})


def _record(place: int, value: dict[str, Json], gathering: Gathering) -> Iterator[ListEvent]:
    entry = as_text(value.get("uuid"))
    # The moment of an object need not change when one of its attributes does.
    moments = [
        gathered_epoch(one.get("timestamp"), gathering) for one in (value, *_attributes(value))
    ]
    if not all(is_flag(one.get("deleted")) for one in (value, *_attributes(value))):
        gathering.lose(Loss.BAD_VALUE)
    updated = max((moment for moment in moments if moment is not None), default=None)
    nothing_left = not (gathering.digests or gathering.other or gathering.losses)
    if _is_deleted(value) or nothing_left:
        yield from taken_back(place, entry, gathering, updated)
        return
    size = _size(value, gathering)
    fields = _without_content(value)
    yield from dated(gathering.events(place, fields, entry=entry, size=size), updated)


def _without_content(value: dict[str, Json]) -> dict[str, Json]:
    """Describe the files that attributes may carry."""
    if value.get(_CONTENT):
        value = value | {_CONTENT: description(value[_CONTENT])}
    inner = value.get(_ATTRIBUTES)
    if isinstance(inner, list):
        kept = [_without_content(one) if isinstance(one, dict) else one for one in inner]
        value = value | {_ATTRIBUTES: kept}
    return value


def _is_deleted(value: dict[str, Json]) -> bool:
    said = value.get("deleted")
    return is_flag(said) and read_flag(said) is True


def _take(attribute: dict[str, Json], gathering: Gathering) -> bool:
    """Read an attribute; say whether it is a hash, alone or behind a file name."""
    named, _, last = (as_text(attribute.get("type")) or "").lower().rpartition("|")
    if last == "malware-sample":
        named, last = last, "md5"  # a file name, its MD5, and the file itself beside it
    if last not in _FILE_HASHES | _ONLY_KEPT or (named and named not in _WITH_NAME):
        return False
    value = as_text(attribute.get("value"))
    if value is not None and named:
        value = value.rpartition("|")[2].strip()
    kind = kind_named(last)
    if not value:
        gathering.lose(Loss.NO_HASH)
    elif last in _FILE_HASHES and kind is not None:
        gathering.take(kind, value)
    else:
        gathering.carry(last)
    return True


def _take_object(value: dict[str, Json], gathering: Gathering) -> bool:
    """Read the attributes of an object, without deleted ones; say whether there ever was a hash."""
    found = False
    of_section = (as_text(value.get("name")) or "").endswith(_SECTION)
    for attribute in _attributes(value):
        gone = _is_deleted(attribute) and not _is_deleted(value)
        found = _take(attribute, Gathering() if gone or of_section else gathering) or found
    if of_section and found:
        gathering.carry("of-pieces")
    return found


def _attributes(value: dict[str, Json]) -> Iterator[dict[str, Json]]:
    inner = value.get(_ATTRIBUTES)
    return (one for one in inner if isinstance(one, dict)) if isinstance(inner, list) else iter(())


def _size(value: dict[str, Json], gathering: Gathering) -> int | None:
    for attribute in _attributes(value):
        if as_text(attribute.get("type")) == "size-in-bytes":
            return gathering.size(as_text(attribute.get("value")) or "")
    return None


FORMAT = Misp()
