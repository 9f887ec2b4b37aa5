"""The file in a package: what ``Ole10Native`` streams hold.

Source: [MS-OLEDS] 2.3.6; the layout of packages as Windows writes them.
"""

from __future__ import annotations

from hashmatch.evidence.members.office_pictures import Found

_BEFORE_NAMES = 6  # the size of all, and flags
_LONGEST = 4096


def package(content: bytes) -> Found:
    """Give the file in a package; what has no such form comes as it is behind its size."""
    label, place = _text(content, _BEFORE_NAMES)
    path, place = _text(content, place)
    place += 4  # what follows names the form, always the same
    length = _number(content, place)
    place += 4 + length
    size = _number(content, place)
    begin = place + 4
    name = path.replace(b"\\", b"/").rpartition(b"/")[2] or label
    if name and length < _LONGEST and 0 < size <= len(content) - begin:
        return Found(name, content[begin : begin + size])
    return Found(b"object", content[4:])


def _text(content: bytes, place: int) -> tuple[bytes, int]:
    end = content.find(b"\0", place, place + _LONGEST)
    return (content[place:end], end + 1) if end >= 0 else (b"", len(content))


def _number(content: bytes, place: int) -> int:
    return int.from_bytes(content[place : place + 4], "little")
