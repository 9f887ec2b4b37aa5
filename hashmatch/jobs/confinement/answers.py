"""Read what a worker sends as if a hostile file had written it.

What travels between processes can name any function to be called by the one who reads it. From a
worker, only the plain values that answers are made of are taken; and none of a class that the
message could alter for all others. Whether their content is true cannot be told from here.
"""

from __future__ import annotations

import io
import pickle  # noqa: TID251  # the form in which processes talk; read with a closed list

from hashmatch.jobs.confinement.levels import Level, Report, Trial
from hashmatch.model import hashes, outcomes

MOST = 64 << 20
"""Longest answer that is read, in bytes; one of a full batch takes a hundredth of it."""

_KNOWN = (
    *(Level, Report, Trial, hashes.Algorithm, hashes.Digest, hashes.Method, hashes.PictureHash),
    *(hashes.FrameHash, outcomes.Video),
    *(outcomes.Failed, outcomes.Picture, outcomes.Reading, outcomes.Reason, outcomes.Stage),
    *(outcomes.Skipped, outcomes.Rule),
)
_BROKEN = (
    *(pickle.UnpicklingError, EOFError, ValueError, TypeError, LookupError, AttributeError),
    *(ArithmeticError, MemoryError, RecursionError, ImportError, AssertionError),
)


class _Reader(pickle.Unpickler):
    """Builds values of the classes given and calls nothing else."""

    def __init__(self, content: bytes, more: tuple[type, ...]) -> None:
        super().__init__(io.BytesIO(content))
        self._classes = {(one.__module__, one.__qualname__): one for one in (*_KNOWN, *more)}

    def find_class(self, module: str, name: str) -> type:
        found = self._classes[module, name]
        if not hasattr(found, "__setstate__"):  # its fields, or the class itself, could be set
            raise TypeError(name)
        return found


def read(content: bytes, *more: type) -> object:
    """Read one answer.

    Args:
        content: as it came through the pipe.
        more: further classes of which answers are made.

    Raises:
        EOFError: it is no answer; the worker is not to be used again.
    """
    try:
        return _Reader(content, more).load()
    except _BROKEN:
        raise EOFError from None
