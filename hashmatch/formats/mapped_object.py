"""One JSON object, made into a record as a mapping profile says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hashmatch.formats.gathering import Gathering
from hashmatch.formats.hash_text import BY_TYPE, kind_named
from hashmatch.formats.thumbnails import without_thumbnails
from hashmatch.model.records import Loss

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hashmatch.formats.mapping import MappingProfile, Pairs
    from hashmatch.model.records import Json, ListEvent


def read_object(place: int, value: dict[str, Json], profile: MappingProfile) -> Iterator[ListEvent]:
    """Give the record and its losses; keys that are mapped and missing say nothing."""
    gathering = Gathering()
    roles = {**profile.optional, **profile.columns}
    quality = _quality(_text(value, roles.get("quality"), gathering), gathering)
    for role, path in roles.items():
        if (kind := BY_TYPE.get(role)) is not None:
            for text in _texts(value, path, gathering):
                gathering.take(kind, text, quality)
    if profile.pairs is not None:
        _take_pairs(value, profile.pairs, gathering)
    for name, path in profile.carried.items():
        if _found(value, path):
            gathering.other += (name,)  # a name of the operator, not of the list
    return gathering.events(
        place,
        without_thumbnails(value),
        entry=_text(value, roles.get("entry"), gathering),
        category=profile.code(_text(value, roles.get("category"), gathering)),
        size=gathering.size(_text(value, roles.get("size"), gathering) or ""),
        flags=_flags(value, profile, gathering),
    )


def _found(value: Json, path: str) -> list[Json]:
    """Give what stands at the end of a path of keys, in every object of arrays on the way."""
    level: list[Json] = [value]
    for key in path.split("."):
        inner = [one[key] for one in level if isinstance(one, dict) and key in one]
        level = [part for one in inner for part in (one if isinstance(one, list) else [one])]
    return [one for one in level if one is not None and one != ""]


def _texts(value: Json, path: str, gathering: Gathering) -> list[str]:
    found = _found(value, path)
    texts = [one for one in found if isinstance(one, str)]
    for _ in range(len(found) - len(texts)):
        gathering.lose(Loss.BAD_VALUE)
    return [text for text in texts if not text.isspace()]


def _text(value: Json, path: str | None, gathering: Gathering) -> str | None:
    """Give a text or number as written; more than one value is ambiguous, and lost."""
    found = _found(value, path) if path is not None else []
    if not found:
        return None
    one = found[0]
    if len(found) > 1 or isinstance(one, (bool, dict, list)) or one is None:
        gathering.lose(Loss.BAD_VALUE)
        return None
    return str(one) if str(one).strip() else None


def _quality(text: str | None, gathering: Gathering) -> int | None:
    if text is None:
        return None
    if text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= 100:
        return int(text)
    gathering.lose(Loss.BAD_VALUE)
    return None


def _take_pairs(value: Json, pairs: Pairs, gathering: Gathering) -> None:
    for one in _found(value, pairs.at):
        name = _text(one, pairs.algorithm, gathering)
        kind = kind_named(name) if name else None
        for text in _texts(one, pairs.value, gathering):
            if kind is None:
                gathering.lose(Loss.UNKNOWN_ALGORITHM)
            else:
                gathering.take(kind, text)


def _flags(
    value: dict[str, Json], profile: MappingProfile, gathering: Gathering
) -> Mapping[str, bool]:
    flags: dict[str, bool] = {}
    for name, path in profile.flags.items():
        for said in _found(value, path):
            word = said.strip().lower() if isinstance(said, str) else None
            gathering.flag(name, profile.words.get(word, said) if word else said, flags)
    return flags
