"""Checksum files beside a list: one of its own, or one for its folder, of any usual algorithm."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS = {"md5": 32, "sha1": 40, "sha224": 56, "sha256": 64, "sha384": 96, "sha512": 128}
"""Algorithms, and the hexadecimal digits that each has."""

ENDINGS = frozenset(f".{kind}" for kind in KINDS)
"""Endings of checksum files of the file whose whole name stands before."""

_FOLDER = re.compile(r"(?i)(md5|sha1|sha224|sha256|sha384|sha512)sums?(\.txt)?")
_PLAIN = re.compile(r"\\?([0-9A-Fa-f]{32,128})(?:\s+[*]?(.*))?")
_TAGGED = re.compile(r"[A-Z0-9-]+ \((.*)\) ?= ?([0-9A-Fa-f]{32,128})")
_LONGEST = 1 << 16


@dataclass(frozen=True, slots=True)
class Stated:
    """What a checksum file says of a list: ``value`` in hexadecimal, None where it says nothing.

    ``alone`` is True for a file about this list only.
    """

    file: str
    kind: str
    value: str | None
    alone: bool


def is_sums(name: str) -> bool:
    """Tell whether files of that name hold the checksums of a folder."""
    return _FOLDER.fullmatch(name) is not None


def beside(path: Path) -> Iterator[Stated]:
    """Yield what each checksum file beside a list says of it.

    Raises:
        OSError: the folder or a checksum file cannot be read.
    """
    for kind in KINDS:
        own = Path(f"{path}.{kind}")
        if own.is_file():
            yield Stated(own.name, kind, _value(own, path.name, kind, alone=True), alone=True)
    for several in sorted(path.absolute().parent.iterdir()):
        found = _FOLDER.fullmatch(several.name)
        if found and several.name != path.name and several.is_file():
            kind = found[1].lower()
            value = _value(several, path.name, kind, alone=False)
            yield Stated(several.name, kind, value, alone=False)


def _value(sums: Path, name: str, kind: str, *, alone: bool) -> str | None:
    with sums.open("rb") as stream:
        while line := stream.readline(_LONGEST):
            text = line.decode("utf-8", "replace").strip().removeprefix("\ufeff")
            named, digest = _entry(text)
            if len(digest) == KINDS[kind] and (named == name or (alone and not named)):
                return digest.lower()
    return None


def _entry(line: str) -> tuple[str, str]:
    """Give the name and the digits of a line; the name is empty where none is stated."""
    if found := _TAGGED.fullmatch(line):
        return found[1].removeprefix("./"), found[2]
    if found := _PLAIN.fullmatch(line):
        return (found[2] or "").strip().removeprefix("./"), found[1]
    return "", ""
