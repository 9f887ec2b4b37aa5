"""One media object of a VICS document, as every known writer spells it, made into a record."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from hashmatch.formats.gathering import Gathering
from hashmatch.formats.hash_text import Kind, kind_named, plain_name
from hashmatch.formats.thumbnails import names_picture, without_thumbnails
from hashmatch.model.records import Loss

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.model.records import Json, ListEvent

_ALTERNATIVES = "alternatives"
_PICTURE = "picture"
_TOLD = ("category", "entry", "size")
_ROLES = {
    "category": "category",
    "mediaid": "entry",
    "mediasize": "size",
    "alternativehashes": _ALTERNATIVES,
}
_FLAGS = {
    "victimidentified": "victim_identified",
    "offenderidentified": "offender_identified",
    "isdistributed": "is_distributed",
    "issuspected": "is_suspected",
    "selfgenerated": "self_generated",
    "isprecategorized": "is_precategorized",
}
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
    told: dict[str, str | None] = {}
    flags: dict[str, bool] = {}
    keys = tuple(media)
    meanings = _meanings(keys) if flat else _meanings.__wrapped__(keys)
    for key, meaning in meanings:
        value = media[key]
        if value is None:
            continue
        if isinstance(meaning, Kind):
            _take(meaning, value, gathering)
        else:
            _tell(meaning, value, told, flags, gathering)
    size = told.get("size")
    return gathering.events(
        place,
        media if flat and _PICTURE not in told else without_thumbnails(media),
        entry=told.get("entry"),
        category=told.get("category"),
        size=gathering.size(size) if size else None,
        flags=flags,
    )


def _tell(
    role: str,
    value: Json,
    told: dict[str, str | None],
    flags: dict[str, bool],
    gathering: Gathering,
) -> None:
    if role in _TOLD:
        told[role] = _code(value, gathering)
    elif role == _ALTERNATIVES:
        _take_alternatives(value, gathering)
    elif role == _PICTURE:
        told[role] = None
    else:
        gathering.flag(role, value, flags)


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


@lru_cache(maxsize=256)
def _meanings(keys: tuple[str, ...]) -> tuple[tuple[str, Kind | str], ...]:
    """Give the keys that mean something; records of one list have few different sets of keys."""
    return tuple((key, meaning) for key in keys if (meaning := _meaning(key[:64])) is not None)


@lru_cache(maxsize=1024)
def _meaning(key: str) -> Kind | str | None:
    """Give the kind of hash, the role or the flag that a key of a record stands for."""
    if names_picture(key):
        return _PICTURE
    word = plain_name(key)
    return kind_named(key) or _ROLES.get(word) or _FLAGS.get(word)


def _take(kind: Kind, value: Json, gathering: Gathering) -> None:
    if not isinstance(value, str):
        gathering.lose(Loss.BAD_VALUE)
    elif value and not value.isspace():
        gathering.take_variant(kind, value)


def _take_alternatives(value: Json, gathering: Gathering) -> None:
    """Read ``[{"HashName": ..., "HashValue": ...}]``; an unknown name is carried, not guessed."""
    if not isinstance(value, list):
        gathering.lose(Loss.BAD_VALUE)
        return
    for one in value:
        name, text = _pair(one)
        if not isinstance(name, str):
            gathering.lose(Loss.BAD_VALUE)
        elif text is not None and (kind := kind_named(name)) is not None:
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


def _code(value: Json, gathering: Gathering) -> str | None:
    """Give a number or a text as written; an empty text says nothing."""
    if isinstance(value, str):
        return value if value.strip() else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        gathering.lose(Loss.BAD_VALUE)
        return None
    return str(value)
