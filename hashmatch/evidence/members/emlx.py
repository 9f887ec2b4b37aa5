"""The message in a file of Apple Mail (``.emlx``), which stands behind a line with its length.

Source: as Mail writes it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.evidence.members import mime
from hashmatch.evidence.members.interface import Inside
from hashmatch.evidence.members.pieces import piece
from hashmatch.evidence.members.unpacked import read_at
from hashmatch.model.locators import layer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.members.interface import Given
    from hashmatch.model.secrets import Secrets

NAME = "emlx"
TITLE = "Apple Mail message (emlx)"
HELP = ""

_LENGTH = re.compile(rb"(\d{1,10})[ \t]*\r?\n")
_LONGEST = 64


def recognise(head: bytes, name: bytes) -> bool:  # noqa: ARG001  # content decides
    """Tell whether a line with a number stands before a message."""
    match = _LENGTH.match(head)
    return match is not None and mime.recognise(head[match.end() :], b"")


def members(stream: BinaryIO, secrets: Secrets) -> Iterator[Given]:  # noqa: ARG001  # never locked
    """Yield the message; see :class:`hashmatch.evidence.members.interface.Container`."""
    match = _LENGTH.match(read_at(stream, 0, _LONGEST))
    if match is not None:
        size = int(match[1])
        name = b"message.eml"
        yield Inside(name, layer(NAME, name, n=0), size, piece(stream, match.end(), size))
