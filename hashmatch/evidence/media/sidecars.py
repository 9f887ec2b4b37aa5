"""Hash files that lie beside an image: what its maker noted of it when it was made."""

from __future__ import annotations

import codecs
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.evidence.media.interface import MediumError
from hashmatch.evidence.media.stored import Stored

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hashmatch.evidence.media.check import MediumCheck
    from hashmatch.evidence.media.interface import MediumFacts

MOST_BYTES = 1 << 20
"""A larger file is not read; it is no note of digests."""

MOST_VALUES = 200

ENDINGS = (b".md5", b".sha1", b".sha256", b".txt", b".info", b".log", b".hash")

_HEX = r"([0-9a-fA-F]{64}|[0-9a-fA-F]{40}|[0-9a-fA-F]{32})"
_NAME = r"(MD5|SHA-?1|SHA-?256)"
_BY_LENGTH = {32: "md5", 40: "sha1", 64: "sha256"}

_SUM = re.compile(rf"\\?{_HEX}(?: [ *](.+))?")
_BSD = re.compile(rf"{_NAME} ?\((.+)\) ?= ?{_HEX}", re.IGNORECASE)
_AFTER = re.compile(rf"\s*(?:\[ok\]\s*)?{_HEX}\s*\({_NAME}\)\s*", re.IGNORECASE)
_LABEL = re.compile(rf"\s*([^:=]{{1,120}}?)\s*[:=]\s*{_HEX}(?:\s*:\s*[A-Za-z ]{{1,40}})?\s*")
_WORD = re.compile(rf"(?<![A-Za-z0-9]){_NAME}(?![0-9])", re.IGNORECASE)
_OTHER = re.compile(r"\b(segment|file|header|sector|block|window|piece)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Noted:
    """A digest that a file beside the image states.

    ``of`` is ``content`` for what a tool says of the data it imaged; ``file`` for a line in the
    style of md5sum that names the file of the image; ``unclear`` where it says neither.
    """

    file: bytes
    line: int
    algorithm: str
    value: str
    of: str


@dataclass(frozen=True, slots=True)
class Compared:
    """How a noted digest stands: ``agree``, ``differ`` or ``not-compared``.

    The last is for a digest of the file and not of what it holds, and where none was computed.
    """

    noted: Noted
    result: str


def paths(image: bytes) -> tuple[bytes, ...]:
    """Name the files to look for: beside the image by its whole name and by the name without end.

    The folder is not listed, so that nothing of it changes.
    """
    folder, slash, name = image.rpartition(b"/")
    stem = name.rpartition(b".")[0]
    bases = [base for base in (name, stem) if base]
    found = (
        folder + slash + base + ending
        for base in bases
        for plain in ENDINGS
        for ending in (plain, plain.upper())
    )
    return tuple(path for path in dict.fromkeys(found) if path != image)


def find(image: bytes) -> tuple[tuple[Noted, ...], tuple[tuple[bytes, str], ...]]:
    """Read the hash files beside an image.

    Args:
        image: absolute path of its first file.

    Returns:
        What they note, each value of a file once; and files that are there and could not be
        read, each with why.
    """
    noted: dict[tuple[bytes, str, str, str], Noted] = {}
    unread: list[tuple[bytes, str]] = []
    name = image.rpartition(b"/")[2]
    for path in paths(image):
        text = _text(path, unread)
        if text is None:
            continue
        for one in read(text, path, name):
            noted.setdefault((path, one.algorithm, one.value, one.of), one)
            if len(noted) >= MOST_VALUES:
                unread.append((path, "it notes more digests than belong to one image"))
                return tuple(noted.values()), tuple(unread)
    return tuple(noted.values()), tuple(unread)


def read(text: str, path: bytes, image: bytes) -> Iterator[Noted]:
    """Read the digests of one file: md5sum, FTK, Guymager, dc3dd, dcfldd, ewfacquire and alike.

    Only lines that are nothing but a digest with its label count. Lines that name another file
    than the image are left out.

    Args:
        text: of the file.
        path: of the file, for the result.
        image: name of the image without folders.
    """
    own = image.decode("utf-8", "surrogateescape")
    for number, line in enumerate(text.splitlines(), 1):
        found = _line(line.strip(), own)
        if found is not None:
            yield Noted(path, number, *found)


def compare(check: MediumCheck, facts: MediumFacts, noted: Iterable[Noted]) -> tuple[Compared, ...]:
    """Compare noted digests with what was computed over the content.

    Args:
        check: of the whole medium.
        facts: of the medium; the file of a raw image in one piece is its content.
        noted: from :func:`find`.
    """
    bare = facts.form in {"raw", "device"} and len(facts.segments) == 1
    computed = dict(check.digests)
    return tuple(Compared(one, _result(one, computed, bare=bare)) for one in noted)


def _result(one: Noted, computed: dict[str, str], *, bare: bool) -> str:
    value = computed.get(one.algorithm)
    if value is None:
        return "not-compared"
    if value == one.value:
        return "agree"
    return "differ" if bare or one.of == "content" else "not-compared"


def _line(line: str, own: str) -> tuple[str, str, str] | None:
    """Give algorithm, value and what it is of, or None for any other line."""
    if found := _SUM.fullmatch(line):
        value, name = found.groups()
        return _if_own(_BY_LENGTH[len(value)], value, name, own)
    if found := _BSD.fullmatch(line):
        return _if_own(_plain(found[1]), found[3], found[2], own)
    if found := _AFTER.fullmatch(line):
        return _if_long(_plain(found[2]), found[1], "content")
    if found := _LABEL.fullmatch(line):
        label, value = found.groups()
        named = _WORD.findall(label)
        if len(named) == 1:
            of = "unclear" if _OTHER.search(label) else "content"
            return _if_long(_plain(named[0]), value, of)
    return None


def _if_own(algorithm: str, value: str, name: str | None, own: str) -> tuple[str, str, str] | None:
    if name is None or name == "-":
        return _if_long(algorithm, value, "unclear")
    last = name.replace("\\", "/").rpartition("/")[2]
    return _if_long(algorithm, value, "file") if last == own else None


def _if_long(algorithm: str, value: str, of: str) -> tuple[str, str, str] | None:
    return (algorithm, value.lower(), of) if _BY_LENGTH[len(value)] == algorithm else None


def _plain(name: str) -> str:
    return name.lower().replace("-", "")


def _text(path: bytes, unread: list[tuple[bytes, str]]) -> str | None:
    if not os.access(path, os.F_OK):
        return None
    try:
        stored = Stored(path)
    except MediumError as error:
        unread.append((path, str(error)))
        return None
    try:
        if stored.size > MOST_BYTES:
            unread.append((path, "it is larger than a note of digests"))
            return None
        raw = stored.read(0, stored.size)
    except OSError as error:
        unread.append((path, str(error)))
        return None
    finally:
        stored.close()
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return raw.decode("utf-16", "replace")
    return raw.removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace")
