"""Bencoding, as torrents are written in it: read strictly, and bounded in every measure.

Source: BEP 3.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NoReturn, TypeAlias

from hashmatch.errors import HashSetError
from hashmatch.formats.binary import at_most

if TYPE_CHECKING:
    from typing import BinaryIO

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.model.records import Json

Value: TypeAlias = "bytes | int | list[Value] | dict[bytes, Value]"

_DEEPEST = 64
_MOST = 1 << 21
_NUMBER = re.compile(rb"i(0|-?[1-9][0-9]{0,18})e")
_LENGTH = re.compile(rb"(0|[1-9][0-9]{0,9}):")
_FILES_OF_RECORDS = 4
_BINARY = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


class _Reader:
    """Reads values from bytes; remembers where those of the outermost dictionary lie."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._left = _MOST
        self.places: dict[bytes, slice] = {}

    def dictionary(self, depth: int = 0) -> dict[bytes, Value]:
        """Read a dictionary; in any order, since programs do not keep to the one prescribed."""
        if self._next() != b"d":
            self._refuse("is no dictionary")
        self._at += 1
        found: dict[bytes, Value] = {}
        while self._next() != b"e":
            key = self._text()
            if key in found:
                self._refuse("has a key twice")
            first = self._at
            found[key] = self._value(depth + 1)
            if not depth:
                self.places[key] = slice(first, self._at)
        self._at += 1
        return found

    def end(self) -> None:
        """Refuse what follows the value."""
        if self._at != len(self._data):
            self._refuse("goes on behind its end")

    def _value(self, depth: int) -> Value:
        self._left -= 1
        if depth > _DEEPEST or not self._left:
            self._refuse("is nested too deeply or has too many values")
        match self._next():
            case b"d":
                return self.dictionary(depth)
            case b"l":
                return self._list(depth)
            case b"i":
                return self._number()
            case _:
                return self._text()

    def _list(self, depth: int) -> list[Value]:
        self._at += 1
        found = []
        while self._next() != b"e":
            found.append(self._value(depth + 1))
        self._at += 1
        return found

    def _number(self) -> int:
        matched = _NUMBER.match(self._data, self._at)
        if matched is None:
            self._refuse("has a malformed number")
        self._at = matched.end()
        return int(matched[1])

    def _text(self) -> bytes:
        matched = _LENGTH.match(self._data, self._at)
        if matched is None:
            self._refuse("has something that is no value")
        first, length = matched.end(), int(matched[1])
        self._at = first + length
        if self._at > len(self._data):
            self._at = len(self._data)
            self._refuse("is cut off")
        return self._data[first : self._at]

    def _next(self) -> bytes:
        found = self._data[self._at : self._at + 1]
        return found or self._refuse("is cut off")

    def _refuse(self, found: str) -> NoReturn:
        msg = f"the file {found} at byte {self._at}; expected one bencoded dictionary, get it again"
        raise HashSetError(msg)


def read_dictionary(
    stream: BinaryIO, options: ReadOptions
) -> tuple[dict[bytes, Value], dict[bytes, bytes]]:
    """Read a file that is one dictionary.

    Returns:
        Its values, and the same as they stand in the file, by key.

    Raises:
        HashSetError: it is something else, is cut off, or is too long or too deep.
    """
    data = at_most(stream, _FILES_OF_RECORDS * options.maximum_record, "a bencoded file")
    reader = _Reader(data)
    found = reader.dictionary()
    reader.end()
    return found, {key: data[place] for key, place in reader.places.items()}


def as_json(value: Value) -> Json:
    """Give a value for the fields of a record; bytes that are no text in hexadecimal."""
    if isinstance(value, dict):
        return {as_text(key): as_json(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_json(inner) for inner in value]
    return value if isinstance(value, int) else as_text(value)


def as_text(value: bytes) -> str:
    """Give bytes as the text they are, or in hexadecimal where they are none."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return value.hex()
    return value.hex() if _BINARY.search(text) else text
