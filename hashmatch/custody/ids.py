"""Identifiers of cases, runs and ledger entries: UUID version 7, which sorts by time.

Source: RFC 9562, section 5.7.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashmatch.model.people import Entropy

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_LOW = (1 << 62) - 1  # the random bits after the variant; twelve more stand before it


def uuid7(at: datetime, entropy: Entropy) -> str:
    """Make an identifier from a moment (to the millisecond) and ten random bytes.

    Raises:
        ValueError: the moment has no zone, or is before 1970.
    """
    if at.tzinfo is None or at < _EPOCH:
        msg = "an identifier needs a moment with a zone, not before 1970"
        raise ValueError(msg)
    random = int.from_bytes(entropy(10))
    high, low = random >> 68, random & _LOW
    milliseconds = (at - _EPOCH) // _MILLISECOND
    return str(uuid.UUID(int=milliseconds << 80 | 7 << 76 | high << 64 | 0b10 << 62 | low))
