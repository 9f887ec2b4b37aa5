"""Times of files as file systems store them: with a zone only where one is known."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hashmatch.evidence.filesystems.tsk_image import Handle

_NAMES = (
    ("modified", "mtime"),
    ("accessed", "atime"),
    ("changed", "ctime"),
    ("created", "crtime"),
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = 1_000_000_000
_MOST = 1 << 63


@dataclass(frozen=True, slots=True)
class Moments:
    """Times of one file: pairs of name and moment, and the modification in nanoseconds.

    The nanoseconds count from 1970; a time without a zone counts as if it were UTC.
    """

    times: tuple[tuple[str, str], ...] = ()
    modified_ns: int = 0


@dataclass(frozen=True, slots=True)
class Stored:
    """A time in UTC as a record keeps it: seconds since 1970, and how many digits of the next."""

    name: str
    seconds: int
    nanoseconds: int = 0
    digits: int = 0


def of_seconds(meta: Handle) -> Moments:
    """Read the times of a record that are kept in UTC, in seconds; one that is 0 was never set.

    Args:
        meta: a record of the library.
    """
    stored = (Stored(name, int(getattr(meta, field))) for name, field in _NAMES)
    return of_stored(one for one in stored if one.seconds)


def of_stored(stored: Iterable[Stored]) -> Moments:
    """Tell times; beyond the year 9999 there is nothing to be said in ISO 8601."""
    times: list[tuple[str, str]] = []
    modified = 0
    for one in stored:
        if one.name == "modified":
            modified = within(one.seconds * _SECOND + one.nanoseconds)
        with suppress(OverflowError):
            times.append((one.name, utc(one.seconds, one.nanoseconds, one.digits)))
    return Moments(tuple(times), modified)


def within(nanoseconds: int) -> int:
    """Give nanoseconds since 1970 as far as they fit into 64 bits; else 0, which is not known."""
    return nanoseconds if -_MOST < nanoseconds < _MOST else 0


def utc(seconds: int, nanoseconds: int, digits: int) -> str:
    """Write a moment in UTC.

    Raises:
        OverflowError: it is before the year 1 or after 9999.
    """
    moment = _EPOCH + timedelta(seconds=seconds)
    part = f".{nanoseconds:09d}"[: digits + 1] if digits else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}".rjust(19, "0") + part + "Z"


def local(date: int, time: int, hundredths: int = 0) -> datetime | None:
    """Read a moment of FAT: date and time as packed there; None where it is none.

    Args:
        date: 7 bits of years from 1980, 4 of months, 5 of days.
        time: 5 bits of hours, 6 of minutes, 5 of double seconds.
        hundredths: 0 to 199, to be added.
    """
    year, month, day = 1980 + (date >> 9), date >> 5 & 15, date & 31
    hour, minute, second = time >> 11, time >> 5 & 63, (time & 31) * 2
    try:
        moment = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001  # no zone is known
    except ValueError:
        return None
    return moment + timedelta(milliseconds=10 * hundredths) if hundredths < 200 else moment


def written(moment: datetime, offset: int | None = None, *, parts: bool = False) -> str:
    """Write a local moment, with hundredths if ``parts``, and its offset in minutes if known."""
    text = moment.isoformat(timespec="milliseconds")[:-1] if parts else moment.isoformat()
    return text if offset is None else text + zone(offset)


def zone(minutes: int) -> str:
    """Write an offset from UTC in minutes."""
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def nanoseconds(moment: datetime, offset: int | None = None) -> int:
    """Count nanoseconds since 1970; a moment without an offset as if it were UTC."""
    whole = moment.replace(tzinfo=UTC) - timedelta(minutes=offset or 0) - _EPOCH
    return whole // timedelta(microseconds=1) * 1000
