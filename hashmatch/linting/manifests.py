"""Manifests of a delivery: which files belong to it, and what their bytes were.

Checksum files (``SHA256SUMS``), BagIt manifests (``manifest-sha256.txt``), and JSON: an object of
names and digests, or objects with ``name`` or ``path`` beside ``sha256``, below ``files`` or by
themselves. Files that a manifest names are compared by name; none is ever opened for its sake.
Source: RFC 8493; GNU coreutils manual.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from hashmatch.errors import HashSetError, UsageError
from hashmatch.formats import json_stream, registry
from hashmatch.formats.interface import ReadOptions
from hashmatch.model.records import HashRecord

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hashmatch.model.records import Json

_MOST = 1 << 26
_BAG = re.compile(r"(?:tag)?manifest-(md5|sha1|sha256|sha384|sha512)\.txt")
_SIZES = {16: "md5", 20: "sha1", 32: "sha256", 48: "sha384", 64: "sha512"}
_KEYS = tuple(_SIZES.values())
_ESCAPED = {"%0A": "\n", "%0a": "\n", "%0D": "\r", "%0d": "\r", "%25": "%"}


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a manifest states: for each name the digests by algorithm.

    Names count from the folder of ``file``, the manifest itself.
    """

    file: Path
    stated: Mapping[str, Mapping[str, bytes]]

    @classmethod
    def load(cls, path: Path) -> Manifest:
        """Read a manifest.

        Raises:
            UsageError: it cannot be read, or states the digest of no file.
        """
        try:
            with path.open("rb") as stream:
                data = stream.read(_MOST + 1)
        except OSError as error:
            msg = f"the manifest {path} cannot be read: {error.strerror}"
            raise UsageError(msg) from None
        stated: dict[str, dict[str, bytes]] = {}
        try:
            if len(data) <= _MOST:
                for name, kind, value in _entries(path.name, data):
                    stated.setdefault(_plain(name), {})[kind] = value
        except (HashSetError, ValueError):
            stated.clear()
        if not stated:
            msg = (
                f"{path} is no manifest; expected SHA256SUMS, manifest-sha256.txt of BagIt, or JSON"
            )
            raise UsageError(msg)
        return cls(path.absolute(), stated)

    def of(self, path: Path) -> Mapping[str, bytes]:
        """Give what is stated about a file; nothing where the manifest does not name it.

        A file that lies elsewhere is known by its own name, if only one entry has that.
        """
        whole = os.path.relpath(path.absolute(), self.file.parent)
        if (found := self.stated.get(PurePosixPath(whole).as_posix())) is not None:
            return found
        alike = [one for one in self.stated if PurePosixPath(one).name == path.name]
        return self.stated[alike[0]] if whole.startswith("..") and len(alike) == 1 else {}

    def missing(self) -> int:
        """Count the files below the manifest's folder that it names and that are not there."""
        inside = (PurePosixPath(one) for one in self.stated)
        return sum(
            not (one.is_absolute() or ".." in one.parts or (self.file.parent / one).exists())
            for one in inside
        )


def agrees(path: Path, stated: Mapping[str, bytes]) -> bool:
    """Tell whether a file has every stated digest.

    Raises:
        OSError: the file cannot be read.
    """
    running = {kind: hashlib.new(kind, usedforsecurity=False) for kind in stated}
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            for one in running.values():
                one.update(block)
    return all(one.digest() == stated[kind] for kind, one in running.items())


def _plain(name: str) -> str:
    return PurePosixPath(name.replace("\\", "/") if "/" not in name else name).as_posix()


def _entries(name: str, data: bytes) -> Iterator[tuple[str, str, bytes]]:
    """Yield name, algorithm and digest."""
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"{", b"["}:
        value = json_stream.whole(io.BytesIO(data), ReadOptions(maximum_record=_MOST))
        yield from _of_json(value)
        return
    bag = _BAG.fullmatch(name)
    options = ReadOptions(algorithm=bag[1] if bag else None)
    for event in registry.by_name("sums").read(io.BytesIO(data), options):
        if isinstance(event, HashRecord):
            named = str(event.fields["name"])
            if bag:
                named = re.sub("%0[AaDd]|%25", lambda one: _ESCAPED[one[0]], named)
            for digest in event.digests:
                yield named, digest.algorithm.value, digest.value


def _of_json(value: Json) -> Iterator[tuple[str, str, bytes]]:
    if isinstance(value, dict):
        value = value.get("files", value)
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _digests(name, one if isinstance(one, dict) else {"": one})
    elif isinstance(value, list):
        for one in value:
            named = (one.get("path") or one.get("name")) if isinstance(one, dict) else None
            if isinstance(one, dict) and isinstance(named, str):
                yield from _digests(named, one)


def _digests(name: str, stated: Mapping[str, Json]) -> Iterator[tuple[str, str, bytes]]:
    for key, text in stated.items():
        if isinstance(text, str) and (not key or key.lower().replace("-", "") in _KEYS):
            value = bytes.fromhex(text)
            kind = _SIZES.get(len(value), "")
            if key and kind != key.lower().replace("-", ""):
                msg = "a digest is not as long as its algorithm says"
                raise ValueError(msg)
            if kind:
                yield name, kind, value
