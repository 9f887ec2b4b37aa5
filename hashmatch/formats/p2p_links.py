"""Lists of links of peer-to-peer networks: magnet links, ed2k links and bare URNs, one a line.

Text collections of eMule and what rhash prints are such lists. All hashes in one link are of one
file and make one record. ``btih`` and ``btmh`` name a torrent, not a file.

Source: the magnet URI project, 2002; the eMule protocol specification, 2005; BEP 9, BEP 52.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.formats import hash_text
from hashmatch.formats.binary import text_of
from hashmatch.formats.gathering import Gathering, each, requiring_records
from hashmatch.formats.interface import Certainty
from hashmatch.formats.text import TextLines, opening_lines
from hashmatch.model.records import Dropped, Loss

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hashmatch.formats.hash_text import Kind
    from hashmatch.formats.interface import ReadOptions
    from hashmatch.model.records import Json, ListEvent

_MAGNET, _ED2K, _URN = "magnet:?", "ed2k://", "urn:"
_EXACT_TOPIC = re.compile(r"xt(\.\d+)?")
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
_SHA256_MULTIHASH = "1220"  # SHA-256, 32 bytes


def _of_urn(kind: Kind) -> Kind:
    """In a URN every hash may be in base32, and none is in base64."""
    return replace(kind, base32=True, base64=False)


_SHA1, _TTH = _of_urn(hash_text.SHA1), _of_urn(hash_text.TTH)
_KINDS: Mapping[str, Kind] = {
    "md5": _of_urn(hash_text.MD5),
    "sha1": _SHA1,
    "sha256": _of_urn(hash_text.SHA256),
    "sha512": _of_urn(hash_text.SHA512),
    "tree:tiger": _TTH,
    "ed2k": _of_urn(hash_text.ED2K),
    "ed2khash": _of_urn(hash_text.ED2K),
    "aich": _of_urn(hash_text.AICH),
    "btih": _of_urn(hash_text.BTIH),
    "crc32": hash_text.Kind("crc32"),
    "kzhash": hash_text.Kind("kzhash"),
}


@dataclass(frozen=True, slots=True)
class P2pLinks:
    """Reads lists of links."""

    name: str = "p2p-links"
    title: str = "magnet and ed2k links, one a line"
    has_categories: bool = False
    certainty: Certainty = Certainty.LINES
    takes: tuple[str, ...] = ()

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise a list of which every line is such a link."""
        lines = opening_lines(head)[:50]
        return bool(lines) and all(
            line[:8].lower().startswith((_MAGNET, _ED2K, _URN)) for line in lines
        )

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read the list; links to servers and other lines without a hash are losses.

        Raises:
            HashSetError: no line is a link with a hash.
        """
        lines = TextLines(stream, options)
        otherwise = "no line is a magnet or ed2k link with a hash; check --format"
        yield from requiring_records(each(lines, _line), otherwise)
        yield lines.facts()


def _line(place: int, line: str) -> Iterator[ListEvent]:
    if (text := line.strip()) and text[0] not in "#;":
        yield from _link(place, text)


def _link(place: int, text: str) -> Iterator[ListEvent]:
    start = text[:8].lower()
    if start == _MAGNET:
        yield from _magnet(place, text[len(_MAGNET) :])
    elif start.startswith(_ED2K):
        yield from _ed2k(place, text[len(_ED2K) :])
    elif start.startswith(_URN):
        gathering = Gathering()
        _take_urn(gathering, text)
        yield from gathering.events(place, {})
    else:
        yield Dropped(place, Loss.MALFORMED)


def _magnet(place: int, text: str) -> Iterator[ListEvent]:
    """Read ``key=value&key=value``; a key may stand again."""
    gathering = Gathering()
    fields: dict[str, Json] = {}
    for pair in text.replace("&amp;", "&").split("&"):
        key, _, value = pair.partition("=")
        value = _unescaped(value)
        if _EXACT_TOPIC.fullmatch(key.lower()):
            _take_urn(gathering, value)
        elif key:
            _add(fields, key, value)
    length = fields.get("xl")
    size = gathering.size(length) if isinstance(length, str) else None
    yield from gathering.events(place, fields, size=size)


def _ed2k(place: int, text: str) -> Iterator[ListEvent]:
    """Read ``|file|name|size|hash|`` and what follows: ``h=`` AICH, ``p=`` parts, sources."""
    cells = text.removeprefix("|").split("|")
    if len(cells) < 4 or cells[0].lower() != "file":
        yield Dropped(place, Loss.NO_HASH if cells[0].lower() != "file" else Loss.MALFORMED)
        return
    gathering = Gathering()
    gathering.take(hash_text.ED2K, cells[3])
    fields: dict[str, Json] = {"name": _unescaped(cells[1])}
    for cell in cells[4:]:
        key, equals, value = cell.partition("=")
        if key.lower() == "h" and equals:
            gathering.take(hash_text.AICH, value)
        elif cell.strip("/ "):
            _add(fields, key if equals else "more", value if equals else cell)
    yield from gathering.events(place, fields, size=gathering.size(cells[2]))


def _take_urn(gathering: Gathering, urn: str) -> None:
    """Read ``urn:<kind>:<value>``, where a kind may have a colon in it, and a slash behind."""
    name, _, value = urn[len(_URN) :].strip().rpartition(":")
    name = name.lower().rstrip("/")
    if not urn.lower().startswith(_URN) or not value:
        gathering.lose(Loss.MALFORMED)
    elif name == "bitprint":
        sha1, _, tiger = value.partition(".")
        gathering.take(_SHA1, sha1)
        gathering.take(_TTH, tiger)
    elif name == "btmh":
        _take_multihash(gathering, value)
    elif name in _KINDS:
        gathering.take(_KINDS[name], value)
    else:
        gathering.lose(Loss.UNKNOWN_ALGORITHM)


def _take_multihash(gathering: Gathering, value: str) -> None:
    if value.startswith(_SHA256_MULTIHASH):
        gathering.take(hash_text.BTMH, value.removeprefix(_SHA256_MULTIHASH))
    else:
        gathering.lose(Loss.UNKNOWN_ALGORITHM)


def _unescaped(text: str) -> str:
    """Undo ``%E0%B8%81``; a ``+`` stays, since only some programs mean a blank by it."""
    if "%" not in text:
        return text
    return text_of(_ESCAPE.sub(lambda found: bytes.fromhex(found[1].decode()), text.encode()))


def _add(fields: dict[str, Json], key: str, value: str) -> None:
    """Keep every value of a key that stands more than once."""
    if key not in fields:
        fields[key] = value
        return
    held = fields[key]
    if isinstance(held, list):
        held.append(value)
    else:
        fields[key] = [held, value]


FORMAT = P2pLinks()
