"""The boxes of an ISO media file, as far as they say where a camera put its JPEGs.

Source: ISO/IEC 14496-12; for Canon's own boxes the description in ``lclevy/canon_cr3``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    Span = tuple[int, int]

_MOST = 512  # boxes looked at in one
_INSIDE = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
_PREVIEW = bytes.fromhex("eaf42b5e1c984b88b9fbb7dc406e4d16")
_PREVIEW_HEAD = 16 + 8  # the name of the box, and a count before what it holds
_JPEG_IN_PREVIEW = 16


def jpegs(content: bytes) -> list[Span]:
    """Give where JPEGs may lie: Canon's preview, and the first sample of each track."""
    spans: list[Span] = []
    for name, start, end in _boxes(content, 0, len(content)):
        if name == b"uuid" and content.startswith(_PREVIEW, start):
            for inner, first, last in _boxes(content, start + _PREVIEW_HEAD, end):
                if inner == b"PRVW":
                    spans.append((first + _JPEG_IN_PREVIEW, last))
        elif name == b"moov":
            spans += _samples(content, start, end)
    return spans


def _boxes(content: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Give name, beginning and end of what each box holds."""
    for _ in range(_MOST):
        size, head = int.from_bytes(content[start : start + 4]), 8
        if size == 1:
            size, head = int.from_bytes(content[start + 8 : start + 16]), 16
        last = end if size == 0 else start + size
        if start + head > min(last, end):
            return
        yield content[start + 4 : start + 8], start + head, min(last, end)
        start = last


def _samples(content: bytes, start: int, end: int) -> Iterator[Span]:
    """Give the first sample of each track, by its place and size."""
    for track, first, last in _boxes(content, start, end):
        if track != b"trak":
            continue
        found = dict(_leaves(content, first, last, len(_INSIDE)))
        place = found.get(b"co64", b"")[8:16] or found.get(b"stco", b"")[8:12]
        table = found.get(b"stsz", b"")
        size = int.from_bytes(table[4:8]) or int.from_bytes(table[12:16])
        begin = int.from_bytes(place)
        if begin and size:
            yield begin, begin + size


def _leaves(content: bytes, start: int, end: int, depth: int) -> Iterator[tuple[bytes, bytes]]:
    """Give the beginnings of the tables of a track."""
    for name, first, last in _boxes(content, start, end):
        if name in _INSIDE and depth:
            yield from _leaves(content, first, last, depth - 1)
        elif name in {b"co64", b"stco", b"stsz"}:
            yield name, content[first : min(last, first + 16)]
