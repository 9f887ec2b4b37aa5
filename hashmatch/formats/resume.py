"""What BitTorrent programs remember of their torrents: uTorrent's resume.dat.

One record for each torrent, by the hash of its ``info``, with its counters and times. The
``.resume`` files of Transmission are recognised to say that they hold no hash.

Source: the files themselves.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.errors import HashSetError
from hashmatch.formats.bencode import as_json, as_text, read_dictionary
from hashmatch.formats.gathering import Gathering, requiring_records
from hashmatch.formats.hash_text import BTIH
from hashmatch.formats.interface import Certainty
from hashmatch.model.records import Dropped, Loss

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.formats.bencode import Value
    from hashmatch.formats.interface import ReadOptions
    from hashmatch.model.records import ListEvent

_NO_TORRENTS = frozenset({b".fileguard", b"rec"})
_UTORRENT = re.compile(rb"d10:\.fileguard40:|4:info20:")
_TRANSMISSION = re.compile(rb"11:destination[0-9]+:")


@dataclass(frozen=True, slots=True)
class Resume:
    """Reads uTorrent's resume.dat."""

    name: str = "resume"
    title: str = "uTorrent resume.dat"
    has_categories: bool = False
    certainty: Certainty = Certainty.MAGIC
    takes: tuple[str, ...] = ()

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise a dictionary with hashes of torrents, or one of Transmission."""
        if not re.match(rb"d[0-9]+:", head) or b"4:infod" in head:
            return False
        return bool(_UTORRENT.search(head) or _TRANSMISSION.search(head))

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read the file.

        Raises:
            HashSetError: it is not one dictionary, or holds no hash of a torrent.
        """
        torrents, _ = read_dictionary(stream, options)
        if b"destination" in torrents:
            msg = (
                "the file is Transmission's and names a torrent without any hash of it;"
                " import the .torrent that lies beside it instead"
            )
            raise HashSetError(msg)
        otherwise = "the file has no hash of a torrent; expected a resume.dat, check --format"
        yield from requiring_records(_events(torrents), otherwise)


def _events(torrents: dict[bytes, Value]) -> Iterator[ListEvent]:
    named = [(name, one) for name, one in torrents.items() if name not in _NO_TORRENTS]
    for place, (name, one) in enumerate(named, 1):
        if isinstance(one, dict):
            yield from _torrent(place, name, one)
        else:
            yield Dropped(place, Loss.MALFORMED)


def _torrent(place: int, name: bytes, one: dict[bytes, Value]) -> Iterator[ListEvent]:
    gathering = Gathering()
    value = one.get(b"info")
    if isinstance(value, bytes) and value:
        gathering.take(BTIH, value.hex())
    more = {as_text(key): as_json(inner) for key, inner in one.items() if key != b"info"}
    return gathering.events(place, {"torrent": as_text(name), **more})


FORMAT = Resume()
