"""vPDQ: the PDQ hashes of a video's frames. One file is one video, so it is one record.

Three forms: lines ``frame,quality,hash,seconds``; a JSON list of ``"hash,quality,seconds"``; an
older JSON object of frames by number. Source: Meta's vpdq and python-threatexchange.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.errors import HashSetError
from hashmatch.formats import json_stream
from hashmatch.formats.binary import at_most
from hashmatch.formats.encoding import opening_text
from hashmatch.formats.interface import HEAD_SIZE, Certainty
from hashmatch.formats.text import TextLines
from hashmatch.formats.vpdq_frames import Frames, take_listed
from hashmatch.model.records import ListFacts, Loss

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.model.records import Json, ListEvent

_FORMS = re.compile(
    r"""
    (?P<text> [0-9]+,[0-9]{1,3},[0-9a-f]{64},[0-9.]+ [\r]?(\n|$) )
    | (?P<list> \[ \s* "[0-9a-f]{64},[0-9]{1,3},[0-9.e+]+" )
    | (?P<object> \{ \s* "[0-9]+" \s* : \s* \{ \s* "(quality|hash|timestamp)" \s* : )
    """,
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Vpdq:
    """Reads the frames of one video."""

    name: str = "vpdq"
    title: str = "vPDQ hashes of one video"
    has_categories: bool = False
    certainty: Certainty = Certainty.KEYS
    takes: tuple[str, ...] = ()

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise the first frame in one of the three forms."""
        return _FORMS.match(opening_text(head).lstrip()) is not None

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read the file; the frames of a video together are bounded as a record.

        Raises:
            HashSetError: it is in none of the forms, or has no frame, or too many.
        """
        data = at_most(stream, options.maximum_record, "the frames of one video")
        form = _FORMS.match(opening_text(data[:HEAD_SIZE]).lstrip())
        if form is None:
            msg = "the file begins with no frame of vPDQ; expected frame,quality,hash,seconds"
            raise HashSetError(msg)
        frames = Frames()
        if form["text"]:
            _take_lines(frames, TextLines(io.BytesIO(data), options))
        else:
            _take_json(frames, json_stream.whole(io.BytesIO(data), options))
        yield ListFacts({"shape": str(form.lastgroup)})
        yield from frames.events(1)
        if not frames.kept:
            msg = "no frame has a usable hash; expected 64 hexadecimal digits each"
            raise HashSetError(msg)


def _take_lines(frames: Frames, lines: TextLines) -> None:
    for _, line in lines:
        cells = line.strip().split(",") if line is not None else []
        if len(cells) == 4:
            number, quality, value, at = cells
            frames.take(value, quality, at, number)
        elif cells != [""]:
            frames.lose(Loss.MALFORMED)


def _take_json(frames: Frames, document: Json) -> None:
    take_listed(frames, document)
    for number, one in document.items() if isinstance(document, dict) else ():
        if isinstance(one, dict) and isinstance(value := one.get("hash"), str):
            frames.take(value, str(one.get("quality")), str(one.get("timestamp")), number)
        else:
            frames.lose(Loss.MALFORMED)


FORMAT = Vpdq()
