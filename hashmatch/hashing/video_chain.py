"""Tell by the parts of a container, each of which says its length, whether one is missing.

A demuxer that meets a hole looks for the next part it knows and goes on as if nothing were missing.
Times do not show it: between two pictures of a slide show or a recorded screen any time may pass.
So the parts are followed here from each to the next, through their headers alone.

Not seen: damage inside a part, which the decoder may or may not notice; parts taken out as a whole
where nothing counts them. Of transport streams only the end is looked at, since the demuxer counts
their packets itself. Not followed, so never called broken: program streams, MXF, RealMedia and raw
streams.

Sources: RFC 9559 and 8794 (Matroska), Microsoft's AVI RIFF reference and OpenDML 1.02, Adobe's FLV
10.1, RFC 3533 (Ogg), Microsoft's ASF 01.20.05, ISO/IEC 14496-12.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from hashmatch.hashing import sniff_video

if TYPE_CHECKING:
    from collections.abc import Callable

    from hashmatch.hashing.video_file import Reader

_SLACK = 64  # bytes by which writers get the last length wrong

_EBML, _SEGMENT, _CLUSTER = 0x1A45DFA3, 0x18538067, 0x1F43B675
_IN_CLUSTER: Final = frozenset({0xE7, 0xA7, 0xAB, 0xA3, 0xA0, 0xAF, 0xEC, 0xBF, 0x5854})
_FOUR_BYTES = 0x10000000  # the least identifier of an element outside of clusters

_NO_LENGTH = 0xFFFFFFF0  # what a writer that cannot go back leaves; so is 0

_FLV_TAGS = frozenset({8, 9, 15, 18})
_FLV_HEADER, _FLV_TAG = 9, 11
_FLV_PACKED = 0x1F

_OGG_PAGE = 27
_OGG_FIRST = 2

_TRANSPORT = ((188, 0), (192, 4), (204, 0))  # length and place of the mark: plain, timed, coded
_MARK = 0x47

_ASF_FILE = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_ASF_MOST = 1 << 20  # bytes of the header that are looked through
_ASF_DATA = 50
_ASF_LIVE = 1
_ASF_CORRECTION = 0x80


class _Parts:
    """A file of which some bytes here and there are looked at."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.size = reader.seek(0, os.SEEK_END)

    def at(self, place: int, size: int) -> bytes:
        """Give so many bytes from a place, fewer at the end, none behind it."""
        if place >= self.size:  # perhaps further than a system can go
            return b""
        self._reader.seek(place)
        return self._reader.read(size)

    def number(self, place: int, size: int, *, little: bool = False) -> int:
        """Give a number without sign."""
        return int.from_bytes(self.at(place, size), "little" if little else "big")


def broken(reader: Reader, kind: str) -> bool:
    """Tell whether the parts of a container do not lead from the first to its end.

    Args:
        reader: of the whole file; read from anywhere and left anywhere.
        kind: as :func:`hashmatch.hashing.sniff_video.video_kind` says.

    Raises:
        OSError: the file cannot be read, or the time of the reader is over.
    """
    walk = _WALKS.get(kind)
    return walk is not None and walk(_Parts(reader))


def _matroska(file: _Parts) -> bool:
    """Go from element to element, into segments and clusters and over everything else."""
    place, end = 0, file.size
    while place < end:
        name, size, head = _element(file.at(place, 12))
        if name < _FOUR_BYTES and name not in _IN_CLUSTER:
            return True
        place += head
        if name == _SEGMENT:
            end = file.size if size is None else place + size
        elif name != _CLUSTER:
            if size is None:
                return True
            place += size
        if max(place, end) > file.size:
            return True
        if place == end and file.number(place, 4) == _EBML:
            end = file.size
    return place > end


def _element(head: bytes) -> tuple[int, int | None, int]:
    """Give an element's name, 0 where there is none, its size, if stated, and the length of both.

    A name has at most 4 bytes, a size at most 8; the zeros before the first bit say how many.
    """
    wide = 9 - head[0].bit_length()
    length = 9 - head[wide].bit_length() if wide < len(head) else 9
    if wide > 4 or length > 8 or wide + length > len(head):
        return 0, None, 0
    unknown = (1 << 7 * length) - 1
    size = int.from_bytes(head[wide : wide + length], "big") & unknown
    return int.from_bytes(head[:wide], "big"), None if size == unknown else size, wide + length


