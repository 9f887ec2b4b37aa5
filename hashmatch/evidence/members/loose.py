"""Pictures that lie loose in a file of no known kind, found by their structure.

Only in files whose name says that they are stores of thumbnails (Android's ``.thumbdata`` and
``imgcache``, and the like), and in such as have a JPEG behind at most 4 KiB of something else.

Source: as Android's gallery and similar programs write them; each picture is followed to its end.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.evidence.members import attached
from hashmatch.evidence.members.interface import Inside
from hashmatch.evidence.members.pieces import loose, piece
from hashmatch.evidence.members.unpacked import length, read_at
from hashmatch.model.locators import layer
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.members.interface import Given
    from hashmatch.model.secrets import Secrets

NAME = "loose"
TITLE = "pictures loose in a file"
HELP = ""
RANK = 90  # after every kind that is known by its content

_STORES = (
    *(b"thumbdata", b"imgcache", b"thumbcache", b"tn_cache", b"iconcache"),
    *(b"thumbnail.d", b"thumbnails.d"),
)
_ENDINGS = (
    *(b".thumbcache", b".thumb", b".thumbs", b".thumbdb", b".ithmb", b".pspautosave"),
    b".jpeg.cache",
)
_KNOWN = re.compile(  # files that are one picture or video, or keep what they hold in pieces
    rb"\x89PNG|GIF8|RIFF|BM|II[*+]|MM\0[*+]|IIRO|FUJIFILM|....ftyp|....moov|....mdat|\x1aE\xdf\xa3"
    rb"|\x7fELF|MZ|SQLite|\0\0\x01\xba|\0\0\x01\xb3|0&\xb2u|FLV|8BPS|\0\0\0\x0cj",
    re.DOTALL,
)
_JPEG = re.compile(rb"\xff\xd8\xff[\xc0-\xc4\xdb\xe0-\xef\xfe]")


def recognise(head: bytes, name: bytes) -> bool:
    """Tell by the name, or by a JPEG that begins soon but not at once in an unknown kind."""
    place = head.find(b"\xff\xd8\xff")
    if place > 0:
        likely = _JPEG.match(head, place) is not None
    else:
        likely = place < 0 and bool(head) and _is_store(name.lower())
    return likely and _KNOWN.match(head) is None


def _is_store(name: bytes) -> bool:
    """Every file is asked this: it costs least so."""
    return name.endswith(_ENDINGS) or name.removeprefix(b".").startswith(_STORES)


def members(stream: BinaryIO, secrets: Secrets) -> Iterator[Given]:  # noqa: ARG001  # never locked
    """Yield the pictures in order; see :class:`hashmatch.evidence.members.interface.Container`.

    One that lacks its end has a doubt. An archive among them comes last.
    """
    number = -1
    found = loose(lambda offset, size: read_at(stream, offset, size), 0, length(stream))
    for number, one in enumerate(found):
        name = b"%d.%b" % (one.offset, one.kind.encode())
        where = layer(NAME, name, n=number, off=one.offset, len=one.length)
        opens = piece(stream, one.offset, one.length)
        doubt = None if one.whole else Reason.CARVED_IN_PART
        yield Inside(name, where, one.length, opens, doubt=doubt)
    yield from attached.behind(stream, NAME, number + 1)
