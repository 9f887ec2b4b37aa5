"""Signals of python-threatexchange in a local file: ``<type> <value>``, one a line.

What is no hash of a picture or video (texts, addresses and their digests) is kept as a kind that
is not compared: the MD5 of an address must never be taken for that of a file.

Source: Meta, ThreatExchange/python-threatexchange.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.formats import hash_text, json_stream
from hashmatch.formats.gathering import Gathering, each, requiring_records
from hashmatch.formats.hash_text import Kind
from hashmatch.formats.interface import Certainty
from hashmatch.formats.text import TextLines, opening_lines
from hashmatch.formats.vpdq_frames import Frames, take_listed
from hashmatch.model.records import Dropped, Loss

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.model.records import ListEvent

_VPDQ = "vpdq"
_KINDS: Mapping[str, Kind] = {
    "pdq": hash_text.PDQ,
    "video_md5": hash_text.MD5,
    "video_sha256": hash_text.SHA256,
    "photodna": hash_text.PHOTODNA,
    **{
        name: Kind(name)
        for name in ("raw_text", "trend_query", "url", "url_md5", "pdq_ocr", "text_tlsh")
    },
}


@dataclass(frozen=True, slots=True)
class TxLocal:
    """Reads local signal files."""

    name: str = "tx-local"
    title: str = "python-threatexchange local signal file"
    has_categories: bool = False
    certainty: Certainty = Certainty.LINES
    takes: tuple[str, ...] = ()

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise lines that name types, at least one of them that of a hash to compare."""
        pairs = [line.split(" ", 1) for line in opening_lines(head)[:50]]
        return all(_is_signal(pair) for pair in pairs) and any(_is_hash(*pair) for pair in pairs)

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read the file.

        Raises:
            HashSetError: no line is a signal.
        """
        lines = TextLines(stream, options)
        otherwise = "no line is a signal; expected a type, a blank and a value, check --format"
        yield from requiring_records(each(lines, _line), otherwise)
        yield lines.facts()


def _line(place: int, line: str) -> Iterator[ListEvent]:
    if text := line.strip():
        name, _, value = text.partition(" ")
        yield from _signal(place, name, value.strip())


def _signal(place: int, name: str, value: str) -> Iterator[ListEvent]:
    if name == _VPDQ and value:
        yield from _video(place, value)
    elif name not in _KINDS:
        yield Dropped(place, Loss.UNKNOWN_ALGORITHM)
    elif not value:
        yield Dropped(place, Loss.NO_HASH)
    else:
        kind = _KINDS[name]
        gathering = Gathering()
        gathering.take(kind, value)
        more = {} if kind.target else {"value": value}
        yield from gathering.events(place, {"type": name, **more})


def _video(place: int, value: str) -> Iterator[ListEvent]:
    frames = Frames()
    try:
        take_listed(frames, json_stream.parse(value))
    except ValueError:
        frames.lose(Loss.MALFORMED)
    yield from frames.events(place)


def _is_signal(pair: list[str]) -> bool:
    return len(pair) == 2 and (pair[0] in _KINDS or pair[0] == _VPDQ)


def _is_hash(name: str, value: str) -> bool:
    if name == _VPDQ:
        return value.startswith('["')
    gathering = Gathering()
    gathering.take(_KINDS[name], value)
    return bool(gathering.digests or gathering.perceptual)


FORMAT = TxLocal()
