"""Expert Witness images (EWF version 1): .E01 of EnCase 1 to 7, FTK, Guymager and libewf."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hashmatch.evidence.media import ewf_opening, ewf_sections
from hashmatch.evidence.media.ewf_chunks import Chunks
from hashmatch.evidence.media.ewf_tables import Tables
from hashmatch.evidence.media.interface import MediumFacts
from hashmatch.evidence.media.segments import Segments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hashmatch.evidence.media.interface import Medium, Stretch
    from hashmatch.model.records import Json
    from hashmatch.model.secrets import Secrets

NAME = "e01"
TITLE = "Expert Witness (E01)"
CERTAINTY = 1

_HEADERS = ("header", "header2", "xheader")


class Ewf:
    """The content of an image. Every chunk passes its checksum, or is zeros and damage."""

    def __init__(self, segments: Segments) -> None:
        """Take over open segments, from the first on.

        Raises:
            MediumError: they are not one whole image; see :func:`.ewf_opening.gather`.
        """
        self._segments = segments
        found = ewf_opening.gather(segments)
        tables = Tables(segments, found.parts, found.tables)
        self._chunks, shape = Chunks(segments, tables, found), found.shape
        bad: tuple[Stretch, ...] = ()
        said: dict[str, Json] = {}
        if shape is not None:
            bad = ewf_opening.acquisition_errors(found, shape.sector, self.size)
            said = dict(shape.said)
        for kind in _HEADERS:
            said.update(found.headers.get(kind, {}))
        if found.bad:
            said["acquisition_errors"] = len(found.bad)
        if found.doubts:
            said["doubts"] = list(found.doubts)
        stored = tuple(sorted(found.stored.items()))
        used = segments.all[: len(found.parts)]
        self._facts = MediumFacts(NAME, self.size, used, stored, said, bad)

    @property
    def size(self) -> int:
        """Bytes of content."""
        return self._chunks.size

    @property
    def facts(self) -> MediumFacts:
        """What its segments say about it.

        ``said["doubts"]`` are what is not as it should be and left all content readable; chunks
        that are not are ``damage``.
        """
        return self._facts

    @property
    def damage(self) -> Sequence[Stretch]:
        """Chunks met so far that could not be read as stored."""
        return self._chunks.damage

    def read_at(self, offset: int, length: int) -> bytes:
        """Read; fewer bytes than asked for only at the end of the medium."""
        end = min(offset + length, self.size)
        if offset < 0 or offset >= end:
            return b""
        return self._chunks.read(offset, end)

    def close(self) -> None:
        """Let go of the segments."""
        self._segments.close()


def recognise(head: bytes, tail: bytes, path: bytes) -> bool:  # noqa: ARG001  # see Form
    """Yes by the mark of the format; SMART images have the same one, and names of their own."""
    return head.startswith(ewf_sections.SIGNATURE) and not ewf_sections.is_smart(path)


def open_medium(path: bytes, secrets: Secrets) -> Medium:  # noqa: ARG001  # see Form
    """Open all segments of an image. A password in its header locks nothing.

    Raises:
        MediumError: a segment is missing, damaged beyond telling which chunk is which, or part of
            another image.
    """
    segments = Segments(ewf_opening.segment_paths(path))
    try:
        return Ewf(segments)
    except BaseException:
        segments.close()
        raise


def files(path: bytes) -> tuple[bytes, ...]:
    """All segments up to the first that is missing."""
    return ewf_opening.segment_paths(path)
