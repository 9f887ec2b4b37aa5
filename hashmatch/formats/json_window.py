"""A JSON document of any length, of which only the piece being read is kept as text.

Values are decoded by the standard library at the speed of C, one at a time, inside a window that
moves over the document. What this module adds is bounds and strictness: no value may be longer
than a record, nested too deeply, or hold a number that does not fit 64 bits; bad UTF-8, NaN and
text after the end are refused. A key that stands twice in one object is pointed out.
"""

from __future__ import annotations

import codecs
import json
import re
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.errors import HashSetError
from hashmatch.formats.encoding import Utf8Source
from hashmatch.formats.json_decoder import DEEPEST, JsonDecoder, TooDeepError, without_surrogates

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.model.records import Json

_BLOCK = 1 << 16
_SHORT = 1 << 12
_BLANKS = re.compile(r"[ \t\n\r]*")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_TOKEN = 16
"""No number or word that is cut off is noticed further than this from the end."""


class JsonWindow:
    """The document, with the place reached. ``records`` counts what the reader has finished.

    Of the value read last, ``length`` counts its characters, ``repeated`` tells whether an object
    inside it had a key twice, and ``flat`` that it is short and holds no other object or array.
    """

    def __init__(self, stream: BinaryIO, options: ReadOptions) -> None:
        self._source = Utf8Source(stream, _BLOCK)
        self._decode_utf8 = codecs.getincrementaldecoder("utf-8")().decode
        self._json = JsonDecoder()
        self._maximum = options.maximum_record
        self._text = ""
        self._at = 0
        self._ended = False
        self._surrogates = False
        self.encoding = self._source.encoding
        self.records = 0
        self.length = 0
        self.repeated = False
        self.flat = False

    def peek(self) -> str:
        """Give the next character that is not blank; empty at the end."""
        while True:
            if self._at < len(self._text) and self._text[self._at] > " ":
                return self._text[self._at]
            found = _BLANKS.match(self._text, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._text) or self._ended:
                return self._text[self._at : self._at + 1]
            self._more()

    def value(self) -> Json:
        """Read the next value.

        Raises:
            HashSetError: it is bad JSON, longer than a record may be, or nested too deeply.
        """
        self.peek()
        while (found := self._attempt()) is None:
            self._more()
        return found[0]

    def short_object(self) -> dict[str, Json] | None:
        """Read the next value if it is an object that lies inside the window.

        Otherwise nothing is read: it can be walked with :meth:`members`. After a short object
        :meth:`back` goes back to its beginning.
        """
        if self.peek() != "{":
            return None
        self._began = self._at
        found = self._attempt(whole=False)
        if found is None and len(self._text) - self._at <= min(_BLOCK, self._maximum):
            self._more()
            self._began = self._at
            found = self._attempt(whole=False)
        return found[0] if found is not None and isinstance(found[0], dict) else None

    def back(self) -> None:
        """Go back to the beginning of the short object that was just read."""
        self._at = self._began

    def members(self) -> Iterator[str]:
        """Walk an object: gives each key, and the caller reads its value before the next."""
        yield from (self._key() for _ in self._walk("{", "}"))

    def distinct_members(self) -> Iterator[str]:
        """Walk an object as :meth:`members` does, and refuse a key that stands twice.

        Raises:
            HashSetError: a key stands twice, or the keys are longer than a record may be.
        """
        seen: set[str] = set()
        length = 0
        for key in self.members():
            if key in seen:
                raise self.ambiguous()
            seen.add(key)
            length += len(key)
            if length + len(seen) > self._maximum:
                raise self.too_long()
            yield key

    def items(self) -> Iterator[None]:
        """Walk an array: stops before each element, which the caller reads."""
        return self._walk("[", "]")

    def finish(self) -> None:
        """Refuse anything after the document.

        Raises:
            HashSetError: there is something.
        """
        if self.peek():
            raise self._refusal()

    def _walk(self, opening: str, closing: str) -> Iterator[None]:
        self._take(opening)
        if self.peek() == closing:
            self._at += 1
            return
        while True:
            yield
            if self._take("," + closing) == closing:
                return

    def _key(self) -> str:
        key = self.value() if self.peek() == '"' else None
        if not isinstance(key, str):
            raise self._refusal()
        self._take(":")
        return key

    def _take(self, expected: str) -> str:
        found = self.peek()
        if not found or found not in expected:
            raise self._refusal()
        self._at += 1
        return found

    def _attempt(self, *, whole: bool = True) -> tuple[Json] | None:
        """Decode the value that begins here; None when the window does not hold all of it.

        One that is too long is refused, or None when ``whole`` is False.
        """
        text, start = self._text, self._at
        try:
            value, end = self._json.decode(text, start)
        except json.JSONDecodeError as error:
            if not self._ended and _is_cut(error, text):
                return None
            raise self._refusal(error) from None
        except TooDeepError:
            msg = f"a record is nested more than {DEEPEST} levels deep; expected a list of records"
            raise HashSetError(msg) from None
        if end == len(text) and not self._ended:
            return None  # digits may follow
        if end - start > self._maximum:
            if not whole:
                return None
            raise self.too_long()
        if self._json.unfit:
            raise self._refusal()
        self._at, self.length = end, end - start
        self.repeated = self._json.repeated
        self.flat = self._json.opened < 2 and self.length < _SHORT
        return (without_surrogates(value) if self._surrogates else value,)

    def _more(self) -> None:
        """Forget what was read, and take so much more that few attempts are needed."""
        pieces = [self._text[self._at :]]
        wanted = len(pieces[0])
        if wanted > self._maximum:
            raise self.too_long()
        while wanted >= 0 and not self._ended:
            block = self._source.read()
            self._ended = not block
            try:
                pieces.append(self._decode_utf8(block, self._ended))
            except UnicodeDecodeError:
                raise self._refusal() from None
            wanted -= max(len(pieces[-1]), 1)
        self._text, self._at = "".join(pieces), 0
        self._surrogates = self._surrogates or _SURROGATE.search(self._text) is not None

    def ambiguous(self) -> HashSetError:
        """Say that a key stands twice where that makes the document ambiguous."""
        return HashSetError(
            f"a key stands twice in one object {self._where()}, so that the document can be read"
            " in two ways; expected each key once, get the list again"
        )

    def _where(self) -> str:
        return f"after record {self.records}, before byte {self._source.position}"

    def too_long(self) -> HashSetError:
        """Say that a record is longer than one may be."""
        return HashSetError(
            f"the list has a record of more than {self._maximum} bytes {self._where()};"
            " expected a list of records"
        )

    def _refusal(self, error: json.JSONDecodeError | None = None) -> HashSetError:
        """Say in one sentence why the document cannot be read, without its words."""
        cut = self._ended and (
            self._at >= len(self._text) or (error is not None and _is_cut(error, self._text))
        )
        found = "ends too early" if cut else "is not JSON, or has a number of more than 64 bits,"
        return HashSetError(
            f"the list {found} {self._where()}; expected a whole JSON document, get the list again"
        )


def _is_cut(error: json.JSONDecodeError, text: str) -> bool:
    """Tell whether more text could mend the error."""
    return error.pos >= len(text) - _TOKEN or error.msg.startswith("Unterminated")
