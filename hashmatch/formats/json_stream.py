"""JSON documents of any length, pulled value by value with every measure bounded.

Needs no more memory than one record. ``ijson`` takes its C parser where it is built and falls
back to its Python one; both refuse text after the end, bad UTF-8 and unfinished documents.
Numbers with a fraction become what a double can hold.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

import ijson

from hashmatch.errors import HashSetError
from hashmatch.formats.encoding import Utf8Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.model.records import Json

Scalar: TypeAlias = "bool | int | float | str | None"
Events: TypeAlias = "Iterator[tuple[str, Scalar]]"
"""Pairs of kind and value: ``start_map``, ``map_key``, ``string``, ``end_map`` and so on."""

_BLOCK = 1 << 16
_DEEPEST = 64
_TOO_LARGE = 1 << 63
_INFINITE = (float("inf"), -float("inf"))


class JsonSource(Utf8Source):
    """A document as it is read, with the place reached.

    ``records`` counts what the reader has finished, through :meth:`finished`; a piece between
    two of them that is longer than ``options.maximum_record`` bytes is refused.
    """

    def __init__(self, stream: BinaryIO, options: ReadOptions) -> None:
        super().__init__(stream, _BLOCK)
        self._maximum = options.maximum_record
        self._mark = 0
        self.records = 0

    def events(self) -> Events:
        """Give the events of the document."""
        # Without use_float the C parser crashes the process at an integer of thousands of digits;
        # with it, numbers of more than 64 bits are errors of the document.
        events: Events = ijson.basic_parse(self, use_float=True)
        return _as_c_parsers_do(events) if ijson.backend == "python" else events

    def finished(self) -> None:
        """Note that a record is complete."""
        self.records += 1
        self._mark = self.position

    def passed(self) -> None:
        """Note that a part outside of records is complete."""
        self._mark = self.position

    def read(self, size: int = -1) -> bytes:
        """Give the next block, or none when what is being read is too long to go on."""
        return b"" if self.too_long else super().read(size)

    @property
    def too_long(self) -> bool:
        """Whether a piece has become longer than a record may be."""
        return self.position - self._mark > self._maximum

    def refusal(self, error: Exception) -> HashSetError:
        """Say in one sentence why the document cannot be read."""
        at = f"after record {self.records}, before byte {self.position}"
        if self.too_long:
            return HashSetError(
                f"the list has a record of more than {self._maximum} bytes {at};"
                " expected a list of records"
            )
        # The parsers' own words repeat what stands in the list.
        ends = "premature EOF" in str(error) or "Incomplete" in str(error)
        found = "ends too early" if ends else "is not JSON, or has a number of more than 64 bits,"
        return HashSetError(
            f"the list {found} {at}; expected a whole JSON document, get the list again"
        )


@contextmanager
def refusing_bad_json(source: JsonSource) -> Iterator[None]:
    """Turn every way in which a document can be bad JSON into one sentence.

    Raises:
        HashSetError: with the number of the last good record, and the bytes read until then.
    """
    try:
        yield
    except (ijson.JSONError, ValueError) as error:
        raise source.refusal(error) from None


def _as_c_parsers_do(events: Events) -> Events:
    """Replace unpaired surrogates, which no file can hold; refuse numbers that do not fit.

    Raises:
        ValueError: a number has more than 64 bits.
    """
    for kind, scalar in events:
        value = scalar
        if isinstance(scalar, str):
            value = scalar.encode("utf-8", "replace").decode()
        elif (isinstance(scalar, int) and abs(scalar) >= _TOO_LARGE) or scalar in _INFINITE:
            msg = "a number has more than 64 bits"
            raise ValueError(msg)
        yield kind, value


def read_value(events: Events, kind: str, scalar: Scalar, depth: int = 0) -> Json:
    """Read one value whose first event is given.

    Raises:
        HashSetError: it is nested too deeply.
    """
    if kind == "start_map":
        return read_map(events, depth)
    if kind == "start_array":
        return _read_array(events, depth)
    return scalar


def read_map(events: Events, depth: int = 0) -> dict[str, Json]:
    """Read an object whose ``start_map`` was just taken.

    Raises:
        HashSetError: it is nested too deeply.
    """
    if depth > _DEEPEST:
        msg = f"a record is nested more than {_DEEPEST} levels deep; expected a list of records"
        raise HashSetError(msg)
    result: dict[str, Json] = {}
    key = ""
    for kind, scalar in events:
        if kind == "map_key":
            key = str(scalar)
        elif kind == "string":
            result[key] = scalar  # as below; most values are strings, so be quick
        elif kind == "end_map":
            break
        else:
            result[key] = read_value(events, kind, scalar, depth + 1)
    return result


def _read_array(events: Events, depth: int) -> list[Json]:
    if depth > _DEEPEST:
        msg = f"a record is nested more than {_DEEPEST} levels deep; expected a list of records"
        raise HashSetError(msg)
    result: list[Json] = []
    for kind, scalar in events:
        if kind == "end_array":
            break
        result.append(read_value(events, kind, scalar, depth + 1))
    return result
