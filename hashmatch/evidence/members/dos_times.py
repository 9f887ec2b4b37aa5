"""Date and time as DOS has them, in many archives since."""

from __future__ import annotations

from datetime import datetime


def local_time(moment: int) -> str:
    """Give a time of an unknown zone in ISO 8601; empty where it is none.

    Args:
        moment: the date in the upper 16 bits, the time in steps of two seconds in the lower.
    """
    time, date = moment & 0xFFFF, moment >> 16
    try:
        found = datetime(  # noqa: DTZ001  # the zone is not known
            1980 + (date >> 9), date >> 5 & 15, date & 31, time >> 11, time >> 5 & 63, time % 32 * 2
        )
    except ValueError:
        return ""
    return found.isoformat()
