"""Digests of files in the form that ``sha256sum -c`` checks, on any machine.

Source: GNU coreutils manual, "cksum output modes"; names with a backslash, line feed or carriage
return are escaped and their line starts with a backslash.
"""

from __future__ import annotations

import hashlib
import os
import re
from typing import TYPE_CHECKING

from hashmatch import durable
from hashmatch.custody import regular
from hashmatch.errors import CustodyError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FILE = "SHA256SUMS"
_LINE = re.compile(rb"(\\?)([0-9a-f]{64})  ([^\n\r\x00]+)\n")
_ESCAPES = {b"\\": b"\\\\", b"\n": b"\\n", b"\r": b"\\r"}
_MEANINGS = {escaped: plain for plain, escaped in _ESCAPES.items()}
_LIMIT = 1 << 20  # bytes; a case holds a handful of lines


def digest(path: Path) -> str:
    """Give a file's SHA-256 in hexadecimal; the file is read in pieces.

    Raises:
        OSError: it cannot be read, or is not a regular file.
    """
    with regular.open_regular(path) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write(folder: Path, names: Sequence[str]) -> str:
    """Write ``SHA256SUMS`` for the named files of a folder and bring it to the disk.

    Returns:
        The SHA-256 of ``SHA256SUMS`` itself, in hexadecimal.

    Raises:
        OSError: a file cannot be read, or the disk does not take the new one.
    """
    content = compose([(name, digest(folder / name)) for name in names])
    durable.replace(folder / FILE, content)
    return hashlib.sha256(content).hexdigest()


def compose(digests: Sequence[tuple[str, str]]) -> bytes:
    """Give the lines for names and their digests, in this order."""
    return b"".join(_line(os.fsencode(name), value) for name, value in digests)


def parse(content: bytes) -> list[tuple[str, str]]:
    """Read the lines; only what :func:`compose` would write is accepted.

    Raises:
        ValueError: a line is not of that form.
    """
    lines = [_LINE.fullmatch(line) for line in content.splitlines(keepends=True)]
    found = [(os.fsdecode(_unescape(m[3])), m[2].decode()) for m in lines if m]
    if len(found) != len(lines) or compose(found) != content:
        msg = "not in the form that sha256sum writes"
        raise ValueError(msg)
    return found


def check(folder: Path, names: Sequence[str]) -> None:
    """Check that ``SHA256SUMS`` names exactly these files and that every digest holds.

    Raises:
        CustodyError: another list of names, another form, or a file with other content.
        OSError: a file cannot be read.
    """
    with regular.open_regular(folder / FILE) as stream:
        content = stream.read(_LIMIT)
    try:
        stated = parse(content)
    except ValueError as error:
        msg = f"{FILE} is {error}"
        raise CustodyError(msg) from None
    if [name for name, _ in stated] != list(names):
        msg = f"{FILE} does not list exactly {', '.join(names)}"
        raise CustodyError(msg)
    changed = [name for name, value in stated if digest(folder / name) != value]
    if changed:
        msg = f"{', '.join(changed)} differs from its digest in {FILE}"
        raise CustodyError(msg)


def _line(name: bytes, value: str) -> bytes:
    escaped = re.sub(rb"[\\\n\r]", lambda m: _ESCAPES[m[0]], name)
    mark = b"\\" if escaped != name else b""
    return mark + value.encode() + b"  " + escaped + b"\n"


def _unescape(name: bytes) -> bytes:
    return re.sub(rb"\\[\\nr]", lambda m: _MEANINGS[m[0]], name)
