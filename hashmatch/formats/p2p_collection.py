"""eMule's binary .emulecollection: files that somebody put together, with their hashes.

A collection that is only a list of ed2k links is read by ``p2p-links``.
Source: eMule's files.
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

_VERSIONS = (1, 2)
"""The second is for files of more than 4 GB."""

_MOST_TAGS = 1 << 16
_WHAT = "eMule collection"


@dataclass(frozen=True, slots=True)
class Collection:
    """Reads binary eMule collections."""

    name: str = "emule-collection"
    title: str = "eMule collection, binary"
    has_categories: bool = False
    certainty: Certainty = Certainty.MAGIC
    takes: tuple[str, ...] = ()

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise the version, and a first file that can be read and has a hash."""
        source = BinarySource(io.BytesIO(head), ReadOptions(), _WHAT)
        try:
            _version(source)
            _tags(source)
            return source.number(4) > 0 and "ed2k" in _tags(source)
        except HashSetError:
            return False

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read the collection; a signature behind the files is not checked.

        Raises:
            HashSetError: it is no collection, has no file, or another number than it says.
        """
        source = BinarySource(stream, options, _WHAT)
        version = _version(source)
        header = _tags(source)
        count = source.number(4)
        if not count:
            msg = "the collection says that it has no file; expected at least one"
            raise HashSetError(msg)
        yield ListFacts({"format_version": str(version), "declared_records": str(count)})
        if isinstance(author := header.get("author"), str):
            yield ListFacts({"publisher": author})
        for place in range(1, count + 1):
            yield from file_events(place, None, _tags(source))
            source.finished()
        # With the author's key a signature follows; without one, nothing may.
        if "author_key" not in header and not source.ended():
            source.refuse(f"was not announced: the collection says that it has {count}")


def _version(source: BinarySource) -> int:
    version = source.number(4)
    if version not in _VERSIONS:
        msg = "the file does not begin as a binary eMule collection does; expected version 1 or 2"
        raise HashSetError(msg)
    return version


def _tags(source: BinarySource) -> dict[str, Json]:
    count = source.number(4)
    if count > _MOST_TAGS:
        source.refuse("has more tags than a file can have")
    return read_tags(source, count)


FORMAT = Collection()
