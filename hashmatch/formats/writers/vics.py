"""Write a VICS 2.0 list.

Records that were read from VICS are written with their original properties; others get those
that the data model has. Embedded thumbnails are never written, nor what stands in their place.
Source: EDMX of the 2.0 data model.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hashmatch.formats.writers.parts import count_measures, count_rest, name_in
from hashmatch.formats.writers.photodna import encoded
from hashmatch.model.hashes import Algorithm, Digest, Method

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hashmatch.formats.writers.interface import About, Outgoing, Records, Written
    from hashmatch.model.hashes import PerceptualHash
    from hashmatch.model.records import HashRecord, Json

_CONTEXT = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/{}/$metadata#Media"
_CODE = re.compile(r"0|[1-9][0-9]{0,2}")
_COUNTRY = re.compile(r"[A-Za-z]+")
_FLAGS = {
    "victim_identified": "VictimIdentified",
    "offender_identified": "OffenderIdentified",
    "is_distributed": "IsDistributed",
    "is_suspected": "IsSuspected",
    "self_generated": "SelfGenerated",
}
_WRITTEN = frozenset({"category", "entry", "size", "name", "flags", "updated"})
"""Written, or counted one by one."""

_THUMBNAILS = ("miniature", "thumbnail")
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


@dataclass(frozen=True, slots=True)
class VicsWriter:
    """Writes VICS 2.0 lists."""

    name: str = "vics"
    title: str = "Project VIC list (VICS 2.0)"
    reader: str = "vics"
    chosen: bool = False

    def write(self, records: Records, about: About, told: Written) -> Iterator[bytes]:
        """Write every record that has an MD5, the key of the data model."""
        country = about.context if about.context and _COUNTRY.fullmatch(about.context) else None
        context = _encode(_CONTEXT.format(country or "Default"))
        yield f'{{"@odata.context":{context},"value":['.encode()
        for one in records():
            media = _original(one, told) if about.origin == "vics" else None
            media = media or _composed(one, about, told)
            if media is None:
                told.left_out["no MD5"] += 1
                continue
            yield f"{',' if told.records else ''}\n{_encode(media)}".encode("ascii")
            told.records += 1
        yield b"\n]}\n"


def _original(one: Outgoing, told: Written) -> dict[str, Json] | None:
    """Give the properties as they were read."""
    fields = dict(one.record.fields)
    kept = _without_thumbnails(fields)
    if kept != fields:
        told.values["embedded thumbnails"] += 1
    return kept


def _without_thumbnails(fields: Mapping[str, Json]) -> dict[str, Json]:
    return {
        key: _cleaned(value)
        for key, value in fields.items()
        if value is None or not any(word in key[:64].lower() for word in _THUMBNAILS)
    }


def _cleaned(value: Json) -> Json:
    if isinstance(value, dict):
        return _without_thumbnails(value)
    return [_cleaned(one) for one in value] if isinstance(value, list) else value


def _composed(one: Outgoing, about: About, told: Written) -> dict[str, Json] | None:
    """Give the properties that the data model has for a record of another origin."""
    record = one.record
    md5 = next((d.hex.upper() for d in record.digests if d.algorithm is Algorithm.MD5), None)
    if md5 is None:
        return None
    sha1 = next((d.hex.upper() for d in record.digests if d.algorithm is Algorithm.SHA1), None)
    photodna = next((v for v in record.perceptual if v.method is Method.PHOTODNA), None)
    name = name_in(record.fields)
    further = [_alternative(md5, value) for value in _further(record, md5, sha1, photodna)]
    media: dict[str, Json] = {
        "MediaID": told.records + 1,
        "MD5": md5,
        "SHA1": sha1,
        "MediaSize": record.size,
        "Category": _code(record.category),
        "IsPrecategorized": record.category is not None,
        "PrecategorizationSource": about.name if record.category is not None else None,
        "DateUpdated": _moment(record.updated),
        "PhotoDNA": encoded(photodna.value) if photodna is not None else None,
        "AlternativeHashes": [*further] or None,
        "MediaFiles": [{"MD5": md5, "FileName": name}] if name else None,
    }
    media |= {_FLAGS[flag]: said for flag, said in record.flags.items() if flag in _FLAGS}
    _count(record, told)
    return {key: value for key, value in media.items() if value is not None}


def _further(
    record: HashRecord, md5: str, sha1: str | None, photodna: PerceptualHash | None
) -> Iterator[Digest | PerceptualHash]:
    """Give the hashes for which the data model has no property."""
    said = {(Algorithm.MD5, md5), (Algorithm.SHA1, sha1)}
    for digest in record.digests:
        if (digest.algorithm, digest.hex.upper()) not in said:
            yield digest
    for value in record.perceptual:
        if value is not photodna:
            yield value


def _alternative(md5: str, value: Digest | PerceptualHash) -> dict[str, Json]:
    kind: Algorithm | Method = value.algorithm if isinstance(value, Digest) else value.method
    text = encoded(value.value) if kind is Method.PHOTODNA else value.value.hex().upper()
    return {"MD5": md5, "HashName": kind.upper(), "HashValue": text}


def _count(record: HashRecord, told: Written) -> None:
    """Count what the data model has no place for."""
    for flag in record.flags.keys() - _FLAGS.keys():
        told.values[f"flag {flag}"] += 1
    count_measures(record.perceptual, told)
    count_rest(record, told, _WRITTEN)
    if record.updated is not None and _moment(record.updated) is None:
        told.values["time of the last change"] += 1
    if record.entry is not None:
        told.values["the list's own id (numbered anew)"] += 1


def _code(category: str | None) -> Json:
    """Write a code as a number where it is one in the data model."""
    if category is not None and _CODE.fullmatch(category) and int(category) < 256:
        return int(category)
    return category


def _moment(seconds: float | None) -> str | None:
    """Write a moment; None where no calendar has it."""
    try:
        moment = None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None
    return None if moment is None else moment.isoformat(timespec="milliseconds")[:23] + "Z"


WRITER = VicsWriter()
