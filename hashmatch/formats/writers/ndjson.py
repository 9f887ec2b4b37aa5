"""Write the records of a set whole, one JSON object a line: ``hashmatch.records/1``.

The first line says what the set is, the last one how many records there were.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.formats.ndjson import FORMAT_WORD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.formats.writers.interface import About, Outgoing, Records, Written
    from hashmatch.model.records import Json

# ASCII on purpose: even an unpaired surrogate of a careless list comes back as it was.
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


@dataclass(frozen=True, slots=True)
class NdjsonWriter:
    """Writes records whole."""

    name: str = "ndjson"
    title: str = "records, whole (hashmatch.records/1)"
    reader: str = "ndjson"
    chosen: bool = False

    def write(self, records: Records, about: About, told: Written) -> Iterator[bytes]:
        """Write every record; nothing is left out."""
        header = {
            "set": about.name,
            "version": about.version,
            "kind": about.kind,
            "scheme": about.scheme,
            "publisher": about.publisher,
            "context": about.context,
        }
        said = {key: value for key, value in header.items() if value is not None}
        yield _encode({"format": FORMAT_WORD, **said}).encode() + b"\n"
        for one in records():
            yield line_of(one)
            told.records += 1
        yield _encode({"end": True, "records": told.records}).encode() + b"\n"


def line_of(one: Outgoing) -> bytes:
    """Give one record as a line; what is absent is left out."""
    record = one.record
    form: dict[str, Json] = {
        "digests": [[digest.algorithm, digest.hex] for digest in record.digests],
        "perceptual": [
            [value.method, value.value.hex(), value.quality, value.at]
            for value in record.perceptual
        ],
        "entry": record.entry,
        "category": record.category,
        "disposition": one.disposition,
        "size": record.size,
        "other": list(record.other),
        "fields": dict(record.fields),
        "flags": dict(record.flags),
        "parts": list(record.parts),
        "updated": record.updated,
    }
    kept = {
        key: value for key, value in form.items() if value is not None and value not in ([], {})
    }
    return _encode(kept).encode() + b"\n"


WRITER = NdjsonWriter()
