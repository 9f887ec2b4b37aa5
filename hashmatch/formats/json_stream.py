"""JSON lists: the elements of their arrays one by one, or a small document as a whole.

A key that stands twice makes an element ambiguous: it is given as None, and the reader counts it
as lost. At the top of a document it makes the document ambiguous, which is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, NoReturn

from hashmatch.errors import HashSetError
from hashmatch.formats.json_decoder import JsonDecoder, without_surrogates
from hashmatch.formats.json_window import JsonWindow

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.model.records import Json


def whole(stream: BinaryIO, options: ReadOptions) -> Json:
    """Read a small document at once.

    Raises:
        HashSetError: it is bad JSON, longer than ``options.maximum_record``, or an object in it
            has a key twice.
    """
    window = JsonWindow(stream, options)
    value = window.value()
    if window.repeated:
        raise window.ambiguous()
    window.finish()
    return value


def parse(text: str) -> Json:
    """Read a text that is one value, such as a line of NDJSON, without unpaired surrogates.

    Raises:
        ValueError: it is bad JSON, has a key twice or is nested too deeply. The message holds
            nothing of the text.
    """
    decoder = JsonDecoder()
    stripped = text.strip(" \t\r\n")
    try:
        value, end = decoder.decode(stripped, 0)
    except ValueError:
        end, value = -1, None
    if end != len(stripped) or decoder.repeated or decoder.unfit:
        msg = "not one JSON value, or a key stands twice in it"
        raise ValueError(msg)
    return without_surrogates(value) if "\\u" in stripped else value


class Document:
    """A document that is an array, or an object with arrays under some of its keys.

    ``top`` holds the other values of the object, filled while the elements are read;
    ``encoding`` is that of the file. ``records`` counts the elements so far.
    """

    def __init__(self, stream: BinaryIO, options: ReadOptions) -> None:
        self._window = JsonWindow(stream, options)
        self._room = options.maximum_record
        self.encoding = self._window.encoding
        self.top: dict[str, Json] = {}

    @property
    def records(self) -> int:
        """How many elements have been read."""
        return self._window.records

    def elements(self, *keys: str) -> Iterator[tuple[int, dict[str, Json] | None]]:
        """Give the elements of the arrays under these keys, with their numbers from 1.

        None stands for an element that is no object, or that has a key twice. Without ``keys``
        the document itself is the array.

        Raises:
            HashSetError: it is bad JSON, has no such array, or a key twice at the top.
        """
        if keys:
            yield from self._of_object(keys)
        elif self._window.peek() == "[":
            yield from self._of_array()
        else:
            self._refuse("is not an array of records")
        self._window.finish()

    def _of_object(self, keys: tuple[str, ...]) -> Iterator[tuple[int, dict[str, Json] | None]]:
        window = self._window
        if window.peek() != "{":
            self._refuse("is not an object")
        found = False
        for key in window.distinct_members():
            if key in keys and window.peek() == "[":
                found = True
                yield from self._of_array()
            else:
                self._keep(key)
        if not found:
            self._refuse("has no list named " + " or ".join(f"'{key}'" for key in keys))

    def at(self, path: tuple[str, ...]) -> Iterator[tuple[int, dict[str, Json] | None]]:
        """Give the elements of the array at the end of a path of keys, as :meth:`elements` does.

        What stands beside the path is passed over; arrays of objects on the way are followed.

        Raises:
            HashSetError: it is bad JSON, or has no such array.
        """
        found = yield from self._below(path)
        self._window.finish()
        if not found:
            self._refuse("has no list at the stated path" if path else "is not an array of records")

    def _below(
        self, path: tuple[str, ...]
    ) -> Generator[tuple[int, dict[str, Json] | None], None, bool]:
        window = self._window
        opening = window.peek()
        found = False
        if not path and opening == "[":
            yield from self._of_array()
            return True
        if path and opening == "[":
            for _ in window.items():
                found = (yield from self._below(path)) or found
        elif path and opening == "{":
            for key in window.distinct_members():
                if key == path[0]:
                    found = (yield from self._below(path[1:])) or found
                else:
                    window.value()
        else:
            window.value()
        return found

    def _of_array(self) -> Iterator[tuple[int, dict[str, Json] | None]]:
        window = self._window
        for _ in window.items():
            value = window.value()
            window.records += 1
            yield window.records, value if isinstance(value, dict) and not window.repeated else None

    def _keep(self, key: str) -> None:
        """Keep a value of the top, together no more than one record may be long."""
        self.top[key] = self._window.value()
        self._room -= self._window.length
        if self._window.repeated:
            raise self._window.ambiguous()
        if self._room < 0:
            self._refuse("has too much beside its records")

    def _refuse(self, found: str) -> NoReturn:
        msg = f"the document {found}; expected a list of records, check --format"
        raise HashSetError(msg)
