"""Follow an old QuickTime film, which does not say what type of file it is, to its end.

Its boxes may stand within other files too, so that both an index and samples must be there.

Source: Apple, QuickTime File Format.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hashmatch.evidence.carving import isobmff

if TYPE_CHECKING:
    from hashmatch.evidence.carving.window import Read, Walked

NAME = "quicktime"
MAGICS = tuple((4, kind) for kind in (b"moov", b"mdat", b"wide", b"pnot", b"free", b"skip"))


def walk(read: Read, start: int, limit: int) -> Walked | None:
    """Follow the film that begins at ``start``; None where none begins, or its end is missing.

    Args:
        read: gives the bytes at an offset, that many or fewer at the end of what there is.
        start: where it begins.
        limit: offset that it cannot go beyond.
    """
    walked = isobmff.walk(read, start, limit)
    return walked if walked is not None and walked.whole else None
