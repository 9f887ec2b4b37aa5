"""eMule's known.met: the files that were shared or downloaded, with their hashes and counters.

Source: the eMule protocol specification, 2005; eMule's files.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.errors import HashSetError
from hashmatch.formats.binary import BinarySource
from hashmatch.formats.interface import Certainty, ReadOptions
from hashmatch.formats.p2p_tags import file_events, read_tags
from hashmatch.model.records import ListFacts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.model.records import Json, ListEvent

_VERSIONS = (0x0E, 0x0F)
"""The second is for files of more than 4 GB."""

_WHAT = "known.met"


@dataclass(frozen=True, slots=True)
class KnownMet:
    """Reads eMule's list of known files."""

    name: str = "known-met"
    title: str = "eMule known.met"
    has_categories: bool = False
    certainty: Certainty = Certainty.MAGIC
    takes: tuple[str, ...] = ()

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise the version, and a first entry that can be read and has a name."""
        source = BinarySource(io.BytesIO(head), ReadOptions(), _WHAT)
        try:
            return _count(source) > 0 and "name" in read_entry(source)[1]
        except HashSetError:
            return False

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read the list.

        Raises:
            HashSetError: it is no known.met, has no entry, or another number than it says.
        """
        source = BinarySource(stream, options, _WHAT)
        count = _count(source)
        if not count:
            msg = "the list says that it has no entry; expected at least one"
            raise HashSetError(msg)
        yield ListFacts({"declared_records": str(count)})
        for place in range(1, count + 1):
            yield from file_events(place, *read_entry(source))
            source.finished()
        if not source.ended():
            source.refuse(f"was not announced: the list says that it has {count}")


def _count(source: BinarySource) -> int:
    if source.number(1) not in _VERSIONS:
        msg = "the file does not begin as a known.met does; expected the byte 0x0E or 0x0F"
        raise HashSetError(msg)
    return source.number(4)


def read_entry(source: BinarySource) -> tuple[bytes, dict[str, Json]]:
    """Read what eMule keeps of one file: its hash, and times, parts and tags.

    Raises:
        HashSetError: the entry is cut off, too long or has an unknown part.
    """
    modified = source.number(4)
    ed2k = source.take(16)
    parts: list[Json] = [source.take(16).hex() for _ in range(source.number(2))]
    tags = read_tags(source, source.number(4))
    return ed2k, {"modified": modified, **({"parts": parts} if parts else {}), **tags}


FORMAT = KnownMet()
