"""What an Expert Witness image says of its case and its medium."""

from __future__ import annotations

import codecs
import html
import re
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hashmatch.model.records import Json

MOST_TEXT = 1 << 20
"""Bytes of a header that are unpacked at most."""

VOLUME_SIZE = 1052

_VOLUME = struct.Struct("<B3xIIIQIIIB15xB3xI4x16s")
_FIELDS = {
    "c": "case_number",
    "n": "evidence_number",
    "a": "description",
    "e": "examiner",
    "t": "notes",
    "m": "acquired",
    "u": "system_date",
    "av": "software",
    "ov": "operating_system",
    "p": "password",
    "r": "compression_asked",
    "md": "model",
    "sn": "serial_number",
    "l": "device_label",
    "pid": "process",
}
_TAGS = {
    "case_number": "case_number",
    "evidence_number": "evidence_number",
    "description": "description",
    "examiner_name": "examiner",
    "notes": "notes",
    "acquiry_date": "acquired",
    "acquisition_date": "acquired",
    "system_date": "system_date",
    "acquiry_software_version": "software_version",
    "acquiry_software": "software",
    "acquiry_operating_system": "operating_system",
    "password": "password",
    "model": "model",
    "serial_number": "serial_number",
    "device_label": "device_label",
}
_TAG = re.compile(r"<([a-z0-9_]{1,40})>([^<]{0,65536})</\1>")
_MEDIA = {0x00: "removable", 0x01: "fixed", 0x03: "optical", 0x0E: "logical", 0x10: "memory"}
_FLAGS = {0x01: "image", 0x02: "physical", 0x04: "fastbloc-blocker", 0x08: "tableau-blocker"}
_LEVELS = {0: "none", 1: "good", 2: "best"}
_NOT_SET = {"", "0"}


@dataclass(frozen=True, slots=True)
class Shape:
    """How the content is cut: sizes in bytes, ``sectors`` of ``sector`` bytes in all."""

    chunks: int
    chunk: int
    sector: int
    sectors: int
    identifier: bytes
    said: dict[str, Json]


def shape(data: bytes) -> Shape:
    """Read the content of a ``volume``, ``disk`` or ``data`` section.

    Args:
        data: its first 1052 bytes, of which the last 4 are a checksum of the others.

    Raises:
        ValueError: it is too short, or its checksum fails.
    """
    if len(data) < VOLUME_SIZE:
        msg = "too short"
        raise ValueError(msg)
    if zlib.adler32(data[:1048]) != int.from_bytes(data[1048:1052], "little"):
        msg = "fails its checksum"
        raise ValueError(msg)
    (media, chunks, per_chunk, sector, sectors, *geometry, flags, level, grain, guid) = (
        _VOLUME.unpack_from(data)
    )
    said: dict[str, Json] = {
        "media_type": _MEDIA.get(media, f"0x{media:02x}"),
        "media_flags": [word for bit, word in _FLAGS.items() if flags & bit],
        "sectors": sectors,
        "sector_size": sector,
        "chunk_size": per_chunk * sector,
        "chunks": chunks,
        "compression": _LEVELS.get(level, str(level)),
        "error_granularity": grain,
    }
    if any(geometry):
        said["geometry"] = "/".join(map(str, geometry))
    if any(guid):
        said["set_identifier"] = guid.hex()
    return Shape(chunks, per_chunk * sector, sector, sectors, guid, said)


def fields(kind: str, data: bytes) -> dict[str, Json]:
    """Read the content of a ``header``, ``header2`` or ``xheader`` section.

    Returns:
        Fields that say something, as they stand there: dates are not converted, since headers
        give no zone. Of a password only that one is set, for it is a label and locks nothing.

    Raises:
        ValueError: it cannot be unpacked.
    """
    text = _text(unpacked(data))
    if kind == "xheader":
        found = {
            _TAGS.get(tag, f"x_{tag}"): html.unescape(value) for tag, value in _TAG.findall(text)
        }
    else:
        found = _table(text)
    return _said(found)


def unpacked(data: bytes) -> bytes:
    """Inflate a section.

    Raises:
        ValueError: it is damaged, or larger than :data:`MOST_TEXT`.
    """
    inflate = zlib.decompressobj()
    try:
        raw = inflate.decompress(data, MOST_TEXT)
    except zlib.error:
        msg = "cannot be inflated"
        raise ValueError(msg) from None
    if not inflate.eof:
        msg = "breaks off, or is larger than any header"
        raise ValueError(msg)
    return raw


def _table(text: str) -> dict[str, str]:
    """Read the table of the first category: a line of keys and a line of values, both tabbed."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    try:
        at = lines.index("main")
    except ValueError:
        return {}
    keys, values, *_ = [*lines[at + 1 : at + 3], "", ""]
    pairs = zip(keys.split("\t"), values.split("\t"), strict=False)
    return {_FIELDS.get(key, f"h_{key}"): value for key, value in pairs if key}


def _said(found: Mapping[str, str]) -> dict[str, Json]:
    said: dict[str, Json] = {}
    for key, value in found.items():
        clean = value.strip().replace("\0", "")
        if key == "password":
            clean = "" if clean in _NOT_SET else "set"
        if clean:
            said[key] = clean
    return said


def _text(raw: bytes) -> str:
    """Decode: UTF-16 and UTF-8 by their marks; else UTF-8, else byte by byte as Latin-1."""
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return raw.decode("utf-16", "replace")
    try:
        return raw.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
