"""Leave PhotoDNA out of records: its values may be given on to licensed parties only.

Values go wherever they stand: as hashes, under a key that names them, in pairs of name and value,
and as texts that spell one, whatever the key is called.
"""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from hashmatch.formats.hash_text import PHOTODNA, kind_named, read_hash
from hashmatch.model.hashes import Method, PerceptualHash

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hashmatch.formats.writers.interface import Outgoing, Records, Written
    from hashmatch.model.records import Json

_NUMBERS = re.compile(r"[0-9]{1,3}(?:[,; ]+[0-9]{1,3}){143}")
_SHORTEST = 192
_LONGEST = 2000  # characters of a value, however it is spelled
_ALONE = "nothing but PhotoDNA (--include-photodna was not given)"
_WORDS = "PhotoDNA values (--include-photodna was not given)"


def without_photodna(records: Records, told: Written) -> Iterator[Outgoing]:
    """Pass records on without PhotoDNA; ``told`` counts the values of the last pass.

    A record that holds nothing else is left out.
    """
    values = alone = 0
    for one in records():
        record = one.record
        if not record.perceptual and _is_free(record.fields):
            yield one
            continue
        kept = tuple(value for value in record.perceptual if value.method is not Method.PHOTODNA)
        own = [text for value in record.perceptual if value not in kept for text in _texts(value)]
        fields = _without(record.fields, own)
        lost = len(record.perceptual) - len(kept)
        if lost and not (kept or record.digests or record.other):
            alone += 1
            continue
        if lost or fields != record.fields:
            values += lost or 1
        yield replace(one, record=replace(record, perceptual=kept, fields=fields))
    told.values[_WORDS], told.left_out[_ALONE] = values, alone
    told.values, told.left_out = +told.values, +told.left_out


def _texts(value: PerceptualHash) -> tuple[str, str]:
    return value.value.hex(), encoded(value.value)


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


def _without(fields: Mapping[str, Json], own: Sequence[str]) -> dict[str, Json]:
    return {
        key: _cleaned(value, own)
        for key, value in fields.items()
        if kind_named(key) is not PHOTODNA and not _is_value(value, own)
    }


def _cleaned(value: Json, own: Sequence[str]) -> Json:
    if isinstance(value, dict):
        return _without(value, own)
    if isinstance(value, list):
        return [_cleaned(one, own) for one in value if not (_is_value(one, own) or _is_pair(one))]
    return value


def _is_pair(value: Json) -> bool:
    """Tell ``{"HashName": "PhotoDNA", "HashValue": ...}``, whatever its keys are called."""
    if not isinstance(value, dict):
        return False
    texts = [one for one in value.values() if isinstance(one, str) and len(one) < 64]
    return any(kind_named(one) is PHOTODNA for one in texts)


def _is_value(value: Json, own: Sequence[str]) -> bool:
    """Tell what an importer would read as a value, or what holds one of the record's own."""
    if isinstance(value, list):
        return len(value) == Method.PHOTODNA.size and all(type(one) is int for one in value)
    if not isinstance(value, str) or len(value) < _SHORTEST:
        return False
    if any(text in value or text in value.lower() for text in own):
        return True
    if len(value) > _LONGEST:
        return False
    return bool(_NUMBERS.fullmatch(value.strip("\"' ="))) or isinstance(
        read_hash(PHOTODNA, value), PerceptualHash
    )
