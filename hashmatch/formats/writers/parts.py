"""Pieces of records that several writers need: hashes by kind, a file's name, flags as text."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from hashmatch.formats.hash_text import kind_named, plain_name
from hashmatch.model.hashes import Algorithm, Digest, Method

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

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


_SAID = {
    "category": "category",
    "entry": "the list's own id",
    "size": "size of the file",
    "flags": "flags",
    "parts": "parts, as packages",
    "updated": "time of the last change",
    "other": "hashes that cannot be compared",
}
"""What a record may say beside its hashes, in words."""

_NOTHING: tuple[object, ...] = (None, "", (), [], {})


def count_rest(record: HashRecord, told: Written, written: Collection[str] = ()) -> None:
    """Count what a record says beside its hashes and is not written.

    ``written`` names what is, and ``name`` where the name of the file is; with ``fields`` all
    original fields are.
    """
    for key, word in _SAID.items():
        if key not in written and getattr(record, key) not in _NOTHING:
            told.values[word] += 1
    if "fields" not in written and _says_more(record, name="name" in written):
        told.values["original fields"] += 1


def count_measures(
    values: Iterable[PerceptualHash], told: Written, written: Method | None = None
) -> None:
    """Count qualities and times of hashes that are written without them."""
    for value in values:
        if value.quality is not None and value.method is not written:
            told.values[f"quality of {value.method}"] += 1
        if value.at is not None:
            told.values[f"time of {value.method}"] += 1


def _says_more(record: HashRecord, *, name: bool) -> bool:
    """Tell whether original fields say something that the rest of the record does not."""
    if not record.fields:
        return False
    known = {one.hex for one in record.digests}
    known.update(str(one.quality) for one in record.perceptual)
    known.update(str(one).lower() for one in (record.category, record.size, record.entry))
    file = name_in(record.fields) if name else None
    return any(
        value not in _NOTHING
        and not _is_hash(key)
        and str(value).lower() not in known
        and (file is None or not _is_only(value, file))
        for key, value in record.fields.items()
    )


def _is_only(value: Json, name: str) -> bool:
    """Tell a file's name, or one file of which only the name is said."""
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
        return list(value[0].values()) == [name]
    return value == name


def _is_hash(key: str) -> bool:
    return len(key) < _LONGEST and _names_hash(key)


@lru_cache(maxsize=1024)
def _names_hash(key: str) -> bool:
    return kind_named(key) is not None


def flags_text(flags: Mapping[str, bool]) -> str:
    """Write flags as ``baseline=yes;tagged=no``."""
    return ";".join(f"{name}={'yes' if value else 'no'}" for name, value in sorted(flags.items()))


def is_text_table(fields: Mapping[str, Json]) -> bool:
    """Tell whether the fields are the cells of a table."""
    return bool(fields) and all(isinstance(value, str) for value in fields.values())
