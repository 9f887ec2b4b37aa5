"""CyberTipline documents in XML: a provider's file details, the answers, an agency's report.

They make a case's own list: hashes of files that somebody reported and nobody has confirmed.
Elements are known by their names, whatever their namespace is, since the namespace differs
between the parties. People, addresses and incidents of a report are not taken over.
Source: schema of the CyberTipline reporting service; reports as law enforcement receives them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.errors import HashSetError
from hashmatch.formats.cybertip_file import NO_HASHES, Files
from hashmatch.formats.gathering import requiring_records
from hashmatch.formats.interface import Certainty
from hashmatch.formats.xml_stream import XmlDocument, opening
from hashmatch.model.records import ListFacts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.formats.xml_stream import Element
    from hashmatch.model.records import Json, ListEvent

_DETAILS = "fileDetails"
_RESPONSE = "reportResponse"
_FILES = (_DETAILS, "uploadedFile", "file", _RESPONSE)
_ROOTS = ("report", _DETAILS, _RESPONSE, "reportDoneResponse")
_ORIGINAL = "originalFileHash"
_HELD = "verificationHash"
_OF_REPORT = frozenset({"reportId", "incidentSummary", "fileDetails", "uploadedFiles"})


@dataclass(frozen=True, slots=True)
class Cybertip:
    """Reads reports, file details and responses."""

    name: str = "cybertip"
    title: str = "CyberTipline report or file details (XML)"
    has_categories: bool = True
    certainty: Certainty = Certainty.MARKUP
    takes: tuple[str, ...] = ()

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise the root element; a report by what stands in it too."""
        found = opening(head)
        if found is None or found.root not in _ROOTS:
            return False
        ours = "cybertip" in found.namespace or not found.names.isdisjoint(_OF_REPORT)
        return found.root != "report" or ours

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read the files of one document.

        Raises:
            HashSetError: it is no such document, or none of its files has a hash.
        """
        return requiring_records(_events(XmlDocument(stream, options, _FILES)), NO_HASHES)


def _events(document: XmlDocument) -> Iterator[ListEvent]:
    files = Files()
    others = 0
    for element in document.elements():
        root = document.root
        if root is None or root.name not in _ROOTS:
            msg = f"the outermost element is none of {', '.join(_ROOTS)}; check --format"
            raise HashSetError(msg)
        if element.name in _FILES and element.children:
            yield from _report(element.value("reportId"))
            yield from _file(element, files)
        elif element.name in {_ORIGINAL, _HELD} and element.text.strip():
            yield from _loose(element, files)
        elif element.name == "reportId":
            yield from _report(element.text.strip())
        elif element.text.strip():
            others += 1
    if others + files.left_out:
        yield ListFacts({"left_out": f"{others + files.left_out} statements of the report"})
    yield document.facts()


def _report(number: str | None) -> Iterator[ListEvent]:
    if number:
        yield ListFacts({"publisher": f"NCMEC CyberTipline, report {number}"})


def _loose(element: Element, files: Files) -> Iterator[ListEvent]:
    """Read a hash that stands in an element of unknown name, so that it is not missed."""
    text = element.text.strip()
    if element.name == _HELD:
        return files.events({}, (), (text,))
    return files.events({}, ((element.attributes.get("hashType", ""), text),))


def _file(element: Element, files: Files) -> Iterator[ListEvent]:
    held = [child.text.strip() for child in element.below(_HELD)]
    if element.name == _RESPONSE:
        held += [child.text.strip() for child in element.all("hash")]
    return files.events(_fields(element), list(_originals(element)), held)


def _originals(element: Element) -> Iterator[tuple[str, str]]:
    for one in element.below(_ORIGINAL):
        yield one.attributes.get("hashType", ""), one.text.strip()
    for details in element.below("details"):
        if details.attributes.get("type") == "HASH":
            for pair in details.all("nameValuePair"):
                yield pair.value("name") or "", pair.value("value") or ""


def _fields(element: Element) -> dict[str, Json]:
    """Give what is said of the file beside its hashes; of repeated elements each counts."""
    hashes = {_ORIGINAL, _HELD, "hash"}
    fields: dict[str, Json] = {}
    seen: Counter[str] = Counter()
    for child in element.children:
        if child.name in hashes or child.attributes.get("type") == "HASH":
            continue
        seen[child.name] += 1
        number = seen[child.name]
        fields[child.name if number == 1 else f"{child.name} {number}"] = child.to_json()
    return fields


FORMAT = Cybertip()
