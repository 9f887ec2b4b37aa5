"""One stream of a compound file in memory, and what went wrong while it was read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.evidence.members.interface import MemberError
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from hashmatch.evidence.members.compound_file import CompoundFile, Entry

MOST = 512 << 20
"""Bytes of one stream that are taken into memory."""


@dataclass(frozen=True, slots=True)
class Stream:
    """What could be read, and why there is no more."""

    content: bytes
    trouble: Reason | None


def read_stream(file: CompoundFile, entry: Entry) -> Stream:
    """Read a stream as far as it goes.

    Raises:
        MemberError: it is longer than :data:`MOST`.
    """
    if entry.size > MOST:
        raise MemberError(Reason.LIMIT_KEPT)
    blocks: list[bytes] = []
    try:
        blocks.extend(file.blocks(entry))
    except MemberError as error:
        return Stream(b"".join(blocks), error.reason)
    return Stream(b"".join(blocks), None)
