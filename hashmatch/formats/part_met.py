"""eMule's .part.met: one download that is not complete, with what is still missing.

Source: the eMule protocol specification, 2005; eMule's files.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.errors import HashSetError
from hashmatch.formats.binary import BinarySource
from hashmatch.formats.interface import Certainty, ReadOptions
from hashmatch.formats.known_met import read_entry
from hashmatch.formats.p2p_tags import file_events
from hashmatch.model.records import ListFacts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.model.records import ListEvent

_VERSIONS = range(0xE0, 0xE3)
_WHAT = "part.met"


@dataclass(frozen=True, slots=True)
class PartMet:
    """Reads eMule's description of a download."""

    name: str = "part-met"
    title: str = "eMule .part.met"
    has_categories: bool = False
    certainty: Certainty = Certainty.MAGIC
    takes: tuple[str, ...] = ()

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise the version, and an entry that can be read and has a name."""
        source = BinarySource(io.BytesIO(head), ReadOptions(), _WHAT)
        try:
            _version(source)
            return "name" in read_entry(source)[1]
        except HashSetError:
            return False

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read the file.

        Raises:
            HashSetError: it is no part.met, is cut off, or goes on behind its entry.
        """
        source = BinarySource(stream, options, _WHAT)
        yield ListFacts({"format_version": f"{_version(source):#x}"})
        yield from file_events(1, *read_entry(source))
        source.finished()
        if not source.ended():
            source.refuse("does not belong there: a part.met has one")


def _version(source: BinarySource) -> int:
    version = source.number(1)
    if version not in _VERSIONS:
        msg = "the file does not begin as a part.met does; expected the byte 0xE0, 0xE1 or 0xE2"
        raise HashSetError(msg)
    return version


FORMAT = PartMet()
