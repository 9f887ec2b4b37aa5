"""Project VIC's VICS lists and case exports, versions 1.0 to 2.0, as every known writer has them.

Keys come in any order, the context even after the records. Whether an element is a record or a
case is told by a ``Media`` key inside it, not by what the context says. Embedded thumbnails are
neither decoded nor kept: a digest and a length stand in their place. Dates stay as written.
Source: EDMX of the 2.0 data model; exports of several tools.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import chain, product
from typing import TYPE_CHECKING, BinaryIO, Generic, Protocol, TypeVar

from hashmatch.errors import HashSetError
from hashmatch.formats.encoding import opening_text
from hashmatch.formats.hash_text import kind_named, plain_name
from hashmatch.formats.interface import Certainty
from hashmatch.formats.json_window import JsonWindow
from hashmatch.formats.vics_batches import Batching
from hashmatch.formats.vics_media import has_two_zones, read_media
from hashmatch.model.records import Dropped, ListFacts, Loss

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.model.records import FastEvent, Json, ListEvent

_Event_co = TypeVar("_Event_co", covariant=True)
_CONTEXT = re.compile(
    r"ProjectVic/DataModels/(\d+\.\d+)\.xml(?:/([^/$\"]+)/\$metadata)?#(?:Media|Cases)",
    re.IGNORECASE,
)
_NO_COUNTRY = frozenset({"DEFAULT", "UNKNOWN", "CUSTOM"})
_VALUE = re.compile(r'"value"\s*:\s*\[')
_MD5 = re.compile(r'"MD5"\s*:')
_MEDIA = frozenset(map("".join, product(*zip("media", "MEDIA", strict=True))))
"""The key of a case's records, in any case of its letters."""


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

        A record in which a key stands twice is lost, since it can be read in two ways.

        Raises:
            HashSetError: it is not JSON, ends too early, has no list of records, or a key twice
                at the top.
        """
        return _read(stream, options, _Singles())

    def read_batches(self, stream: BinaryIO, options: ReadOptions) -> Iterator[FastEvent]:
        """Read as :meth:`read`; raises the same."""
        return _read(stream, options, Batching())


class _Taking(Protocol[_Event_co]):
    """What takes flat objects and gives their events, at once or later."""

    def add(self, place: int, media: dict[str, Json]) -> Iterator[_Event_co]: ...

    def flush(self) -> Iterator[_Event_co]: ...


def _read(
    stream: BinaryIO, options: ReadOptions, taking: _Taking[_Event_co]
) -> Iterator[_Event_co | ListEvent]:
    window = JsonWindow(stream, options)
    yield ListFacts({"encoding": window.encoding})
    yield from _Document(window, options.maximum_record, taking).events()


class _Singles:
    """Takes objects as :class:`Batching` does, and gives each at once."""

    def add(self, place: int, media: dict[str, Json]) -> Iterator[ListEvent]:
        return read_media(place, media, flat=True)

    def flush(self) -> Iterator[ListEvent]:
        return iter(())


@dataclass(slots=True)
class _Document(Generic[_Event_co]):
    """One document as it is read, and what it says about itself."""

    window: JsonWindow
    longest: int
    taking: _Taking[_Event_co]
    version: str | None = None
    shapes: set[str] = field(default_factory=set)
    categories: set[str] = field(default_factory=set)
    two_zones: int = 0

    def events(self) -> Iterator[_Event_co | ListEvent]:
        window = self.window
        if window.peek() in ("[", '"'):
            msg = "the document is not a JSON object; expected a VICS list, check --format"
            raise HashSetError(msg)
        lists = 0
        for key in window.distinct_members():
            if key == "value" and window.peek() == "[":
                lists += 1
                for _ in window.items():
                    yield from self._element()
                yield from self.taking.flush()
            elif isinstance(value := window.value(), str) and (found := _CONTEXT.search(value)):
                yield self._context(found)
        window.finish()
        if not lists:
            msg = "the document has no list named 'value'; expected a VICS list, check --format"
            raise HashSetError(msg)
        yield self._facts()

    def _context(self, found: re.Match[str]) -> ListFacts:
        self.version = found[1]
        country = {"context": found[2]} if found[2] else {}
        if found[2] and found[2].upper() in _NO_COUNTRY:
            country = {"no_country": found[2]}  # a word that writers put where they have none
        return ListFacts({"format_version": found[1], **country})

    def _facts(self) -> ListFacts:
        facts = {"shape": " and ".join(sorted(self.shapes))} if self.shapes else {}
        if self.two_zones:
            facts["repaired_times"] = str(self.two_zones)
        if self.version == "1.2" and self.categories == {"8"}:
            # NIST publishes hashes of harmless files in this form. A genuine list of this
            # version has other categories too.
            facts["looks_benign"] = "nist-caid"
        return ListFacts(facts)

    def _element(self) -> Iterator[_Event_co | ListEvent]:
        """Read one element: a record, or a case whose records are read one by one."""
        window = self.window
        element = window.short_object()
        if element is None:
            if window.peek() == "{":
                return self._long_element()
            return self._media(window.value())
        if not _MEDIA.isdisjoint(element):
            window.back()
            return self._long_element()
        if _is_case(element, has_media=False):
            self.shapes.add("case")
            return iter(())
        self.shapes.add("list")
        return self._media(element, ambiguous=window.repeated, flat=window.flat)

    def _long_element(self) -> Iterator[_Event_co | ListEvent]:
        """Walk an element key by key, so that a case may be of any length."""
        window = self.window
        element: dict[str, Json] = {}
        has_media = ambiguous = False
        length = 0
        for key in window.members():
            if key in _MEDIA and window.peek() != "n":
                has_media = True
                yield from self._medias()
                continue
            ambiguous = ambiguous or key in element
            element[key] = window.value()
            ambiguous = ambiguous or window.repeated
            length += window.length + len(key)
            if length > self.longest:
                raise window.too_long()
        if _is_case(element, has_media=has_media):
            self.shapes.add("case")
        else:
            self.shapes.add("list")
            yield from self._media(element, ambiguous=ambiguous)

    def _medias(self) -> Iterator[_Event_co | ListEvent]:
        window = self.window
        if window.peek() != "[":
            window.value()
            yield from self._media(None)
            return
        for _ in window.items():
            media = window.value()
            yield from self._media(media, ambiguous=window.repeated, flat=window.flat)

    def _media(
        self, media: Json, *, ambiguous: bool = False, flat: bool = False
    ) -> Iterator[_Event_co | ListEvent]:
        window = self.window
        window.records += 1
        if ambiguous or not isinstance(media, dict):
            return chain(self.taking.flush(), (Dropped(window.records, Loss.MALFORMED),))
        self.two_zones += has_two_zones(media)
        if len(self.categories) < 2:
            self.categories.add(str(media.get("Category")))
        if flat:
            return self.taking.add(window.records, media)
        return chain(self.taking.flush(), read_media(window.records, media, flat=False))


def _is_case(element: dict[str, Json], *, has_media: bool) -> bool:
    """Tell a case from a record, also a case without media; the first look is for speed."""
    if "MD5" in element:
        return False
    keys = {plain_name(key) for key in element}
    if "alternativehashes" in keys or any(map(kind_named, element)):
        return False
    return has_media or "caseid" in keys


FORMAT = Vics()
