"""What decoders raise for damaged input, and which reason it becomes."""

from __future__ import annotations

import struct
import zlib

from hashmatch.model.outcomes import Reason

DAMAGE = (
    OSError,
    EOFError,
    SyntaxError,  # how the library says "broken file" in places
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    AssertionError,
    ArithmeticError,
    NotImplementedError,
    RuntimeError,
    struct.error,
    zlib.error,
)
"""Everything the decoders raise for damaged input; anything else is a bug and stays one."""


def reason_of(error: Exception) -> Reason:
    """Sort damage by the library's own words; a wrong guess still names damage."""
    cut_short = isinstance(error, EOFError) or "truncated" in str(error).lower()
    return Reason.TRUNCATED if cut_short else Reason.CORRUPT
