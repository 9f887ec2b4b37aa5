"""The day of a list: what it says itself, else a day in its file's name."""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_FACTS = ("date", "list_date", "published", "issued", "exported", "updated", "created")
_DAY = re.compile(r"(?<!\d)(20\d\d)[-_.]?([01]\d)[-_.]?([0-3]\d)(?!\d)")


def day_of(facts: Mapping[str, str], name: str) -> datetime.date | None:
    """Give the day, or None where neither says one."""
    for text in (*(facts[key] for key in _FACTS if key in facts), name):
        for found in _DAY.finditer(text):
            try:
                return datetime.date(*map(int, found.groups()))
            except ValueError:
                continue
    return None
