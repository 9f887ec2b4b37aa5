"""The text of an XML document as UTF-8, whatever its encoding is and its declaration says.

A byte order mark counts first. A declaration counts where the bytes fit it: "utf-16" over plain
ASCII is a known mistake of a tool and is passed over, and said. The declaration itself is dropped.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.formats.encoding import Utf8Source
from hashmatch.model.records import ListFacts

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK = 1 << 16

_DECLARED = re.compile(rb"\s*<\?xml\s[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_DECLARATION = re.compile(r"\A\s*<\?xml\s[^>]*\?>")
# Encodings in which ASCII is ASCII, so that a declaration in them can be read before it is known.
_PLAIN = re.compile(r"iso8859|cp|koi8|gb|big5|euc|shift_jis|tis|mac")
# A byte that is no UTF-8 in a document that should be is read as cp1252 has it, or as a control.
_STRAY = {
    0xDC00 + byte: bytes([byte]).decode("cp1252", "ignore") or chr(byte)
    for byte in range(0x80, 0x100)
}


class XmlText:
    """A document in blocks of UTF-8. Line breaks of the dropped declaration stay."""

    def __init__(self, stream: BinaryIO) -> None:
        self._source = Utf8Source(stream, BLOCK)
        self._facts = {}
        head = self._source.head
        name = "utf-8"
        self.encoding = self._source.encoding
        if self.encoding == "utf-8":
            name, untrue = _without_mark(head)
            self.encoding = name
            if untrue:
                self._facts = {"declared_encoding": f"{untrue}, which it is not"}
        strict = "surrogateescape" if name == "utf-8" else "replace"
        self._decoder = codecs.getincrementaldecoder(name)(strict)

    def facts(self) -> ListFacts:
        """State the encoding; complete only after the last block was read."""
        return ListFacts({"encoding": self.encoding, **self._facts})

    def blocks(self) -> Iterator[bytes]:
        """Give the document once."""
        begun = False
        while block := self._source.read():
            text = self._decoder.decode(block)
            if not begun:
                text = _DECLARATION.sub(lambda found: "\n" * found[0].count("\n"), text, count=1)
            begun = True
            yield self._recode(text)
        yield self._recode(self._decoder.decode(b"", final=True))

    def _recode(self, text: str) -> bytes:
        try:
            return text.encode()
        except UnicodeEncodeError:
            self.encoding = "cp1252"
        return text.translate(_STRAY).encode("utf-8", "replace")


def _without_mark(head: bytes) -> tuple[str, str | None]:
    """Give the encoding of a document without a mark, and what it declares untruly."""
    for begin, name in ((b"<\0", "utf-16-le"), (b"\0<", "utf-16-be")):
        if head.startswith(begin):
            return name, None
    found = _DECLARED.match(head)
    if found is None:
        return "utf-8", None
    declared = found[1].decode().lower()
    try:
        name = codecs.lookup(declared).name
    except LookupError:
        return "utf-8", declared
    if name in {"utf-8", "ascii"}:
        return "utf-8", None
    fits = _PLAIN.match(name) and head[:5].decode(name, "replace") == head[:5].decode("latin-1")
    return (name, None) if fits else ("utf-8", declared)
