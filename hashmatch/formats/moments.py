"""Moments of time as lists write them, in seconds since 1970 UTC, and the events they date."""

from __future__ import annotations

import math
import re
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hashmatch.model.records import Dropped, HashRecord, Loss, Withdrawn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hashmatch.formats.gathering import Gathering
    from hashmatch.model.records import Json, ListEvent

_DATE = re.compile("(?:19|20)[0-9]{6}")


def epoch(value: Json) -> float | None:
    """Read seconds as a number or text, or an ISO 8601 moment; None when it says nothing.

    A moment without an offset is taken for UTC. Eight digits that are a date are one, not the
    seconds of a day in 1970.

    Raises:
        ValueError: it is no moment. The message does not hold it.
    """
    if value is None or value == "":
        return None
    if not isinstance(value, bool) and isinstance(value, int | float | str):
        with suppress(ValueError, OverflowError):
            return _seconds(value)
    msg = "not a moment of time"
    raise ValueError(msg)


def _seconds(value: float | str) -> float:
    if _DATE.fullmatch(str(value).strip()):
        with suppress(ValueError):
            return datetime.strptime(str(value).strip(), "%Y%m%d").replace(tzinfo=UTC).timestamp()
    if isinstance(value, str) and not value.strip().isdigit():
        moment = datetime.fromisoformat(value.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    seconds = float(value)
    if not math.isfinite(seconds):
        raise OverflowError
    return seconds


def gathered_epoch(value: Json, gathering: Gathering) -> float | None:
    """Read a moment; one that cannot be read is a lost value of the record."""
    try:
        return epoch(value)
    except ValueError:
        gathering.lose(Loss.BAD_VALUE)
        return None


def dated(
    events: Iterable[ListEvent], updated: float | None, parts: tuple[str, ...] = ()
) -> Iterator[ListEvent]:
    """State of the records among the events when they were last changed, and by whom held."""
    for event in events:
        if isinstance(event, HashRecord):
            yield replace(event, updated=updated, parts=parts)
        else:
            yield event


def taken_back(
    place: int, entry: str | None, gathering: Gathering, updated: float | None
) -> Iterator[ListEvent]:
    """Yield the withdrawal of a record by its entry, or by its digests where it has none."""
    digests = () if entry is not None else gathering.digests
    if entry is None and not digests:
        yield Dropped(place, gathering.losses[0] if gathering.losses else Loss.BAD_VALUE)
        return
    for reason in gathering.losses:
        yield Dropped(place, reason, whole=False)
    yield Withdrawn(place, entry, digests, updated=updated)
