"""Ares' ShareH.dat and ShareL.dat: the files that were shared, in a simple cipher.

Source: the files themselves; the cipher is the one that Ares Galaxy's published source has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.errors import HashSetError
from hashmatch.formats.binary import BinarySource, text_of
from hashmatch.formats.gathering import Gathering, requiring_records
from hashmatch.formats.hash_text import SHA1
from hashmatch.formats.interface import Certainty
from hashmatch.model.records import ListFacts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.model.records import Json, ListEvent

_HASHES, _LIBRARY = b"__ARESDB1.02H_", b"__ARESDB1.04L_"
_MAGIC_SIZE = len(_HASHES)
_KEY_OF_HEADER, _KEY_OF_BODY = 13871, 13872
_HEADER = {_HASHES: 23, _LIBRARY: 47}
_LONGEST_BODY = {_HASHES: 1024, _LIBRARY: 2048}
_TEXTS: Mapping[int, str] = {
    1: "path",
    2: "title",
    3: "artist",
    4: "album",
    5: "category",
    6: "year",
    7: "video",
    8: "language",
    9: "url",
    10: "comment",
}
_DATE, _PARTIAL_HASH = 11, 18


@dataclass(frozen=True, slots=True)
class Ares:
    """Reads the lists of shared files of Ares."""

    name: str = "ares"
    title: str = "Ares ShareH.dat and ShareL.dat"
    has_categories: bool = False
    certainty: Certainty = Certainty.MAGIC
    takes: tuple[str, ...] = ()

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise the words with which the file begins."""
        return head[:_MAGIC_SIZE] in _HEADER

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read the list.

        Raises:
            HashSetError: it is not of Ares, is cut off, or has no entry.
        """
        magic = stream.read(_MAGIC_SIZE)
        if magic not in _HEADER:
            msg = "the file does not begin as Ares' lists do; expected ShareH.dat or ShareL.dat"
            raise HashSetError(msg)
        yield ListFacts({"shape": "ShareH" if magic == _HASHES else "ShareL"})
        source = BinarySource(stream, options, "list of Ares")
        yield from requiring_records(_records(stream, source, magic), "the list has no entry")


def _records(stream: BinaryIO, source: BinarySource, magic: bytes) -> Iterator[ListEvent]:
    size = _HEADER[magic]
    while first := stream.read(1):
        header = decipher(first + source.take(size - 1), _KEY_OF_HEADER)
        length = int.from_bytes(header[-2:], "little")
        if length > _LONGEST_BODY[magic]:
            source.refuse("says that it is longer than Ares writes")
        body = decipher(source.take(length), _KEY_OF_BODY)
        source.finished()
        yield from _record(source.records, header, _body(source, body))


def _record(place: int, header: bytes, fields: dict[str, Json]) -> Iterator[ListEvent]:
    gathering = Gathering()
    gathering.take(SHA1, header[:20].hex())
    if "partial_hash" in fields:
        gathering.carry("ares-partial-hash")
    if len(header) == _HEADER[_HASHES]:
        yield from gathering.events(place, {"shared": header[20] == 1, **fields})
        return
    size = int.from_bytes(header[25:33], "little")
    more: dict[str, Json] = {"mime": header[20], "unnamed": (header[21:25] + header[33:45]).hex()}
    yield from gathering.events(place, more | fields, size=gathering.size(str(size)))


def _body(source: BinarySource, body: bytes) -> dict[str, Json]:
    """Read the values of an entry: a type, a length, and that many bytes each."""
    fields: dict[str, Json] = {}
    at = 0
    while at < len(body):
        kind, length = body[at], int.from_bytes(body[at + 1 : at + 3], "little")
        value = body[at + 3 : at + 3 + length]
        if len(value) < length or at + 3 > len(body):
            source.records -= 1
            source.refuse("has a value that goes on behind it")
        fields |= _named(kind, value)
        at += 3 + length
    return fields


def _named(kind: int, value: bytes) -> dict[str, Json]:
    if kind in _TEXTS:
        return {_TEXTS[kind]: text_of(value)}
    if kind == _DATE and len(value) == 4:
        return {"date": int.from_bytes(value, "little")}
    return {"partial_hash" if kind == _PARTIAL_HASH else f"value {kind}": value.hex()}


def decipher(text: bytes, key: int) -> bytes:
    """Undo Ares' cipher, whose key changes with every byte."""
    plain = bytearray()
    for byte in text:
        plain.append(byte ^ (key >> 8))
        key = ((key + byte) * 23219 + 36126) & 0xFFFF
    return bytes(plain)


FORMAT = Ares()
