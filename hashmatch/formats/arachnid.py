"""Saved answers of Arachnid Shield: what it said of one file, and of files near it.

An answer is a statement about the file that was sent. The files near it are others, and make
records of their own. Source: the service's public client.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.errors import HashSetError
from hashmatch.formats import json_stream
from hashmatch.formats.as_text import as_text
from hashmatch.formats.gathering import Gathering
from hashmatch.formats.hash_text import kind_named
from hashmatch.formats.interface import Certainty
from hashmatch.formats.json_opening import has_keys
from hashmatch.model.records import Dropped, Loss

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.model.records import Json, ListEvent

_SHA1, _SHA256 = "sha1_base32", "sha256_hex"
_CATEGORY = "classification"
_NEAR = "near_match_details"


@dataclass(frozen=True, slots=True)
class Arachnid:
    """Reads one answer, or an array of them."""

    name: str = "arachnid"
    title: str = "Arachnid Shield answers (JSON)"
    has_categories: bool = True
    certainty: Certainty = Certainty.KEYS
    takes: tuple[str, ...] = ()

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise the keys of an answer."""
        return has_keys(head, _SHA1, _SHA256, _CATEGORY)

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read the answers.

        Raises:
            HashSetError: it is bad JSON, no answer, or longer than one record may be.
        """
        document = json_stream.whole(stream, options)
        answers = document if isinstance(document, list) else [document]
        if not answers or not all(_is_answer(one) for one in answers):
            msg = f"the document has no {_SHA1} or {_SHA256}; expected Arachnid Shield's answers"
            raise HashSetError(msg)
        place = 0
        for answer in answers:
            for one in _files(answer):
                place += 1
                yield from _record(place, one)


def _is_answer(value: Json) -> bool:
    return isinstance(value, dict) and (_SHA1 in value or _SHA256 in value)


def _files(answer: Json) -> Iterator[Json]:
    """Give what is said of the file itself, then of each file near it."""
    yield answer
    near = answer.get(_NEAR) if isinstance(answer, dict) else None
    for one in near if isinstance(near, list) else []:
        yield {**one, "near_match": True} if isinstance(one, dict) else one


def _record(place: int, value: Json) -> Iterator[ListEvent]:
    if not isinstance(value, dict):
        yield Dropped(place, Loss.MALFORMED)
        return
    gathering = Gathering()
    for key in (_SHA1, _SHA256):
        kind, text = kind_named(key), as_text(value.get(key))
        if kind is not None and text is not None:
            gathering.take(kind, text)
    yield from gathering.events(
        place,
        value,
        category=as_text(value.get(_CATEGORY)),
        size=gathering.size(as_text(value.get("size_bytes")) or ""),
    )


FORMAT = Arachnid()
