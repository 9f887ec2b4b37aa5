"""Indexes that The Sleuth Kit's ``hfind -i`` makes: two header lines, then sorted hashes.

Such an index serves where the database that it was made of is missing: the hashes are right, names
are not in it. The offsets are left aside; for EnCase and HashKeeper databases they are known to be
wrong. The companion ``.idx2`` holds no hashes: it is recognised and refused. Source: The Sleuth
Kit 4.11, outputs of hfind.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from hashmatch.errors import HashSetError
from hashmatch.formats.gathering import Gathering
from hashmatch.formats.hash_text import MD5, SHA1
from hashmatch.formats.interface import Certainty
from hashmatch.formats.text import TextLines, opening_lines
from hashmatch.formats.whole_rows import in_batches, requiring_any, singly, whole
from hashmatch.model.hashes import Algorithm
from hashmatch.model.records import Dropped, ListFacts, Loss, RecordBatch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.model.records import FastEvent, ListEvent

_Line: TypeAlias = tuple[int, "str | None"]

_TYPE = re.compile(r"0{41}\|([\w-]+)")
_NAME = re.compile(r"0{40}1\|(.+)")
_OFFSET = re.compile(r"\|[0-9]{16}")
_KINDS = {2 * kind.size: kind for kind in (MD5, SHA1)}
_BUCKETS = struct.Struct("=4096Q")
_NONE = (1 << 64) - 1
_LARGEST = 1 << 48


@dataclass(frozen=True, slots=True)
class TskIndex:
    """Reads the indexes of hfind."""

    name: str = "tsk-index"
    title: str = "index of The Sleuth Kit's hfind (-md5.idx, -sha1.idx)"
    has_categories: bool = False
    certainty: Certainty = Certainty.HEADER
    takes: tuple[str, ...] = ()

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise the first header line, or the table of an ``.idx2``."""
        lines = opening_lines(head)
        return _is_buckets(head) or (bool(lines) and _TYPE.fullmatch(lines[0]) is not None)

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read the list.

        Raises:
            HashSetError: the header is missing, no row follows, or this is an ``.idx2``.
        """
        return singly(self.read_batches(stream, options))

    def read_batches(self, stream: BinaryIO, options: ReadOptions) -> Iterator[FastEvent]:
        """Read as :meth:`read`, many rows at once."""
        lines = TextLines(stream, options)
        numbered = iter(lines)
        found = _TYPE.fullmatch(next(numbered, (1, None))[1] or "")
        if found is None:
            msg = (
                "line 1 is not the header of an hfind index, 41 zeros and the type of its database"
                " (an .idx2 holds no hashes: import the .idx beside it)"
            )
            raise HashSetError(msg)
        yield ListFacts({"database_type": found[1]})
        events = in_batches(numbered, _regular, _line)
        yield from requiring_any(events, "no hash stands below the header of the index")
        yield lines.facts()


def _regular(rows: Sequence[_Line]) -> RecordBatch | None:
    """Take rows apart where the first one's hash ends; None unless all are of its form."""
    length = (rows[0][1] or "").find("|")
    kind = _KINDS.get(length)
    lines = [line or "" for _, line in rows]
    if kind is None or not all(_OFFSET.fullmatch(line, length) for line in lines):
        return None
    values = whole(kind, [line[:length] for line in lines])
    if values is None or not isinstance(kind.target, Algorithm):
        return None
    return RecordBatch([place for place, _ in rows], {kind.target: values}, {})


def _line(numbered: _Line) -> Iterator[ListEvent]:
    place, line = numbered
    if line == "":
        return iter(())
    if place == 2 and line is not None and (named := _NAME.fullmatch(line)) is not None:
        return iter([ListFacts({"database": named[1]})])
    value, _, _ = (line or "").partition("|")
    kind = _KINDS.get(len(value))
    if line is None or kind is None or _OFFSET.fullmatch(line, len(value)) is None:
        return iter([Dropped(place, Loss.MALFORMED)])
    gathering = Gathering()
    gathering.take(kind, value)
    return gathering.events(place, {})


def _is_buckets(head: bytes) -> bool:
    """Tell whether these are rising offsets by the first three digits, most of them none."""
    if len(head) != _BUCKETS.size:
        return False
    offsets = [one for one in _BUCKETS.unpack(head) if one != _NONE]
    rising = all(one < other for one, other in pairwise(offsets))
    return bool(offsets) and rising and offsets[-1] < _LARGEST


FORMAT = TskIndex()
