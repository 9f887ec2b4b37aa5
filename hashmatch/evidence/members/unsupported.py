"""Archives that nothing here unpacks: they are recognised, and that nobody looked inside is said.

Source: the public descriptions of each format. A sign alone is not enough: fields behind it must
be such as the format allows, so that a file that happens to begin alike is left in peace.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.evidence.members.interface import Given, Trouble
from hashmatch.model.locators import layer
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hashmatch.model.secrets import Secrets

NAME = "unsupported"
TITLE = "archive of a kind that is not read"
HELP = ""
FORWARD = True

_HEX = frozenset(b"0123456789abcdefABCDEF")
_OCTAL = frozenset(b"01234567")
_KINDS_OF_FILE = frozenset((1, 2, 4, 6, 8, 9, 10, 12))  # the upper bits of a mode
_LONGEST_NAME = 4096
_LHA_METHODS = frozenset(b"0123456789dsx")
_ARJ_LONGEST = 2600


def recognise(head: bytes, name: bytes) -> bool:  # noqa: ARG001  # content says it
    """Tell by a sign, and by what must stand behind it."""
    looks = _LOOKS.get(head[:2])
    if looks is not None and looks(head):
        return True
    return (head[2:4] == b"-l" and _lha(head)) or (head[7:14] == b"**ACE**" and _ace(head))


def members(stream: BinaryIO, secrets: Secrets) -> Iterator[Given]:  # noqa: ARG001  # nothing is read
    """Yield one trouble; see :class:`hashmatch.evidence.members.interface.Container`."""
    yield Trouble(b"", layer(NAME), Reason.UNSUPPORTED_CONTAINER)


def _cabinet(head: bytes) -> bool:
    zeros = head[4:8] + head[12:16] + head[20:24]
    return head.startswith(b"MSCF") and zeros == bytes(12) and head[24:26] == b"\3\1"


def _xar(head: bytes) -> bool:
    if not head.startswith(b"xar!") or len(head) < 28:
        return False
    size, version, packed, _, checksum = struct.unpack_from(">HHQQI", head, 4)
    return bool(size >= 28 and version <= 2 and 0 < packed < 1 << 32 and checksum <= 16)


def _cpio_text(head: bytes) -> bool:
    if head.startswith((b"070701", b"070702")):
        return len(head) > 110 and _HEX.issuperset(head[6:110])
    return head.startswith(b"070707") and len(head) > 76 and _OCTAL.issuperset(head[6:76])


def _cpio_little(head: bytes) -> bool:
    return _cpio_binary(head, "<")


def _cpio_big(head: bytes) -> bool:
    return _cpio_binary(head, ">")


def _cpio_binary(head: bytes, order: str) -> bool:
    if len(head) < 28:
        return False
    mode, length = (struct.unpack_from(f"{order}H", head, at)[0] for at in (6, 20))
    name = head[26 : 26 + length]
    return mode >> 12 in _KINDS_OF_FILE and (
        1 < length < _LONGEST_NAME and name.find(b"\0") == length - 1
    )


def _lha(head: bytes) -> bool:
    if len(head) < 22 or head[4] not in b"hz" or head[6:7] != b"-" or head[20] > 3:
        return False
    if head[5] not in _LHA_METHODS:
        return False
    if head[20] > 1:
        return True
    end = head[0] + 2  # the size of the first header, without two bytes; and its checksum
    return head[0] >= 20 and sum(head[2:end]) & 0xFF == head[1]


def _arj(head: bytes) -> bool:
    size = int.from_bytes(head[2:4], "little")
    crc = int.from_bytes(head[4 + size : 8 + size], "little")
    return 30 <= size <= _ARJ_LONGEST and zlib.crc32(head[4 : 4 + size]) == crc


def _ace(head: bytes) -> bool:
    return head[4] == 0 and 20 <= int.from_bytes(head[2:4], "little") < 1 << 13


def _stuffit_old(head: bytes) -> bool:
    return head.startswith(b"SIT!") and head[10:14] == b"rLau"


def _stuffit(head: bytes) -> bool:
    if head.startswith(b"StuffIt (c)1997-"):
        return head[20:].startswith(b" Aladdin Systems")
    return head.startswith((b"StuffIt!", b"StuffIt?")) and not head[8:24].isascii()


def _install_shield(head: bytes) -> bool:
    return head.startswith(b"ISc(") and head[7:8] in {b"\1", b"\2", b"\4"}


_LOOKS: dict[bytes, Callable[[bytes], bool]] = {
    b"MS": _cabinet,
    b"xa": _xar,
    b"07": _cpio_text,
    b"\xc7\x71": _cpio_little,
    b"\x71\xc7": _cpio_big,
    b"\x60\xea": _arj,
    b"SI": _stuffit_old,
    b"St": _stuffit,
    b"IS": _install_shield,
}
"""By the first two bytes: every file is asked."""
