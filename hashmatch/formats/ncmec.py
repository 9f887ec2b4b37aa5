"""Saved answers of NCMEC's hash sharing service: entries of images and videos, and retractions.

What a list means depends on the environment it was fetched from, which the answer does not say;
the operator has to. An entry is known by its member and id: a later answer sends it again as a
whole, or says that it was deleted. Large fingerprints are only named in an answer; the address
under which they could be fetched is not a value.
Source: NCMEC Hash Sharing API, versions 1 and 2.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.errors import HashSetError
from hashmatch.formats.gathering import Gathering
from hashmatch.formats.hash_text import kind_named, plain_name
from hashmatch.formats.interface import Certainty
from hashmatch.formats.moments import dated, gathered_epoch, taken_back
from hashmatch.formats.xml_stream import XmlDocument, opening
from hashmatch.model.records import ListFacts, Loss

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.formats.xml_stream import Element
    from hashmatch.model.records import Json, ListEvent

ENVIRONMENTS = (
    *("industry", "industry-exploitative", "law-enforcement", "ngo", "ngo-exploitative"),
    *("generative-ai-csam", "generative-ai-exploitative"),
)
"""What ``--environment`` may say; "exploitative" ones hold what may well not be unlawful."""

_OTHER_SPELLINGS = {
    "industry": "industrycsam",
    "law-enforcement": "lawenforcementcsam",
    "ngo": "ngocsam npo npocsam",
    "ngo-exploitative": "npoexploitative exploitative",
}
_BY_SPELLING = {plain_name(one): one for one in ENVIRONMENTS} | {
    spelling: one for one, spellings in _OTHER_SPELLINGS.items() for spelling in spellings.split()
}
_ROOT = "queryResult"
_LIVE = ("image", "video")
_DELETED = {"deletedImage": "image", "deletedVideo": "video"}
_VERSION = re.compile(r"/(v\d+)/?$")


@dataclass(slots=True)
class _Page:
    """What was read of one answer so far."""

    places: int = 0
    found: Counter[str] = field(default_factory=Counter)
    fewer: bool = False
    more: bool = False

    def compare(self, element: Element) -> None:
        """Hold the number of entries that a part of the answer declares against what it has."""
        found, declared = self.found.pop(element.name, 0), element.attributes.get("count", "")
        if not (declared.isascii() and declared.isdigit() and len(declared) < 20):
            return
        if found > int(declared):
            msg = (
                f"the {element.name} that begin at line {element.line} are {found}, their count"
                f" says {declared}; the file was put together or changed, get it again"
            )
            raise HashSetError(msg)
        self.fewer = self.fewer or found < int(declared)

    def facts(self) -> Iterator[ListEvent]:
        if self.more:
            yield ListFacts({"partial": "it names a next page"})
        elif self.fewer:
            # The count may be that of all pages together.
            fewer = "it has fewer entries than it declares"
            yield ListFacts({"partial": fewer, "last_page": "it names no next page"})


@dataclass(frozen=True, slots=True)
class Ncmec:
    """Reads answers to the query for entries."""

    name: str = "ncmec"
    title: str = "NCMEC hash sharing entries (XML)"
    has_categories: bool = True
    certainty: Certainty = Certainty.MARKUP
    takes: tuple[str, ...] = ("environment",)

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise the root element."""
        found = opening(head)
        return found is not None and found.root == _ROOT

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read one answer; more of them make one list, in any order.

        Raises:
            HashSetError: no environment was stated, it is no such answer, or it has more entries
                than it declares.
        """
        yield ListFacts({"environment": _environment(options)})
        document = XmlDocument(stream, options, (*_LIVE, *_DELETED))
        page = _Page()
        for element in document.elements():
            root = document.root
            if root is None or root.name != _ROOT:
                msg = f"the outermost element is not {_ROOT}; expected the answer to a query"
                raise HashSetError(msg)
            if element is root:
                yield from _version(element)
            elif element.name in _LIVE or element.name in _DELETED:
                page.places += 1
                yield from _entry(page, element)
            elif element.name in {"images", "videos"}:
                page.compare(element)
            elif element.name == "next":
                page.more = page.more or bool(element.text.strip())
        yield from page.facts()
        yield document.facts()


def _environment(options: ReadOptions) -> str:
    known = ", ".join(ENVIRONMENTS)
    if options.environment is None:
        msg = f"the list does not say where it is from; add --environment, one of {known}"
        raise HashSetError(msg)
    name = _BY_SPELLING.get(plain_name(options.environment))
    if name is None:
        msg = f"--environment names none that this list can be from; expected one of {known}"
        raise HashSetError(msg)
    return name


def _version(root: Element) -> Iterator[ListEvent]:
    for name, value in root.attributes.items():
        if name.partition(":")[0] == "xmlns" and (found := _VERSION.search(value)):
            yield ListFacts({"format_version": found[1]})


def _entry(page: _Page, element: Element) -> Iterator[ListEvent]:
    gathering = Gathering()
    place, key = page.places, _key(element)
    updated = gathered_epoch(element.value("timestamp"), gathering)
    deleted = _DELETED.get(element.name)
    page.found[f"{deleted or element.name}s"] += 1
    if deleted is not None:
        yield from taken_back(place, key, gathering, updated)
        return
    if key is None:  # what it is called by in a later retraction is lost
        gathering.lose(Loss.BAD_VALUE)
    for fingerprint in _fingerprints(element):
        _take(fingerprint, gathering)
    fields: dict[str, Json] = {"element": element.name, **element.to_fields()}
    category = element.value("classification")
    yield from dated(gathering.events(place, fields, entry=key, category=category), updated)


def _key(element: Element) -> str | None:
    member, own = element.first("member"), element.value("id")
    number = member.attributes.get("id", "").strip() if member is not None else ""
    return f"{number}:{own}" if number and own else None


def _fingerprints(element: Element) -> Iterator[Element]:
    for group in element.all("fingerprints"):
        yield from group.children


def _take(fingerprint: Element, gathering: Gathering) -> None:
    kind = kind_named(fingerprint.name)
    text = fingerprint.text.strip()
    if text and kind is not None:
        gathering.take(kind, text)
    elif text or "href" in fingerprint.attributes:
        gathering.carry(kind.name if kind is not None else "unknown")
    else:
        gathering.lose(Loss.BAD_VALUE)


FORMAT = Ncmec()
