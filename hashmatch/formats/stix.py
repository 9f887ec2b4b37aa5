"""STIX 2 bundles: files with their hashes, indicators that ask for hashes, observed data.

An indicator whose pattern asks for any of several files makes one record for each, numbered
behind its id. A revoked indicator takes them back. Objects and conditions without a hash of a
whole file are counted. Source: STIX 2.0 and 2.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.formats.as_text import as_text
from hashmatch.formats.encoding import opening_text
from hashmatch.formats.gathering import Gathering
from hashmatch.formats.hash_text import SHA256, SHA384, SHA512, kind_named, plain_name
from hashmatch.formats.interface import Certainty
from hashmatch.formats.json_opening import has_keys
from hashmatch.formats.json_stream import Document
from hashmatch.formats.moments import dated, gathered_epoch, taken_back
from hashmatch.formats.stix_pattern import PatternError, alternatives
from hashmatch.formats.thumbnails import description
from hashmatch.model.records import Dropped, ListFacts, Loss

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.formats.stix_pattern import Alternative
    from hashmatch.model.records import Json, ListEvent

_OBJECTS = "objects"
_FILES = ("file", "artifact")
_CONTENT = "payload_bin"
_BY_LENGTH = {64: SHA256, 96: SHA384, 128: SHA512}
_ONLY_KEPT = {"sha3256": "sha3-256", "sha3512": "sha3-512", "sha224": "sha224"}


@dataclass(frozen=True, slots=True)
class Stix:
    """Reads bundles."""

    name: str = "stix"
    title: str = "STIX 2 bundle (JSON)"
    has_categories: bool = False
    certainty: Certainty = Certainty.KEYS
    takes: tuple[str, ...] = ()

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise a bundle with objects."""
        return has_keys(head, _OBJECTS, "type", "id") and '"bundle' in opening_text(head)

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read the objects of a bundle.

        Raises:
            HashSetError: it is bad JSON or has no objects.
        """
        document = Document(stream, options)
        yield ListFacts({"encoding": document.encoding})
        reading = _Reading()
        for _, item in document.elements(_OBJECTS):
            if item is None:
                yield Dropped(reading.next_place(), Loss.MALFORMED)
            else:
                yield from reading.item(item)
        if version := reading.version or as_text(document.top.get("spec_version")):
            yield ListFacts({"format_version": version})
        if reading.left_out:
            said = f"{reading.left_out} objects and conditions without a hash of a whole file"
            yield ListFacts({"left_out": said})


class _Reading:
    """Reads objects one by one; ``places`` numbers what became a record, a loss or neither."""

    def __init__(self) -> None:
        self.places = self.left_out = 0
        self.version: str | None = None

    def next_place(self) -> int:
        self.places += 1
        return self.places

    def item(self, item: dict[str, Json]) -> Iterator[ListEvent]:
        self.version = self.version or as_text(item.get("spec_version"))
        kind, entry = item.get("type"), as_text(item.get("id"))
        if kind in _FILES:
            yield from self._file(item, entry)
        elif kind == "indicator":
            yield from self._indicator(item, entry)
        elif kind == "observed-data" and isinstance(inner := item.get(_OBJECTS), dict):
            for key, one in inner.items():
                if isinstance(one, dict) and one.get("type") in _FILES:
                    yield from self._file(one, f"{entry}/{key}" if entry else None)
                else:
                    self.left_out += 1
        else:
            self.left_out += 1

    def _file(self, item: dict[str, Json], entry: str | None) -> Iterator[ListEvent]:
        hashes = item.get("hashes")
        if not isinstance(hashes, dict) or not hashes:
            self.left_out += 1
            return
        gathering = Gathering()
        for name, value in hashes.items():
            _take(name, as_text(value), gathering)
        size = gathering.size(as_text(item.get("size")) or "")
        yield from gathering.events(
            self.next_place(), _without_content(item), entry=entry, size=size
        )

    def _indicator(self, item: dict[str, Json], entry: str | None) -> Iterator[ListEvent]:
        pattern = item.get("pattern")
        language = item.get("pattern_type", "stix")
        if not isinstance(pattern, str) or language != "stix":
            self.left_out += 1
            return
        try:
            found = [one for one in alternatives(pattern) if _is_of_file(one)]
        except PatternError:
            if "hashes" in pattern:
                yield Dropped(self.next_place(), Loss.MALFORMED)
            else:
                self.left_out += 1
            return
        self.left_out += not found
        # The pattern may be long: the first record has it for all.
        rest = {key: value for key, value in item.items() if key != "pattern"}
        for number, one in enumerate(found, 1):
            own = f"{entry}#{number}" if entry and number > 1 else entry
            fields = item if number == 1 else rest
            yield from self._alternative(one, own, fields, revoked=item.get("revoked"))

    def _alternative(
        self, terms: Alternative, entry: str | None, fields: dict[str, Json], *, revoked: Json
    ) -> Iterator[ListEvent]:
        gathering = Gathering()
        updated = gathered_epoch(fields.get("modified"), gathering)
        place, size = self.next_place(), None
        for term in terms:
            if term.hash_name is not None and term.value is None:
                gathering.lose(Loss.BAD_VALUE)  # excluded, or compared other than for equality
            elif term.hash_name is not None:
                _take(term.hash_name, term.value, gathering)
            elif term.is_of_piece:
                gathering.carry("of-pieces")
            elif term.of in _FILES and term.path == ("size",) and term.value is not None:
                size = gathering.size(term.value)
        if gathering.said(revoked):
            yield from taken_back(place, entry, gathering, updated)
        else:
            yield from dated(gathering.events(place, fields, entry=entry, size=size), updated)


def _is_of_file(terms: Alternative) -> bool:
    return any(term.hash_name is not None or term.is_of_piece for term in terms)


def _take(name: str, value: str | None, gathering: Gathering) -> None:
    if value is None:
        gathering.lose(Loss.BAD_VALUE)
        return
    plain = plain_name(name)
    kind = _BY_LENGTH.get(len(value)) if plain == "sha2" else kind_named(name)
    if kind is not None:
        gathering.take(kind, value)
    else:
        gathering.carry(_ONLY_KEPT.get(plain, "unknown"))


def _without_content(item: dict[str, Json]) -> dict[str, Json]:
    """Replace the content that an artifact may carry by its digest and length."""
    if not item.get(_CONTENT):
        return item
    return item | {_CONTENT: description(item[_CONTENT])}


FORMAT = Stix()
