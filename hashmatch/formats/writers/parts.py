"""Pieces of records that several writers need: hashes by kind, a file's name, flags as text."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from hashmatch.formats.hash_text import plain_name
from hashmatch.model.hashes import Algorithm, Digest, Method

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hashmatch.formats.writers.interface import Written
    from hashmatch.model.hashes import PerceptualHash
    from hashmatch.model.records import HashRecord, Json

_LONGEST = 64  # characters of a key that is known
_NAMES = ("name", "filename", "file", "filepath", "path")


def by_algorithm(record: HashRecord, told: Written) -> dict[Algorithm, Digest]:
    """Give one digest of each algorithm; a further one has no room in a table and is counted."""
    found: dict[Algorithm, Digest] = {}
    for digest in record.digests:
        if found.setdefault(digest.algorithm, digest) is not digest:
            told.values[f"further {digest.algorithm} values of one record"] += 1
    return found


def by_method(record: HashRecord, told: Written) -> dict[Method, PerceptualHash]:
    """Give one perceptual hash of each method, as :func:`by_algorithm`."""
    found: dict[Method, PerceptualHash] = {}
    for value in record.perceptual:
        if found.setdefault(value.method, value) is not value:
            told.values[f"further {value.method} values of one record"] += 1
    return found


def kinds(record: HashRecord) -> set[Algorithm | Method]:
    """Name the kinds of hashes that a record carries."""
    return {
        *(one.algorithm for one in record.digests),
        *(one.method for one in record.perceptual),
    }


def values_of(record: HashRecord, kind: Algorithm | Method) -> list[str]:
    """Give a record's values of one kind in hexadecimal."""
    if isinstance(kind, Algorithm):
        return [one.hex for one in record.digests if one.algorithm is kind]
    return [one.value.hex() for one in record.perceptual if one.method is kind]


def name_in(fields: Mapping[str, Json]) -> str | None:
    """Find the name of a file in the original fields of a record."""
    for key, value in fields.items():
        if isinstance(value, str):
            if value and _plain(key) in _NAMES:
                return value
        elif isinstance(value, list) and value and _plain(key) == "mediafiles":
            first = value[0]
            if isinstance(first, dict) and (found := name_in(first)):
                return found
    return None


def _plain(key: str) -> str:
    return _plainly(key) if len(key) < _LONGEST else ""


@lru_cache(maxsize=1024)
def _plainly(key: str) -> str:
    return plain_name(key)


def flags_text(flags: Mapping[str, bool]) -> str:
    """Write flags as ``baseline=yes;tagged=no``."""
    return ";".join(f"{name}={'yes' if value else 'no'}" for name, value in sorted(flags.items()))


def is_text_table(fields: Mapping[str, Json]) -> bool:
    """Tell whether the fields are the cells of a table."""
    return bool(fields) and all(isinstance(value, str) for value in fields.values())
