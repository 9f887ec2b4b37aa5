"""A raw copy in numbered pieces: name.001, name.002; name.000; name.aa, name.ab."""

from __future__ import annotations

import os
import re
from itertools import count
from typing import TYPE_CHECKING

from hashmatch.evidence.media import signatures
from hashmatch.evidence.media.interface import HEAD_SIZE, MediumError
from hashmatch.evidence.media.joined import Joined
from hashmatch.evidence.media.segments import Segments
from hashmatch.evidence.media.stored import Stored
from hashmatch.model import names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.media.interface import Medium
    from hashmatch.model.secrets import Secrets

NAME = "split"
TITLE = "Raw copy in pieces (001, 002, ...)"
CERTAINTY = 8

LOOKED_BEYOND = 1000
"""So many names after a missing one are tried, to tell a gap from the end."""

_MOST = 100_000
_NUMBERED = re.compile(rb"(.+\.)([0-9]{2,6})", re.DOTALL)
_LETTERED = re.compile(rb"(.+\.)([a-z]{2,4}|[A-Z]{2,4})", re.DOTALL)


def recognise(head: bytes, tail: bytes, path: bytes) -> bool:
    """Yes for a piece whose first piece begins with a partition table or file system."""
    first = _first(path)
    if first is None:
        return False
    if first == path:
        return signatures.name_of(head, tail if not _exists(_second(path)) else b"") is not None
    if not (_exists(first) and _follows(first, path)):
        return False
    return signatures.name_of(_head(first)) is not None


def open_medium(path: bytes, secrets: Secrets) -> Medium:  # noqa: ARG001  # see Form
    """Open all pieces as one.

    Raises:
        MediumError: it is not the first piece, one is missing between others, or is not of the
            size of the others. That the last is missing cannot be told from the pieces.
    """
    where = names.shown(path)
    first = _first(path)
    if first is None:
        msg = f"{where} is not named as a piece of an image; the first is name.001, .000 or .aa"
        raise MediumError(msg)
    if first != path:
        msg = f"{where} is not the first piece of an image; name {names.shown(first)}"
        raise MediumError(msg)
    paths, missing = _sequence(path)
    if missing is not None:
        msg = f"{names.shown(missing)} is missing, and later pieces are there; find it first"
        raise MediumError(msg)
    segments = Segments(paths)
    try:
        _compare_sizes(segments)
    except MediumError:
        segments.close()
        raise
    return Joined(NAME, segments, {"pieces": len(paths)})


def files(path: bytes) -> tuple[bytes, ...]:
    """All pieces up to the first that is missing."""
    return _sequence(path)[0] if _first(path) == path else (path,)


def _compare_sizes(segments: Segments) -> None:
    size = segments.all[0].size
    for one in segments.all[1:-1]:
        if one.size != size:
            msg = (
                f"{names.shown(one.path)} has {one.size} bytes, and the pieces before it {size}; "
                "all but the last must be equal: get this piece again"
            )
            raise MediumError(msg)
    if segments.all[-1].size > size:
        msg = f"{names.shown(segments.all[-1].path)} is larger than the piece before it"
        raise MediumError(msg)


def _first(path: bytes) -> bytes | None:
    """Name the first piece of the sequence that a path belongs to, or None for any other name."""
    if found := _NUMBERED.fullmatch(path):
        stem, digits = found.groups()
        zero = stem + b"0" * len(digits)
        one = stem + b"1".rjust(len(digits), b"0")
        return zero if path == zero or _exists(zero) else one
    if found := _LETTERED.fullmatch(path):
        stem, letters = found.groups()
        return stem + (b"a" if letters.islower() else b"A") * len(letters)
    return None


def _names(first: bytes) -> Iterator[bytes]:
    """Name the pieces after the first, in their order; letters end with the last of them."""
    if found := _NUMBERED.fullmatch(first):
        stem, digits = found.groups()
        for number in count(int(digits) + 1):
            yield stem + b"%0*d" % (len(digits), number)
    elif found := _LETTERED.fullmatch(first):
        stem, letters = found.groups()
        base = letters[0]
        for number in range(1, 26 ** len(letters)):
            left, places = number, bytearray()
            for _ in letters:
                left, place = divmod(left, 26)
                places.append(base + place)
            yield stem + bytes(reversed(places))


def _follows(first: bytes, path: bytes) -> bool:
    """Tell whether a piece lies beside the one before it: ``name.dd`` alone is no piece."""
    before = first
    for name, _ in zip(_names(first), range(_MOST), strict=False):
        if name == path:
            return _NUMBERED.fullmatch(path) is not None or _exists(before)
        before = name
    return False


def _second(first: bytes) -> bytes:
    return next(_names(first))


def _sequence(first: bytes) -> tuple[tuple[bytes, ...], bytes | None]:
    """Find the pieces that are there, and the name of one that is missing between others."""
    found = [first]
    after = _names(first)
    for name in after:
        if len(found) == _MOST or not _exists(name):
            missing = name
            break
        found.append(name)
    else:
        return tuple(found), None
    later = (_exists(name) for _, name in zip(range(LOOKED_BEYOND), after, strict=False))
    return tuple(found), missing if any(later) else None


def _head(path: bytes) -> bytes:
    try:
        stored = Stored(path)
    except MediumError:
        return b""
    try:
        return stored.header(0, HEAD_SIZE)
    except MediumError:
        return b""
    finally:
        stored.close()


def _exists(path: bytes) -> bool:
    return os.access(path, os.F_OK)
