"""Archives of ar: packages of Debian (.deb) and libraries of programs.

Each member is a header of 60 bytes and its content, to an even place. Long names stand in a member
of their own (GNU), or before the content (BSD).

Source: ar(5) of FreeBSD and the manual of GNU binutils.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from hashmatch.evidence.members.interface import Given, Inside, Trouble
from hashmatch.evidence.members.moments import iso
from hashmatch.evidence.members.naming import LONGEST_NAME
from hashmatch.evidence.members.tar_content import Forward, plain
from hashmatch.evidence.members.unpacked import BLOCK, unpacked
from hashmatch.model.facts import Facts
from hashmatch.model.locators import layer
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.model.secrets import Secrets

NAME = "ar"
TITLE = "ar archive"
HELP = ""
FORWARD = True

_MAGIC = b"!<arch>\n"
_HEADER = 60
_ENDS = b"`\n"
_NAMES = b"//"
_INDEXES = (b"/", b"/SYM64/")
_FILLING = b"\n\0"
_BSD = b"#1/"
_LONGEST_NAMES = 16 << 20
_LATEST = 1 << 33  # seconds; nothing is from later than the year 2242


def recognise(head: bytes, name: bytes) -> bool:  # noqa: ARG001  # content says it
    """Tell by how it begins, and by the first header where there is one."""
    return head.startswith(_MAGIC) and (len(head) < 68 or head[66:68] == _ENDS)


def members(stream: BinaryIO, secrets: Secrets) -> Iterator[Given]:  # noqa: ARG001  # no passwords
    """Yield every member; see :class:`hashmatch.evidence.members.interface.Container`.

    Lists of symbols and of names, which ar itself makes, are not given. After a header that is
    none, nothing says where the next one is.
    """
    archive = Forward(stream)
    archive.read(len(_MAGIC))
    names = b""
    number = 0
    while (head := archive.read(_HEADER)).strip(_FILLING):
        start = archive.place
        if len(head) < _HEADER or head[58:] != _ENDS or (size := _number(head[48:58])) is None:
            yield Trouble(b"", layer(NAME), Reason.DAMAGED_CONTAINER)
            return
        name = head[:16].rstrip(b" ")
        if name == _NAMES:
            names = archive.read(min(size, _LONGEST_NAMES))
        elif name not in _INDEXES:
            yield _given(archive, head, (start, size), _long(name, names), number)
            number += 1
        archive.go(start + size + size % 2)
    while block := archive.read(BLOCK):
        if block.strip(_FILLING):
            yield Trouble(b"", layer(NAME), Reason.DAMAGED_CONTAINER)
            return


def _given(
    archive: Forward, head: bytes, where: tuple[int, int], name: bytes, number: int
) -> Given:
    """Say what a header stands for, whose content lies at a place with a size."""
    start, size = where
    if name.startswith(_BSD):
        length = _number(name[len(_BSD) :])
        if length is None or length > min(size, LONGEST_NAME):
            return Trouble(name, layer(NAME, name, n=number), Reason.DAMAGED_CONTAINER)
        name = archive.read(length).rstrip(b"\0")
        start, size = start + length, size - length
    seconds = _number(head[16:28]) or 0
    seconds = seconds if seconds < _LATEST else 0
    times = (("modified", iso(seconds * 10**9)),) if seconds else ()

    def content() -> BinaryIO:
        return unpacked(plain(archive, start, size))

    place = layer(NAME, name, n=number)
    return Inside(name, place, size, content, seconds * 10**9, Facts(times=times))


def _long(name: bytes, names: bytes) -> bytes:
    """Give the name that a header says or points to; what points nowhere is left as it stands."""
    place = _number(name[1:]) if name.startswith(b"/") else None
    if place is None or place >= len(names):
        return name.removesuffix(b"/")
    found = names[place : place + LONGEST_NAME]
    return found.partition(b"\n")[0].partition(b"\0")[0].removesuffix(b"/") or name


def _number(field: bytes) -> int | None:
    """Read a decimal number that spaces follow; None where it is none."""
    digits = field.rstrip(b" ")
    return int(digits) if digits.isdigit() else None
