"""Moments as archives store them, in ISO 8601."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FROM_1601 = 11_644_473_600  # seconds from 1601 to 1970
_NS = 10**9


def since_1601(ticks: int) -> int:
    """Turn a Windows time, in steps of 100 nanoseconds, into nanoseconds since 1970."""
    return (ticks - _FROM_1601 * 10**7) * 100


def iso(ns: int) -> str:
    """Give a moment in UTC with as many digits as it has; as a number where no calendar has it.

    Args:
        ns: nanoseconds since 1970.
    """
    seconds, rest = divmod(ns, _NS)
    try:
        text = (_EPOCH + timedelta(seconds=seconds)).replace(tzinfo=None).isoformat()
    except OverflowError:
        return f"@{seconds}"
    digits = f".{rest:09d}".rstrip("0") if rest else ""
    return f"{text}{digits}Z"
