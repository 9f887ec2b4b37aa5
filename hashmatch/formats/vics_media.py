"""One media object of a VICS document, as every known writer spells it, made into a record."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from hashmatch.formats.gathering import Gathering
from hashmatch.formats.hash_text import Kind, kind_named, plain_name
from hashmatch.formats.thumbnails import names_picture, without_thumbnails
from hashmatch.model.records import Dropped, Loss

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.model.records import Json, ListEvent

_CODES = {"category": "category", "mediaid": "entry", "mediasize": "size"}
_FLAGS = {
    "victimidentified": "victim_identified",
    "offenderidentified": "offender_identified",
    "isdistributed": "is_distributed",
    "issuspected": "is_suspected",
    "selfgenerated": "self_generated",
    "isprecategorized": "is_precategorized",
}
_SINGLE = frozenset({*_CODES, *_FLAGS})
_TWO_ZONES = re.compile(r"[+-]\d\d:\d\dZ$")
_SIGNS = ("+", "-")
_TIMES = ("Created", "Written", "Accessed")


def read_media(place: int, media: dict[str, Json], *, flat: bool) -> Iterator[ListEvent]:
    """Give the record and its losses; what stands in ``fields`` is the original.

    Args:
        place: the record's number.
        media: the object.
        flat: it is known to hold no other object or array, and to be short.
    """
    gathering = Gathering()
    flags: dict[str, bool] = {}
    names = tuple(media)
    keys = keys_of(names) if flat else keys_of.__wrapped__(names)
    if keys.ambiguous:
        return iter((Dropped(place, Loss.MALFORMED),))
    for key, kind in keys.hashes:
        _take(kind, media[key], gathering)
    for key in keys.alternatives:
        _take_alternatives(media[key], gathering)
    for key, flag in keys.flags:
        gathering.flag(flag, media[key], flags)
    told = {role: code_of(media[key], gathering) for key, role in keys.codes}
    size = told.get("size")
    return gathering.events(
        place,
        media if flat and not keys.pictured else without_thumbnails(media),
        entry=told.get("entry"),
        category=told.get("category"),
        size=gathering.size(size) if size else None,
        flags=flags,
    )


def has_two_zones(media: dict[str, Json]) -> bool:
    """Tell whether a time ends with an offset and a Z as well; the offset is the true one."""
    if _is_two_zoned(media.get("DateUpdated")):
        return True
    files = media.get("MediaFiles")
    if not isinstance(files, list):
        return False
    return any(
        _is_two_zoned(one.get(name)) for one in files if isinstance(one, dict) for name in _TIMES
    )


def _is_two_zoned(time: Json) -> bool:
    return isinstance(time, str) and time[-7:-6] in _SIGNS and _TWO_ZONES.search(time) is not None


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of a record that mean something, each with its meaning.

    ``ambiguous`` tells that two of them are one key in different spellings.
    """

    hashes: tuple[tuple[str, Kind], ...]
    codes: tuple[tuple[str, str], ...]
    flags: tuple[tuple[str, str], ...]
    alternatives: tuple[str, ...]
    pictured: bool
    ambiguous: bool


@lru_cache(maxsize=256)
def keys_of(names: tuple[str, ...]) -> Keys:
    """Sort keys by meaning; records of one list have few different sets of keys."""
    words = [(name, plain_name(name[:64])) for name in names]
    return Keys(
        tuple((name, kind) for name, word in words if (kind := kind_named(word)) is not None),
        tuple((name, _CODES[word]) for name, word in words if word in _CODES),
        tuple((name, _FLAGS[word]) for name, word in words if word in _FLAGS),
        tuple(name for name, word in words if word == "alternativehashes"),
        any(names_picture(name[:64]) for name in names),
        len({word for _, word in words if word in _SINGLE})
        < sum(word in _SINGLE for _, word in words),
    )


def _take(kind: Kind, value: Json, gathering: Gathering) -> None:
    if isinstance(value, str):
        if value and not value.isspace():
            gathering.take_variant(kind, value)
    elif value is not None:
        gathering.lose(Loss.BAD_VALUE)


def _take_alternatives(value: Json, gathering: Gathering) -> None:
    """Read ``[{"HashName": ..., "HashValue": ...}]``; an unknown name is carried, not guessed."""
    if not isinstance(value, list):
        if value is not None:
            gathering.lose(Loss.BAD_VALUE)
        return
    for one in value:
        name, text = _pair(one)
        if not isinstance(name, str):
            gathering.lose(Loss.BAD_VALUE)
        elif (kind := kind_named(name)) is not None:
            _take(kind, text, gathering)
        elif text:
            gathering.carry("unknown")


def _pair(one: Json) -> tuple[Json, Json]:
    """Give name and value, in any order and case of their keys."""
    if not isinstance(one, dict):
        return None, None
    if "HashName" not in one or "HashValue" not in one:
        one = {plain_name(key): inner for key, inner in one.items()}
        return one.get("hashname"), one.get("hashvalue")
    return one["HashName"], one["HashValue"]


def code_of(value: Json, gathering: Gathering) -> str | None:
    """Give a number or a text as written; an empty text says nothing."""
    if isinstance(value, str):
        return value if value.strip() else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        if value is not None:
            gathering.lose(Loss.BAD_VALUE)
        return None
    return str(value)
