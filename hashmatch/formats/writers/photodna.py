"""Leave PhotoDNA out of records: its values may be given on to licensed parties only.

Values go wherever they stand: as hashes, under a key that names them, in pairs of name and value,
and as texts of their shape, whatever the key is called.
"""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from hashmatch.formats.hash_text import PHOTODNA, kind_named
from hashmatch.model.hashes import Method

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hashmatch.formats.writers.interface import Outgoing, Records, Written
    from hashmatch.model.records import Json

_HEX = re.compile(r"[0-9A-Fa-f]{288}")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{192}")
_NUMBERS = re.compile(r"[0-9]{1,3}(?:[,; ]+[0-9]{1,3}){143}")
_SHORTEST = 192
_WORDS = "PhotoDNA values (--include-photodna was not given)"


def without_photodna(records: Records, told: Written) -> Iterator[Outgoing]:
    """Pass records on without PhotoDNA; ``told`` counts the values."""
    for one in records():
        record = one.record
        if not record.perceptual and _is_free(record.fields):
            yield one
            continue
        kept = tuple(value for value in record.perceptual if value.method is not Method.PHOTODNA)
        fields = _without(record.fields)
        lost = len(record.perceptual) - len(kept)
        if lost or fields != record.fields:
            told.values[_WORDS] += lost or 1
        yield replace(one, record=replace(record, perceptual=kept, fields=fields))


def _is_free(fields: Mapping[str, Json]) -> bool:
    """Tell at a glance that fields hold no such value; False where it takes a closer look."""
    for value in fields.values():
        if isinstance(value, str):
            if len(value) >= _SHORTEST:
                return False
        elif isinstance(value, list | dict):
            return False
    return _are_free(tuple(fields))


@lru_cache(maxsize=16)
def _are_free(keys: tuple[str, ...]) -> bool:
    return not any(kind_named(key) is PHOTODNA for key in keys)


def encoded(value: bytes) -> str:
    """Give a value as lists usually spell it."""
    return base64.b64encode(value).decode()


def _without(fields: Mapping[str, Json]) -> dict[str, Json]:
    return {
        key: _cleaned(value)
        for key, value in fields.items()
        if kind_named(key) is not PHOTODNA and not _is_value(value)
    }


def _cleaned(value: Json) -> Json:
    if isinstance(value, dict):
        return _without(value)
    if isinstance(value, list):
        return [_cleaned(one) for one in value if not (_is_value(one) or _is_pair(one))]
    return value


def _is_pair(value: Json) -> bool:
    """Tell ``{"HashName": "PhotoDNA", "HashValue": ...}``, whatever its keys are called."""
    if not isinstance(value, dict):
        return False
    texts = [one for one in value.values() if isinstance(one, str) and len(one) < 64]
    return any(kind_named(one) is PHOTODNA for one in texts)


def _is_value(value: Json) -> bool:
    if isinstance(value, list):
        return len(value) == Method.PHOTODNA.size and all(type(one) is int for one in value)
    if not isinstance(value, str) or len(value) < _SHORTEST:
        return False
    text = value.strip("\"' =")
    return any(form.fullmatch(text) for form in (_HEX, _BASE64, _NUMBERS))
