"""What decoders raise for damaged input, and which reason it becomes."""

from __future__ import annotations

import struct
import zlib

from hashmatch.hashing.directories import tiff_at
from hashmatch.model.outcomes import Reason

_SEQUENCES = frozenset((b"msf1", b"hevc", b"hevx", b"hevm", b"hevs"))

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


def unreadable(content: bytes, name: str) -> Reason:
    """Say why a header could not be read by the decoder of this name.

    TIFF is a container for much that is not read here. That such a file is damaged can only be
    said when its first directory lies beyond its end. Sequences in HEIF are films, and not read.
    """
    if name == "HEIF" and content[8:12] in _SEQUENCES:
        return Reason.UNSUPPORTED
    found = tiff_at(content) if name == "TIFF" else None
    if found is None:
        return Reason.CORRUPT
    beyond = found.first + 2 > len(content)
    return Reason.TRUNCATED if beyond else Reason.UNSUPPORTED


def worst(*reasons: Reason | None) -> Reason | None:
    """Give want of memory before damage of the content: another attempt may find more."""
    known = [one for one in reasons if one is not None]
    return Reason.OUT_OF_MEMORY if Reason.OUT_OF_MEMORY in known else next(iter(known), None)
