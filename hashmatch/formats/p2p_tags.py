"""What eMule's files say about a file: tags, each with a type, a name and a value.

Source: the eMule protocol specification, 2005; eMule's opcodes as its files show them.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from hashmatch.formats.binary import text_of
from hashmatch.formats.gathering import Gathering
from hashmatch.formats.hash_text import AICH, ED2K
from hashmatch.model.records import Loss

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hashmatch.formats.binary import BinarySource
    from hashmatch.model.records import Json, ListEvent

_NAMES: Mapping[bytes, str] = {
    b"\x01": "name",
    b"\x02": "size",
    b"\x03": "type",
    b"\x08": "downloaded",
    b"\x12": "part_file",
    b"\x15": "last_published",
    b"\x21": "last_published_kad",
    b"\x27": "aich",
    b"\x28": "ed2k",
    b"\x31": "author",
    b"\x32": "author_key",
    b"\x34": "last_shared",
    b"\x35": "aich_hash_set",
    b"\x3a": "size_high",
    b"\x50": "uploaded",
    b"\x51": "requests",
    b"\x52": "accepted_requests",
    b"\x54": "uploaded_high",
    b"\xf6": "comment",
    b"\xf7": "rating",
}
_GAPS = {0x09: "gap_start", 0x0A: "gap_end"}
_NUMBERS = {0x03: 4, 0x05: 1, 0x08: 2, 0x09: 1, 0x0B: 8}
_BYTES = {0x07: 4, 0x0A: 1}
_SHORT_NAME = 0x80
_SHORT_TEXTS = range(0x11, 0x21)  # the type is 0x10 and the length


def read_tags(source: BinarySource, count: int) -> dict[str, Json]:
    """Read that many tags; one that stands again gets a number behind its name.

    Raises:
        HashSetError: a type is unknown, so that nothing behind it can be found, or the list ends.
    """
    found: dict[str, Json] = {}
    for _ in range(count):
        kind = source.number(1)
        name = _name(source.take(1 if kind & _SHORT_NAME else source.number(2)))
        value = _value(source, kind & ~_SHORT_NAME)
        found[name if name not in found else f"{name} {len(found)}"] = value
    return found


def file_events(place: int, ed2k: bytes | None, tags: dict[str, Json]) -> Iterator[ListEvent]:
    """Give the record of a file, or its loss; ``ed2k`` where it stands outside of the tags."""
    gathering = Gathering()
    stated = tags.get("ed2k") if ed2k is None else ed2k.hex()
    for kind, value in ((ED2K, stated), (AICH, tags.get("aich") or _root(tags))):
        if isinstance(value, str) and value:
            gathering.take(kind, value)
    yield from gathering.events(place, tags, size=_size(tags, gathering))


def _root(tags: dict[str, Json]) -> Json:
    """A set of AICH hashes begins with their root."""
    whole = tags.get("aich_hash_set")
    return whole[: 2 * AICH.size] if isinstance(whole, str) else None


def _size(tags: dict[str, Json], gathering: Gathering) -> int | None:
    """Give the size in bytes; one that no file can have is a loss."""
    low, high = tags.get("size", 0), tags.get("size_high", 0)
    if not {"size", "size_high"} & tags.keys():
        return None
    if not isinstance(low, int) or not isinstance(high, int):
        gathering.lose(Loss.BAD_VALUE)
        return None
    return gathering.size(str(low + (high << 32)))


def _name(name: bytes) -> str:
    if name in _NAMES:
        return _NAMES[name]
    if name[:1] and name[0] in _GAPS and name[1:].isdigit():
        return f"{_GAPS[name[0]]}_{name[1:].decode()}"
    return f"tag {name.hex()}"


def _value(source: BinarySource, kind: int) -> Json:
    if kind in _NUMBERS:
        return source.number(_NUMBERS[kind])
    if kind == 0x02 or kind in _SHORT_TEXTS:
        return text_of(source.take(source.number(2) if kind == 0x02 else kind - 0x10))
    if kind == 0x01:
        return source.take(16).hex()
    if kind in _BYTES:
        return source.take(source.number(_BYTES[kind])).hex()
    if kind == 0x04:
        return _finite(struct.unpack("<f", source.take(4))[0])
    return source.refuse("has a tag of an unknown type")


def _finite(value: float) -> Json:
    """JSON has no infinity."""
    return value if abs(value) < float("inf") else None
