"""Records as hashmatch writes them, one JSON object a line: ``hashmatch.records/1``.

Nothing of a record is lost between writing and reading. Whatever is not exactly as it is written
is refused as a whole: such a file comes from a program, not from hands.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO, NoReturn, cast

from hashmatch.errors import HashSetError
from hashmatch.formats.encoding import opening_text
from hashmatch.formats.interface import Certainty
from hashmatch.formats.json_stream import parse
from hashmatch.formats.other_kinds import known
from hashmatch.formats.text import TextLines
from hashmatch.formats.thumbnails import without_thumbnails
from hashmatch.model.hashes import Algorithm, Digest, Method, PerceptualHash
from hashmatch.model.records import FLAGS, HashRecord, ListFacts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.model.records import Json, ListEvent

FORMAT_WORD = "hashmatch.records/1"
_OPENING = f'{{"format":"{FORMAT_WORD}"'
_HEADER = {"format", "set", "version", "kind", "scheme", "publisher", "context"}
_KEYS = {
    *("digests", "perceptual", "entry", "category", "disposition", "size", "other", "fields"),
    *("flags", "parts", "updated"),
}
_LARGEST_SIZE = (1 << 63) - 1
_PICTURES = ("miniature", "thumbnail")


@dataclass(frozen=True, slots=True)
class Ndjson:
    """Reads records that hashmatch wrote."""

    name: str = "ndjson"
    title: str = "records written by hashmatch (NDJSON)"
    has_categories: bool = True
    certainty: Certainty = Certainty.KEYS
    takes: tuple[str, ...] = ()

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise the first line."""
        return opening_text(head).startswith(_OPENING)

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read the records; they are numbered from 1.

        Raises:
            HashSetError: a line is not as it is written, or the last line is missing or counts
                other records than there are.
        """
        lines = TextLines(stream, replace(options, maximum_line=options.maximum_record))
        numbered = iter(lines)
        place, line = next(numbered, (1, ""))
        yield _header(place, line)
        number, ended = 0, False
        for place, line in numbered:
            if ended:
                _refuse(place, "comes after the end")
            form = _object(place, line)
            if "end" in form:
                ended = _is_end(place, form, number)
            else:
                number += 1
                yield _record(place, number, form)
        if not ended:
            msg = f"the list ends after record {number} without its last line; get it again"
            raise HashSetError(msg)
        yield lines.facts()


def _refuse(place: int, why: str) -> NoReturn:
    msg = f"line {place} {why}; expected {FORMAT_WORD} as hashmatch writes it, get the list again"
    raise HashSetError(msg)


def _object(place: int, line: str | None) -> dict[str, Json]:
    if line is None:
        _refuse(place, "is longer than a record may be, or damaged")
    try:
        form = parse(line)
    except ValueError:
        _refuse(place, "is not JSON, or is nested too deeply")
    if not isinstance(form, dict):
        _refuse(place, "is not a JSON object")
    return form


def _header(place: int, line: str | None) -> ListFacts:
    form = _object(place, line)
    if form.get("format") != FORMAT_WORD or not _HEADER.issuperset(form):
        _refuse(place, "does not begin such a list")
    if not all(isinstance(value, str) for value in form.values()):
        _refuse(place, "says something that is no text")
    facts = {"format_version": "1"}
    facts |= {key: str(form[key]) for key in ("publisher", "context", "scheme") if key in form}
    if form.get("kind") == "benign":
        facts["looks_benign"] = "a set of known-benign files"
    return ListFacts(facts)


def _is_end(place: int, form: dict[str, Json], number: int) -> bool:
    if form != {"end": True, "records": number} or form["end"] is not True:
        _refuse(place, f"does not close a list of {number} records")
    return True


def _record(place: int, number: int, form: dict[str, Json]) -> HashRecord:
    if not _KEYS.issuperset(form):
        _refuse(place, "has a key that records do not have")
    try:
        record = HashRecord(
            number,
            tuple(_digest(one) for one in _each(form, "digests")),
            tuple(_perceptual(one) for one in _each(form, "perceptual")),
            _text(form.get("entry")),
            _text(form.get("category")),
            _whole(form.get("size")),
            tuple(dict.fromkeys(known(_said(one)) for one in _each(form, "other"))),
            _fields(_object_in(form, "fields")),
            {_flag(key): _yes(value) for key, value in _object_in(form, "flags").items()},
            tuple(_said(one) for one in _each(form, "parts")),
            _moment(form.get("updated")),
        )
    except (ValueError, TypeError):
        _refuse(place, "holds a value that records do not have")
    if not (record.digests or record.perceptual or record.other):
        _refuse(place, "holds no hash")
    return record


def _digest(form: Json) -> Digest:
    algorithm, text = cast("list[Json]", form)
    return Digest.parse(Algorithm(cast("str", algorithm)), _said(text))


def _perceptual(form: Json) -> PerceptualHash:
    method, text, quality, at = cast("list[Json]", form)
    parsed = PerceptualHash.parse(Method(cast("str", method)), _said(text), _whole(quality))
    return replace(parsed, at=_moment(at))


def _each(form: dict[str, Json], key: str) -> list[Json]:
    value = form.get(key, [])
    if not isinstance(value, list):
        raise TypeError
    return value


def _object_in(form: dict[str, Json], key: str) -> dict[str, Json]:
    value = form.get(key, {})
    if not isinstance(value, dict):
        raise TypeError
    return value


def _said(value: Json) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _text(value: Json) -> str | None:
    return None if value is None else _said(value)


def _whole(value: Json) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LARGEST_SIZE:
        raise TypeError
    return value


def _moment(value: Json) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return value


def _flag(key: str) -> str:
    if key not in FLAGS:
        raise ValueError
    return key


def _yes(value: Json) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _fields(fields: dict[str, Json]) -> dict[str, Json]:
    """Describe pictures that somebody put into texts; descriptions stay as they are."""
    return {key: _field(key, value) for key, value in fields.items()}


def _field(key: str, value: Json) -> Json:
    if isinstance(value, str) and any(word in key[:64].lower() for word in _PICTURES):
        return without_thumbnails({key: value})[key]
    return _inner(value)


def _inner(value: Json) -> Json:
    if isinstance(value, dict):
        return _fields(value)
    return [_inner(one) for one in value] if isinstance(value, list) else value


FORMAT = Ndjson()
