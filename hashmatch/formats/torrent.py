"""Torrents: one record for the torrent's own hash, one for each file that has a hash of its own.

The hash of a torrent is that of its ``info`` as it stands in the file; encoding it again would
give another. Files of which a torrent states no hash cannot be compared and are only counted:
the hashes of its pieces run across files.

Source: BEP 3, BEP 47 (padding files), BEP 52.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, NoReturn

from hashmatch.errors import HashSetError
from hashmatch.formats.bencode import as_json, as_text, read_dictionary
from hashmatch.formats.gathering import Gathering
from hashmatch.formats.hash_text import ED2K, MD5, PIECES_ROOT, SHA1
from hashmatch.formats.interface import Certainty
from hashmatch.model.hashes import Algorithm, Digest
from hashmatch.model.records import HashRecord, ListFacts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.formats.bencode import Value
    from hashmatch.formats.hash_text import Kind
    from hashmatch.formats.interface import ReadOptions
    from hashmatch.model.records import Json, ListEvent

_INFO = re.compile(rb"4:infod")
_OF_INFO = re.compile(rb"5:filesl|6:lengthi|9:file treed|12:piece lengthi")
_HASHES: dict[bytes, Kind] = {
    b"md5sum": MD5,
    b"sha1": SHA1,
    b"ed2k": ED2K,
    b"pieces root": PIECES_ROOT,
}
_OF_CONTENT = frozenset({b"files", b"file tree", b"pieces"})


@dataclass(slots=True)
class _File:
    """What a torrent says about one of its files, in one or both of its versions."""

    path: tuple[str, ...]
    facts: dict[bytes, Value]

    @property
    def hashed(self) -> bool:
        """Whether the torrent states a hash of this file alone."""
        return not _HASHES.keys().isdisjoint(self.facts)


@dataclass(frozen=True, slots=True)
class Torrent:
    """Reads torrents of version 1, 2 and both."""

    name: str = "torrent"
    title: str = "BitTorrent .torrent"
    has_categories: bool = False
    certainty: Certainty = Certainty.MAGIC
    takes: tuple[str, ...] = ()

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise a dictionary with a description of files in it."""
        info = _INFO.search(head) if re.match(rb"d[0-9]+:", head) else None
        return info is not None and _OF_INFO.search(head, info.end()) is not None

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read the torrent.

        Raises:
            HashSetError: it is not one dictionary, or has no ``info`` that names pieces.
        """
        torrent, raw = read_dictionary(stream, options)
        info = torrent.get(b"info")
        if not isinstance(info, dict):
            msg = "the file has no dictionary 'info'; expected a torrent, check --format"
            raise HashSetError(msg)
        files = list(_files(info))
        hashed = [one for one in files if one.hashed]
        yield ListFacts(
            {"files": str(len(files)), "files_without_hash": str(len(files) - len(hashed))}
        )
        yield HashRecord(1, _info_hashes(info, raw[b"info"]), fields=_fields(torrent, info))
        for place, one in enumerate(hashed, 2):
            yield from _file_events(place, one)


def _info_hashes(info: dict[bytes, Value], raw: bytes) -> tuple[Digest, ...]:
    found = []
    if b"pieces" in info:
        value = hashlib.sha1(raw, usedforsecurity=False).digest()
        found.append(Digest(Algorithm.BTIH, value))
    if info.get(b"meta version") == 2:
        found.append(Digest(Algorithm.BTMH, hashlib.sha256(raw).digest()))
    if not found:
        msg = "the torrent's 'info' has neither pieces nor version 2; expected one of them"
        raise HashSetError(msg)
    return tuple(found)


def _fields(torrent: dict[bytes, Value], info: dict[bytes, Value]) -> dict[str, Json]:
    """Everything but hashes of pieces and what goes to the records of the files."""
    outer = {k: v for k, v in torrent.items() if k not in {b"info", b"piece layers"}}
    inner = {k: v for k, v in info.items() if k not in _OF_CONTENT}
    return {as_text(key): as_json(value) for key, value in outer.items()} | {"info": as_json(inner)}


def _file_events(place: int, one: _File) -> Iterator[ListEvent]:
    gathering = Gathering()
    for key, kind in _HASHES.items():
        value = one.facts.get(key)
        if isinstance(value, bytes) and value:
            # Some programs write the bytes themselves, others their hexadecimal.
            raw = len(value) == kind.size
            gathering.take(kind, value.hex() if raw else value.decode("latin-1"))
    more = {as_text(k): as_json(v) for k, v in one.facts.items() if k not in _HASHES}
    length = one.facts.get(b"length")
    size = gathering.size(str(length)) if isinstance(length, int) else None
    yield from gathering.events(place, {"path": "/".join(one.path), **more}, size=size)


def _files(info: dict[bytes, Value]) -> Iterator[_File]:
    """Give the files; what both versions of a torrent say of one file is brought together."""
    listed = _listed(info)
    found = {one.path: one for one in listed}
    tree = info.get(b"file tree")
    for path, facts in _walk((), tree if isinstance(tree, dict) else {}):
        if path in found:
            found[path].facts |= facts
        else:
            listed.append(_File(path, facts))
    return (one for one in listed if not _is_padding(one))


def _listed(info: dict[bytes, Value]) -> list[_File]:
    """Give the files as version 1 lists them."""
    listed = info.get(b"files")
    if isinstance(listed, list):
        return [_listed_file(one) for one in listed]
    if b"pieces" not in info:
        return []
    top = {k: v for k, v in info.items() if k in {*_HASHES, b"length", b"attr"}}
    return [_File(_path([info.get(b"name", b"")]), top)]


def _listed_file(one: Value) -> _File:
    if not isinstance(one, dict):
        _refuse_file()
    return _File(_path(one.get(b"path")), {k: v for k, v in one.items() if k != b"path"})


def _walk(
    path: tuple[str, ...], tree: dict[bytes, Value]
) -> Iterator[tuple[tuple[str, ...], dict[bytes, Value]]]:
    """Give the files as version 2 lists them: what stands under an empty name is a file."""
    for name, inner in tree.items():
        if not isinstance(inner, dict):
            _refuse_file()
        elif name:
            yield from _walk((*path, as_text(name)), inner)
        else:
            yield path, inner


def _refuse_file() -> NoReturn:
    msg = "a file of the torrent is no dictionary; expected its length and path, get it again"
    raise HashSetError(msg)


def _path(value: Value | None) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(as_text(one) for one in value if isinstance(one, bytes))


def _is_padding(one: _File) -> bool:
    """Such a file only moves the next one to the beginning of a piece.

    One that has a hash of its own is taken for a file, whatever the torrent calls it.
    """
    attributes = one.facts.get(b"attr")
    return isinstance(attributes, bytes) and b"p" in attributes and not one.hashed


FORMAT = Torrent()
