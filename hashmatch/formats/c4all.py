"""Index files of C4All and its relatives: ``C4P Index.xml`` (pictures), ``C4M Index.xml`` (movies).

Categories are numbers whose words stand in the case database, so that they are kept verbatim.
The pictures beside the index are never opened, and one inside it is only described.
Source: files of the EnCase script and of the X-Ways extension.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.errors import HashSetError
from hashmatch.formats.gathering import Gathering
from hashmatch.formats.hash_text import MD5, SHA1
from hashmatch.formats.interface import Certainty
from hashmatch.formats.thumbnails import description
from hashmatch.formats.xml_stream import XmlDocument, opening
from hashmatch.model.records import ListFacts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.formats.xml_stream import Element
    from hashmatch.model.records import Json, ListEvent

_ROOT = "ReportIndex"
_OTHER_ROOT = "VictimIndex"
_ITEMS = ("Image", "Movie")
PICTURE = "homePic"
_SAYS = {"version": "format_version", "source": "publisher"}


@dataclass(frozen=True, slots=True)
class C4all:
    """Reads C4P and C4M index files."""

    name: str = "c4all"
    title: str = "C4All / C4P index (XML)"
    has_categories: bool = True
    certainty: Certainty = Certainty.MARKUP
    takes: tuple[str, ...] = ()

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise the root element; the victim report's too, to say what it is."""
        found = opening(head)
        return found is not None and found.root in {_ROOT, _OTHER_ROOT}

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read the pictures or movies of an index.

        Raises:
            HashSetError: it is no such index; a victim report is named as one.
        """
        document = XmlDocument(stream, options, _ITEMS)
        place = 0
        for element in document.elements():
            _check(document.root)
            if element.name in _ITEMS:
                place += 1
                yield from _record(place, element)
            elif element is document.root:
                said = element.attributes
                yield ListFacts({_SAYS[name]: said[name] for name in _SAYS if said.get(name)})
        yield document.facts()


def _check(root: Element | None) -> None:
    if root is None or root.name == _OTHER_ROOT:
        msg = (
            "this is a C4All victim report, which has no hashes of its own files;"
            " import 'C4P Index.xml' and 'C4M Index.xml' of the same export"
        )
        raise HashSetError(msg)
    if root.name != _ROOT:
        msg = f"the outermost element is not {_ROOT}; expected a C4P or C4M index"
        raise HashSetError(msg)


def _record(place: int, element: Element) -> Iterator[ListEvent]:
    gathering = Gathering()
    for name, kind in (("hash", MD5), ("sha1Hash", SHA1)):
        if text := element.value(name):
            gathering.take(kind, text)
    if element.value("encaseHash"):
        gathering.carry("encase")  # its algorithm is not public
    yield from gathering.events(
        place,
        {"element": element.name, **described(element.to_fields())},
        entry=element.value("id"),
        category=element.value("category"),
        size=gathering.size(element.value("fileSize") or ""),
        flags=tagged(element.value("tagged"), gathering),
    )


def described(fields: dict[str, Json]) -> dict[str, Json]:
    """Replace the picture that an item may carry by its digest and length."""
    if not fields.get(PICTURE):
        return fields
    return fields | {PICTURE: description(fields[PICTURE])}


def tagged(value: Json, gathering: Gathering) -> dict[str, bool]:
    """Read the mark that an examiner set; what is neither yes nor no is a lost value."""
    flags: dict[str, bool] = {}
    gathering.flag("tagged", value, flags)
    return flags


FORMAT = C4all()
