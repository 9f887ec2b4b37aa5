"""Programs that unpack RAR archives: where they are, their command lines, what they need to start.

Source: the manuals of unrar 6 and unar 1.10; "Tool Interface Standard: Executable and Linking
Format" for what starts a program.
"""

from __future__ import annotations

import re
import shutil
import struct
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ENVIRONMENT = {"LC_ALL": "C.UTF-8", "HOME": "/"}
READABLE = (b"/lib", b"/lib64", b"/usr/lib", b"/usr/lib64", b"/usr/local/lib", b"/etc/ld.so.cache")
"""Where the libraries of programs lie, on the systems that are known."""
SAMPLE = bytes.fromhex(
    "526172211a0700cf907300000d000000000000000ef97400802100090000000900000003aee2ad98"
    "000acb5a1d300100a48100006d686173686d61746368c43d7b00400700"
)
"""An archive of version 4 with one member that is stored."""
SAMPLE_CONTENT = b"hashmatch"
_INTERPRETER = 3  # PT_INTERP
_ELF64 = b"\x7fELF\x02\x01"  # of 64 bits, lowest byte first
_HEAD = 4096
_CHAIN = 4  # a script, its program, what loads that


@dataclass(frozen=True, slots=True)
class Kind:
    """A program as it is called everywhere.

    ``unpack`` stands before the archive and sends the contents of all members to standard output,
    without a question. ``version`` makes it say what it is, ``told`` finds the version in that:
    another program of the same name is not taken for it. ``readable`` is what it reads besides
    libraries.
    """

    name: str
    unpack: tuple[str, ...]
    version: tuple[str, ...]
    told: re.Pattern[bytes]
    readable: tuple[bytes, ...] = ()


KINDS = (
    Kind(
        "unrar",
        ("p", "-cfg-", "-inul", "-p-", "-y", "--"),
        (),
        re.compile(rb"UNRAR (\d[\w.]{0,20}) [^\n]*Alexander Roshal"),
    ),
    Kind(
        "unar",
        ("-quiet", "-no-recursion", "-no-directory", "-output-directory", "-"),
        ("-version",),
        re.compile(rb"\Av(\d[\w.]{0,20})\s*\Z"),
        (b"/etc/passwd",),  # without a home folder it knows no time zone, and reads no archive
    ),
)
"""In the order of preference."""


@dataclass(frozen=True, slots=True)
class Program:
    """One that is installed; ``path`` is absolute, without links."""

    kind: Kind
    path: str


def installed() -> tuple[str, ...]:
    """Give the paths of those that are there; whether they can be used is found by trying."""
    found = (shutil.which(kind.name) for kind in KINDS)
    return tuple(str(Path(path).absolute()) for path in found if path)


def programs(paths: tuple[str, ...]) -> tuple[Program, ...]:
    """Tell by their names what they are; others are left out."""
    kinds = {kind.name: kind for kind in KINDS}
    named = ((kinds.get(Path(path).name), path) for path in paths)
    return tuple(Program(kind, str(Path(path).resolve())) for kind, path in named if kind)


def starters(path: str) -> tuple[bytes, ...]:
    """Give a program and whatever the system starts first when it is started."""
    found: list[bytes] = []
    while path and len(found) < _CHAIN:
        found.append(path.encode())
        path = _starter(path)
    return tuple(found)


def _starter(path: str) -> str:
    with suppress(OSError, struct.error, ValueError, IndexError, OverflowError):
        with Path(path).open("rb") as file:
            head = file.read(_HEAD)
        if head.startswith(b"#!"):
            return str(Path(head[2:].split()[0].decode()).resolve())
        if head.startswith(_ELF64):
            return _loader(head)
    return ""


def _loader(head: bytes) -> str:
    (table,) = struct.unpack_from("<Q", head, 32)
    size, count = struct.unpack_from("<HH", head, 54)
    for place in range(table, table + size * count, size or 1):
        kind, _, offset = struct.unpack_from("<IIQ", head, place)
        if kind == _INTERPRETER:
            (length,) = struct.unpack_from("<Q", head, place + 32)
            return str(Path(head[offset : offset + length].rstrip(b"\0").decode()).resolve())
    return ""
