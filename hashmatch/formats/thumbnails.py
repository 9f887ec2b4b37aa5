"""Pictures embedded in a record are replaced by their digest, never decoded, never kept."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hashmatch.model.records import Json

_WORDS = ("miniature", "thumbnail")


def without_thumbnails(record: dict[str, Json]) -> dict[str, Json]:
    """Copy a record; at any depth, what a thumbnail's key holds is only described.

    The description is ``{"sha256": ..., "length": ...}`` of the bytes that the base64 text
    stands for, or of the value as text where it is something else.
    """
    return {
        key: (
            description(value)
            if value is not None and names_picture(key[:64])
            else _copied(value)
            if isinstance(value, (dict, list))
            else value
        )
        for key, value in record.items()
    }


def _copied(value: Json) -> Json:
    if isinstance(value, dict):
        return without_thumbnails(value)
    return [_copied(inner) for inner in value] if isinstance(value, list) else value


@lru_cache(maxsize=1024)
def names_picture(key: str) -> bool:
    """Tell whether a key of no more than 64 characters names an embedded picture."""
    return any(word in key.lower() for word in _WORDS)


def row_without_thumbnails(names: tuple[str, ...], cells: Sequence[str]) -> dict[str, Json]:
    """Give the cells of a row by the names of their columns, pictures only described."""
    row: dict[str, Json] = dict(zip(names, cells, strict=True))
    for name in pictured(names):
        if row[name]:
            row[name] = description(row[name])
    return row


@lru_cache(maxsize=64)
def pictured(names: tuple[str, ...]) -> tuple[str, ...]:
    """Give the names that name an embedded picture."""
    return tuple(name for name in names if names_picture(name[:64]))


def description(value: Json) -> Json:
    """Give digest and length of what a text or value holds, to stand in its place."""
    text = value if isinstance(value, str) else json.dumps(value)
    try:
        content = base64.b64decode(text, validate=True)
    except ValueError:
        content = text.encode()
    return {"sha256": hashlib.sha256(content).hexdigest(), "length": len(content)}
