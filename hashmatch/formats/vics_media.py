"""One media object of a VICS document, as every known writer spells it, made into a record."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from hashmatch.formats.gathering import Gathering
from hashmatch.formats.hash_text import PHOTODNA, Kind, kind_named, plain_name, read_hash
from hashmatch.formats.thumbnails import without_thumbnails
from hashmatch.formats.tri_state import read_flag
from hashmatch.model.records import Loss

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.model.records import Json, ListEvent

_ROLES = {
    "category": "category",
    "mediaid": "entry",
    "mediasize": "size",
    "alternativehashes": "hashes",
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
_TIMES = ("Created", "Written", "Accessed")


def read_media(place: int, media: dict[str, Json]) -> Iterator[ListEvent]:
    """Give the record and its losses; what stands in ``fields`` is the original."""
    gathering = Gathering()
    told: dict[str, str | None] = {}
    flags: dict[str, bool] = {}
    for key, value in media.items():
        meaning = _meaning(key)
        if meaning is None or value is None:
            continue
        if isinstance(meaning, Kind):
            _take(meaning, value, gathering)
        elif meaning == "hashes":
            _take_alternatives(value, gathering)
        elif meaning in _FLAG_NAMES:
            _take_flag(meaning, value, flags, gathering)
        else:
            told[meaning] = _code(value, gathering)
    size = told.get("size")
    return gathering.events(
        place,
        without_thumbnails(media),
        entry=told.get("entry"),
        category=told.get("category"),
        size=gathering.size(size) if size else None,
        flags=flags,
    )


def has_two_zones(media: dict[str, Json]) -> bool:
    """Tell whether a time ends with an offset and a Z as well; the offset is the true one."""
    files = media.get("MediaFiles")
    times = [media.get("DateUpdated")]
    if isinstance(files, list):
        times += [one.get(name) for one in files if isinstance(one, dict) for name in _TIMES]
    return any(isinstance(time, str) and _TWO_ZONES.search(time[-7:]) for time in times)


_FLAG_NAMES = frozenset(_FLAGS.values())


def _meaning(key: str) -> Kind | str | None:
    """Give the kind of hash, the role or the flag that a key of a record stands for."""
    return _known_meaning(key) if len(key) < 64 else None


@lru_cache(maxsize=1024)
def _known_meaning(key: str) -> Kind | str | None:
    word = plain_name(key)
    return kind_named(key) or _ROLES.get(word) or _FLAGS.get(word)


def _take(kind: Kind, value: Json, gathering: Gathering) -> None:
    if not isinstance(value, str):
        gathering.lose(Loss.BAD_VALUE)
    elif value and not value.isspace():
        if kind is PHOTODNA and read_hash(kind, value) is Loss.WRONG_LENGTH:
            gathering.carry("photodna-other")  # a vendor's variant, kept as it stands
        else:
            gathering.take(kind, value)


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


def _take_flag(name: str, value: Json, flags: dict[str, bool], gathering: Gathering) -> None:
    try:
        said = read_flag(value)
    except ValueError:
        gathering.lose(Loss.BAD_VALUE)
    else:
        if said is not None:
            flags[name] = said


def _code(value: Json, gathering: Gathering) -> str | None:
    """Give a number or a text as written; an empty text says nothing."""
    if isinstance(value, str):
        return value if value.strip() else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        gathering.lose(Loss.BAD_VALUE)
        return None
    return str(value)