def _avi(file: _Parts) -> bool:
    """Go from chunk to chunk, into lists of frames; a missing padding byte is forgiven."""
    place = end = 0
    while place < file.size:
        head = file.at(place, 12)
        if place >= end and head[:4] != b"RIFF":
            return False
        if place % 2 == 0 and not _is_name(head[:4]) and _is_name(file.at(place - 1, 4)):
            place -= 1
            head = file.at(place, 12)
        if not _is_name(head[:4]):
            return True
        size = int.from_bytes(head[4:8], "little")
        if head[:4] == b"RIFF":
            stated = 0 < size < _NO_LENGTH
            end = place + 8 + size if stated else file.size
            if end > file.size + _SLACK:
                return True
        elif place + 8 + size > file.size + _SLACK and head[8:12] != b"movi":
            return True
        inside = head[:4] == b"RIFF" or (head[:4] == b"LIST" and head[8:12] in {b"movi", b"rec "})
        place += 12 if inside else 8 + size + size % 2
    return False


def _is_name(four: bytes) -> bool:
    return len(four) < 4 or (four.isascii() and four.decode("ascii").isprintable())


def _flv(file: _Parts) -> bool:
    """Go from tag to tag; what stands behind each, the length of it, is often wrong."""
    place = max(file.number(5, 4), _FLV_HEADER) + 4
    while place + _FLV_TAG + 4 <= file.size:
        head = file.at(place, _FLV_TAG)
        if head[0] & _FLV_PACKED not in _FLV_TAGS or any(head[8:]):
            return True
        place += _FLV_TAG + int.from_bytes(head[1:4], "big") + 4
    return place > file.size + 4


def _ogg(file: _Parts) -> bool:
    """Go from page to page; the pages of every stream are numbered."""
    place, last = 0, dict[bytes, int]()
    while place < file.size:
        head = file.at(place, _OGG_PAGE + 255)
        if head[:4] != b"OggS" or len(head) < _OGG_PAGE:
            return True
        serial, number = head[14:18], int.from_bytes(head[18:22], "little")
        if not head[5] & _OGG_FIRST and number != last.get(serial, number - 1) + 1:
            return True
        last[serial] = number
        sizes = head[_OGG_PAGE : _OGG_PAGE + head[26]]
        place += _OGG_PAGE + head[26] + sum(sizes)
    return place > file.size


def _asf(file: _Parts) -> bool:
    """Look at the beginning of each packet; all have the same length and begin alike."""
    start = file.number(16, 8, little=True)
    head = file.at(0, min(start, _ASF_MOST))
    facts = head.find(_ASF_FILE)
    if facts < 0:
        return False
    count, flags, least, most = (
        int.from_bytes(head[facts + at : facts + at + size], "little")
        for at, size in ((56, 8), (88, 4), (92, 4), (96, 4))
    )
    start += _ASF_DATA
    mark = file.at(start, 1)
    if flags & _ASF_LIVE or least != most or not least:
        return False
    if start + count * least > file.size:
        return True
    if not mark or not mark[0] & _ASF_CORRECTION:
        return False
    return any(file.at(start + number * least, 1) != mark for number in range(count))


def _transport(file: _Parts) -> bool:
    """Look at the end: a packet that has begun there must be whole."""
    head = file.at(0, 1024)
    for length, mark in _TRANSPORT:
        if set(head[mark::length]) == {_MARK}:
            last = file.at(file.size - file.size % length, length)
            return len(last) > mark and last[mark] == _MARK
    return False


def _iso(file: _Parts) -> bool:
    """Go from box to box. Behind the last some writers leave padding, but not between fragments."""
    place, fragments = 0, False
    while place + 8 <= file.size:
        head = file.at(place, 16)
        name, size = head[4:8], int.from_bytes(head[:4], "big")
        if size == 1:
            size = int.from_bytes(head[8:16], "big")
        if not _is_name(name) or 0 < size < 8:  # of the header itself
            return fragments
        fragments = fragments or name == b"moof"
        if size == 0:
            return False
        place += size
        if place > file.size:
            return fragments or name == b"mdat"
    return False


_WALKS: dict[str, Callable[[_Parts], bool]] = {
    sniff_video.MATROSKA: _matroska,
    sniff_video.WEBM: _matroska,
    sniff_video.AVI: _avi,
    sniff_video.FLV: _flv,
    sniff_video.OGG: _ogg,
    sniff_video.ASF: _asf,
    sniff_video.TRANSPORT: _transport,
    sniff_video.MP4: _iso,
    sniff_video.M4V: _iso,
    sniff_video.QUICKTIME: _iso,
    sniff_video.THREE_GP: _iso,
    sniff_video.THREE_G2: _iso,
}
