"""A value of a document or database as the text that a record carries."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashmatch.model.records import Json


def as_text(value: Json) -> str | None:
    """Give a text without outer blanks, or a number as text; None for all else, and for blanks."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return str(value)
