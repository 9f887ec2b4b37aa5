"""JSON documents of any length, pulled value by value with every measure bounded.

Needs no more memory than one record. ``ijson`` takes its C parser where it is built and falls
back to its Python one; both refuse text after the end, bad UTF-8 and unfinished documents.
"""

from __future__ import annotations

from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

import ijson

from hashmatch.errors import HashSetError
from hashmatch.formats.encoding import Utf8Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.model.records import Json

Scalar: TypeAlias = "bool | int | Decimal | str | None"
Events: TypeAlias = "Iterator[tuple[str, Scalar]]"
"""Pairs of kind and value: ``start_map``, ``map_key``, ``string``, ``end_map`` and so on."""

_BLOCK = 1 << 16
_DEEPEST = 64
_WHOLE = 1 << 63


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
        events: Events = ijson.basic_parse(self)
        return _without_surrogates(events) if ijson.backend == "python" else events

    def finished(self) -> None:
        """Note that a record is complete."""
        self.records += 1
        self._mark = self._position

    def passed(self) -> None:
        """Note that a part outside of records is complete."""
        self._mark = self._position

    def read(self, size: int = -1) -> bytes:
        """Give the next block.

        Raises:
            HashSetError: what is being read has become longer than a record may be.
        """
        if self._position - self._mark > self._maximum:
            msg = (
                f"a record after record {self.records} is longer than {self._maximum} bytes;"
                " expected a list of records"
            )
            raise HashSetError(msg)
        return super().read(size)


@contextmanager
def refusing_bad_json(source: JsonSource) -> Iterator[None]:
    """Turn every way in which a document can be bad JSON into one sentence.

    Raises:
        HashSetError: with the number of the last good record, and the bytes read until then.
    """
    try:
        yield
    except ijson.IncompleteJSONError as error:
        ends = "premature EOF" in str(error) or "Incomplete" in str(error)
        raise _bad(source, "ends too early" if ends else "is not JSON") from None
    except (ijson.JSONError, ValueError, ArithmeticError, SystemError):
        # Numbers can be bad by themselves: too large an exponent, or too many digits, at which
        # the C parser leaves an error behind that Python reports as a SystemError.
        raise _bad(source, "is not JSON") from None


def _bad(source: JsonSource, found: str) -> HashSetError:
    return HashSetError(
        f"the list {found} after record {source.records}, before byte {source.position};"
        " expected a whole JSON document, get the list again"
    )


def _without_surrogates(events: Events) -> Events:
    """Replace unpaired surrogates, which no file can hold, as the C parsers do."""
    for kind, scalar in events:
        if isinstance(scalar, str):
            yield kind, scalar.encode("utf-8", "replace").decode()
        else:
            yield kind, scalar


def read_value(events: Events, kind: str, scalar: Scalar, depth: int = 0) -> Json:
    """Read one value whose first event is given.

    Raises:
        HashSetError: it is nested too deeply.
    """
    if kind == "start_map":
        return read_map(events, depth)
    if kind == "start_array":
        return _read_array(events, depth)
    return _plain(scalar)


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
            result[key] = scalar  # type: ignore[assignment]  # most values are strings: be quick
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


def _plain(scalar: Scalar) -> Json:
    """Keep a number that JSON readers elsewhere could not hold as the text of it."""
    if isinstance(scalar, Decimal):
        number = float(scalar)
        return number if Decimal(repr(number)) == scalar else str(scalar)
    if isinstance(scalar, int) and not -_WHOLE <= scalar < _WHOLE:
        return str(scalar)
    return scalar
