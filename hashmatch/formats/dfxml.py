"""Digital Forensics XML: the files that a tool such as md5deep or fiwalk found, with digests.

Only digests of whole files are compared. A digest inside a ``byte_run`` is one of a piece; one
outside of any ``fileobject`` is that of a disk image or volume: the first is carried with its
file, the second counted. Source: DFXML schema; output of md5deep 4.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.errors import HashSetError
from hashmatch.formats.gathering import Gathering, requiring_records
from hashmatch.formats.hash_text import kind_named
from hashmatch.formats.interface import Certainty
from hashmatch.formats.xml_stream import XmlDocument, opening
from hashmatch.model.records import Dropped, ListFacts, Loss

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.formats.xml_stream import Element
    from hashmatch.model.records import ListEvent

_ROOTS = ("dfxml", "fiwalk")
_FILE = "fileobject"
_DIGEST = "hashdigest"
_EARLIER = "original_fileobject"  # the file as it was, in a comparison of two documents
_OF_PIECES = "of-pieces"


@dataclass(frozen=True, slots=True)
class Dfxml:
    """Reads the file objects of a DFXML document."""

    name: str = "dfxml"
    title: str = "Digital Forensics XML"
    has_categories: bool = False
    certainty: Certainty = Certainty.MARKUP
    takes: tuple[str, ...] = ()

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise the root element."""
        found = opening(head)
        return found is not None and found.root in _ROOTS

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read the file objects.

        Raises:
            HashSetError: it is no such document, or no file in it has a digest.
        """
        return requiring_records(
            _events(XmlDocument(stream, options, (_FILE,))),
            "no file object has a digest; expected <hashdigest> elements, make the list with them",
        )


def _events(document: XmlDocument) -> Iterator[ListEvent]:
    place = images = without = 0
    for element in document.elements():
        root = document.root
        if root is None or root.name not in _ROOTS:
            msg = f"the outermost element is not {_ROOTS[0]}; expected a DFXML document"
            raise HashSetError(msg)
        if element is root:
            version = element.attributes.get("version") or element.attributes.get(
                "xmloutputversion"
            )
            yield ListFacts({"format_version": version} if version else {})
        elif element.name == _FILE:
            place += 1
            if _is_no_file(element):
                without += 1
            else:
                yield from _record(place, element)
        elif element.name == _DIGEST:
            images += 1
        elif element.name == "program" and element.text.strip():
            yield ListFacts({"publisher": element.text.strip()})
    counted = {"image_digests": images, "entries_that_are_no_files": without}
    yield ListFacts({name: str(number) for name, number in counted.items() if number})
    yield document.facts()


def _is_no_file(element: Element) -> bool:
    """Tell a directory, link or device, which has nothing to digest, from a file without."""
    kind = element.value("name_type")
    return kind not in {None, "r", "-"} and element.first(_DIGEST) is None


def _record(place: int, element: Element) -> Iterator[ListEvent]:
    gathering = Gathering()
    for digest in element.all(_DIGEST):
        _take(digest, gathering)
    if gathering.digests and _has_pieces(element):
        gathering.carry(_OF_PIECES)
    if not gathering.digests and not gathering.other:
        yield Dropped(place, gathering.losses[0] if gathering.losses else Loss.NO_HASH)
        return
    yield from gathering.events(
        place,
        element.to_fields(),
        size=gathering.size(element.value("filesize") or ""),
        flags=_flags(element, gathering),
    )


def _take(digest: Element, gathering: Gathering) -> None:
    kind, text = kind_named(digest.attributes.get("type", "")), digest.text.strip()
    if not text:
        return  # tools leave the digest of an unreadable file empty
    if kind is not None:
        gathering.take(kind, text)
    else:
        gathering.carry("unknown")


def _has_pieces(element: Element) -> bool:
    inner = (one for one in element.children if one.name not in {_DIGEST, _EARLIER})
    return any(_holds_digest(one) for one in inner)


def _holds_digest(element: Element) -> bool:
    return any(one.name == _DIGEST or _holds_digest(one) for one in element.children)


def _flags(element: Element, gathering: Gathering) -> dict[str, bool]:
    """Read whether the content was allocated; the schema's two spellings mean the opposite."""
    said: dict[str, bool] = {}
    for name in ("alloc", "unalloc"):
        gathering.flag(name, element.value(name), said)
    allocated, unallocated = said.get("alloc"), said.get("unalloc")
    if unallocated is None and allocated is not None:
        unallocated = not allocated
    return {} if unallocated is None else {"unallocated": unallocated}


FORMAT = Dfxml()
