"""XML documents of any length, element by element, with every measure bounded.

Elements that a reader wants come whole, one at a time, and are let go; of all others only the
name, the attributes and the own text come. Names are given without namespace prefixes, since
tools write prefixes that they never declare. Document types and with them all entities are
refused: no list needs them, and they are how small files are made to fill a memory.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, BinaryIO, NoReturn
from xml.parsers import expat

from hashmatch.errors import HashSetError
from hashmatch.formats.xml_text import BLOCK, XmlText

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.model.records import Json, ListFacts

_DEEPEST = 64
_EMPTY = 16
"""What an element weighs beside its words, so that empty ones add up too."""


@dataclass(slots=True)
class Element:
    """An element by its local name.

    ``line`` is where it begins, from 1; inside of a wanted element, where that one begins.
    """

    name: str
    attributes: dict[str, str]
    line: int
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def all(self, name: str) -> Iterator[Element]:
        """Give the children of that name."""
        return (child for child in self.children if child.name == name)

    def below(self, name: str) -> Iterator[Element]:
        """Give the elements of that name at any depth inside."""
        for child in self.children:
            if child.name == name:
                yield child
            yield from child.below(name)

    def first(self, name: str) -> Element | None:
        """Give the first child of that name."""
        for child in self.children:
            if child.name == name:
                return child
        return None

    def value(self, name: str) -> str | None:
        """Give the text of the first child of that name; None when there is none, or no text."""
        child = self.first(name)
        return (child.text.strip() or None) if child is not None else None

    def to_json(self) -> Json:
        """Give the element as written: ``@`` before attributes, a list where a name repeats."""
        if not self.children and not self.attributes:
            return self.text
        return self.to_fields()

    def to_fields(self) -> dict[str, Json]:
        """Give attributes and children by name, also where there are none."""
        result: dict[str, Json] = {f"@{name}": value for name, value in self.attributes.items()}
        if self.text and not self.text.isspace():
            result["#text"] = self.text
        for child in self.children:
            value = child.to_json()
            if child.name not in result:
                result[child.name] = value
            elif isinstance(held := result[child.name], list):
                held.append(value)
            else:
                result[child.name] = [held, value]
        return result


class XmlDocument:
    """A document as it is read. ``root`` holds its outermost element once that has begun."""

    def __init__(self, stream: BinaryIO, options: ReadOptions, whole: Collection[str]) -> None:
        self.root: Element | None = None
        self._text = XmlText(stream)
        self._whole = whole
        self._maximum, self._longest_tag = options.maximum_record, options.maximum_line
        self._weight = 0
        self._open: list[Element] = []
        self._inside = 0
        self._ready: list[Element] = []
        self._parser = parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.buffer_size = BLOCK
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = self._refuse_document_type

    def facts(self) -> ListFacts:
        """State the encoding; complete only after the last element was read."""
        return self._text.facts()

    def elements(self) -> Iterator[Element]:
        """Give each element as it ends: the wanted ones whole, the others without children.

        What is inside a wanted element does not come on its own.

        Raises:
            HashSetError: the document is not well formed, ends too early, has a document type,
                or is deeper or has larger parts than the options allow.
        """
        fed = 0
        for block in self._text.blocks():
            self._parse(block, final=False)
            fed += len(block)
            yield from self._ready
            self._ready.clear()
            if fed - self._parser.CurrentByteIndex > self._longest_tag + len(block):
                self._refuse(f"a tag or comment of more than {self._longest_tag} bytes")
        self._parse(b"", final=True)
        yield from self._ready

    def _parse(self, block: bytes, *, final: bool) -> None:
        try:
            self._parser.Parse(block, final)
        except expat.ExpatError as error:
            found = "ends too early" if final else f"is not well formed ({error_words(error)})"
            msg = f"the XML {found} at line {error.lineno}; expected a whole document, get it again"
            raise HashSetError(msg) from None

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._weigh(len(name) + _EMPTY)
        if attributes:
            self._weigh(sum(map(len, attributes)) + sum(map(len, attributes.values())))
        if ":" in name:
            name = local_name(name)
        if self._inside:
            above = self._open[-1]
            element = Element(name, attributes, above.line, "", [])
            above.children.append(element)
        else:
            element = Element(name, attributes, self._parser.CurrentLineNumber, "", [])
            self._start_outside(element)
        if len(self._open) >= _DEEPEST:
            self._refuse(f"elements nested more than {_DEEPEST} levels deep")
        self._open.append(element)

    def _start_outside(self, element: Element) -> None:
        if not self._open:
            self.root = element
        else:
            self._open[-1].text = ""  # between children: blanks that would only add up
        if element.name in self._whole:
            self._inside = len(self._open) + 1

    def _end(self, _name: str) -> None:
        depth = len(self._open)
        element = self._open.pop()
        if self._inside in {0, depth}:
            self._inside = 0
            self._weight = 0
            self._ready.append(element)

    def _characters(self, text: str) -> None:
        self._weigh(len(text))
        self._open[-1].text += text

    def _weigh(self, length: int) -> None:
        self._weight += length
        if self._weight > self._maximum:
            self._refuse(f"an element of more than {self._maximum} bytes")

    def _refuse_document_type(self, *_declared: object) -> NoReturn:
        self._refuse("a document type (DOCTYPE), which no hash list needs and which can do harm")

    def _refuse(self, found: str) -> NoReturn:
        line = self._parser.CurrentLineNumber
        msg = f"line {line} has {found}; expected a plain XML list, check where it comes from"
        raise HashSetError(msg)


@dataclass(frozen=True, slots=True)
class Opening:
    """How a document begins: its outermost element, and what elements follow."""

    root: str
    namespace: str = ""
    names: frozenset[str] = frozenset()


@lru_cache(maxsize=2)
def opening(head: bytes) -> Opening | None:
    """Look at the beginning of a file, for recognition only; None when it is not XML.

    Of a document with a document type only the root's name is told.
    """
    seen: list[Opening] = []
    names: set[str] = set()
    parser = expat.ParserCreate("utf-8")

    def start(name: str, attributes: dict[str, str]) -> None:
        if not seen:
            prefix = name.rpartition(":")[0]
            space = attributes.get(f"xmlns:{prefix}" if prefix else "xmlns", "")
            seen.append(Opening(local_name(name), space))
        names.add(local_name(name))

    def document_type(name: str, *_rest: object) -> None:
        seen.append(Opening(local_name(name)))
        raise _Stop

    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = document_type
    try:
        for block in XmlText(io.BytesIO(head)).blocks():
            parser.Parse(block, False)  # noqa: FBT003  # positional only
    except (expat.ExpatError, _Stop):
        pass  # what was seen until then is what the answer is made of
    return Opening(seen[0].root, seen[0].namespace, frozenset(names)) if seen else None


class _Stop(Exception):  # noqa: N818  # ends a parser from inside, is no error
    """Enough was seen."""


def local_name(name: str) -> str:
    """Give a name without its namespace prefix."""
    return name.rpartition(":")[2]


def error_words(error: expat.ExpatError) -> str:
    """Say what is wrong in the parser's own fixed words, which repeat nothing of the document."""
    return str(expat.ErrorString(error.code))
