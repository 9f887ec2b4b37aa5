"""Dates and times for people: the ISO 8601 form always, the calendar of the language beside it."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_ZONED = re.compile(r"T.*(Z|[+-]\d\d:\d\d)\Z")

BUDDHIST_ERA = 543
"""Years to add for the calendar that Thai offices use (พ.ศ.)."""


def moment(when: datetime, language: str, months: Sequence[str]) -> str:
    """Give a moment to the second with its offset from UTC."""
    spoken = f"{_spoken(when, language, months)} {when:%H:%M:%S}"
    return f"{spoken} ({when.isoformat(timespec='seconds')})"


def stated(text: str, language: str, months: Sequence[str]) -> str:
    """Give a date that a list states, such as ``22 พ.ย. 2569 (2026-11-22)``.

    Anything but an ISO date stays as the list writes it.
    """
    when = as_day(text)
    return text if when is None else f"{_spoken(when, language, months)} ({text})"


def zoned(text: str) -> bool:
    """Tell whether a moment of the evidence says in which zone it is; it is never converted."""
    return bool(_ZONED.search(text))


def as_day(text: str) -> date | None:
    """Read an ISO date, or the date of an ISO time; None for anything else."""
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        return None


def _spoken(when: date, language: str, months: Sequence[str]) -> str:
    year = when.year + (BUDDHIST_ERA if language == "th" else 0)
    return f"{when.day} {months[when.month - 1]} {year}"
