"""Hash lists about the demo's originals, in forms in which lists are exchanged; one is packed."""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from hashmatch.demo.truth import DemoList, Value
from hashmatch.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from hashmatch.demo.truth import Listing
    from hashmatch.model.records import Json

CONTEXT = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/{country}/$metadata#Media"
"""First key of a VICS 2.0 list; which categories its codes mean depends on the country."""

CSV_COLUMNS = ("id", "md5", "sha1", "sha256", "pdq", "quality", "category")


@dataclass(frozen=True, slots=True)
class KnownFile:
    """One original with the values that the caller computed from its content.

    Digests and ``pdq`` in lower-case hexadecimal; ``pdq`` and ``quality`` (0..100) are None for
    what is no picture. ``listings`` are the original's own.
    """

    name: str
    size: int
    md5: str
    sha1: str
    sha256: str
    pdq: str | None
    quality: int | None
    listings: tuple[Listing, ...]


@dataclass(frozen=True, slots=True)
class WrittenList:
    """A list on disk and what must be stated when it is imported.

    ``kind`` and ``scheme`` are the words of ``hashmatch library import``. ``records`` counts
    the records in the file; ``quarantined`` those that must never match (the empty file).
    """

    path: Path
    list: DemoList
    format: str
    kind: str
    scheme: str | None
    publisher: str
    records: int
    quarantined: int


_Row: TypeAlias = "tuple[KnownFile, Listing]"


@dataclass(frozen=True, slots=True)
class _Form:
    list: DemoList
    file_name: str
    format: str
    kind: str
    scheme: str | None
    render: Callable[[Sequence[_Row]], str]


def write(folder: Path, files: Iterable[KnownFile]) -> tuple[WrittenList, ...]:
    """Write every list of the demo into a folder, which is made where it is missing.

    Raises:
        OutputError: the folder cannot be written.
    """
    known = tuple(files)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return tuple(_write(folder, form, known) for form in _FORMS)
    except OSError as error:
        msg = f"the lists cannot be written to {folder}: {error.strerror}; choose another place"
        raise OutputError(msg) from error


def _write(folder: Path, form: _Form, known: Sequence[KnownFile]) -> WrittenList:
    rows = [(file, one) for file in known for one in file.listings if one.list is form.list]
    path = folder / form.file_name
    text = form.render(rows).encode()
    path.write_bytes(gzip.compress(text, mtime=0) if path.suffix == ".gz" else text)
    return WrittenList(
        path=path,
        list=form.list,
        format=form.format,
        kind=form.kind,
        scheme=form.scheme,
        publisher="hashmatch demo",
        records=len(rows),
        quarantined=sum(file.size == 0 for file, _ in rows),
    )


def fake_photodna() -> str:
    """Give noise in the shape of a PhotoDNA value, base64: nothing can be compared with it."""
    return base64.b64encode(np.random.default_rng(144).bytes(144)).decode()


def vics(rows: Sequence[_Row], country: str = "US") -> str:
    """Render a VICS 2.0 list; the first record also carries a made-up PhotoDNA value."""
    media = [_medium(number, *row) for number, row in enumerate(rows, 1)]
    whole: Json = {"@odata.context": CONTEXT.format(country=country), "value": [*media]}
    return json.dumps(whole, indent=1) + "\n"


def _medium(number: int, file: KnownFile, listing: Listing) -> dict[str, Json]:
    others = [
        (name, value)
        for kind, name, value in (
            (Value.SHA256, "SHA256", file.sha256),
            (Value.PDQ, "PDQ", file.pdq),
        )
        if kind in listing.values
    ]
    if number == 1:
        others.append(("PhotoDNA", fake_photodna()))
    medium: dict[str, Json] = {
        "MediaID": number,
        "Category": int(listing.category) if listing.category else None,
        "MD5": file.md5.upper(),
        "SHA1": file.sha1.upper(),
        "MediaSize": file.size,
        "DateUpdated": "2024-01-01T00:00:00.0000Z",
        "IsPrecategorized": "true",
        "Tags": "synthetic, benign",
    }
    if others:
        medium["AlternativeHashes"] = [
            {"MD5": file.md5.upper(), "HashName": name, "HashValue": value}
            for name, value in others
        ]
    return medium


def table(rows: Sequence[_Row]) -> str:
    """Render a CSV table with one row for each file; a value that is not listed is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(CSV_COLUMNS)
    for number, (file, listing) in enumerate(rows, 1):
        values = [
            value if kind in listing.values else ""
            for kind, value in (
                (Value.MD5, file.md5),
                (Value.SHA1, file.sha1),
                (Value.SHA256, file.sha256),
                (Value.PDQ, file.pdq),
                (Value.PDQ, file.quality),
            )
        ]
        writer.writerow([f"H-{number:04d}", *values, listing.category])
    return text.getvalue()


def hashdeep(rows: Sequence[_Row]) -> str:
    """Render a hashdeep file with sizes, three digests and names."""
    lines = ["%%%% HASHDEEP-1.0", "%%%% size,md5,sha1,sha256,filename", "## benign demo files"]
    lines += [f"{f.size},{f.md5},{f.sha1},{f.sha256},{f.name}" for f, _ in rows]
    return "\n".join(lines) + "\n"


def pdq(rows: Sequence[_Row]) -> str:
    """Render a PDQ list: one hash and one note a line."""
    return "".join(f"hash={file.pdq},{file.name}\n" for file, _ in rows)


_FORMS = (
    _Form(DemoList.NATIONAL, "national.vics.json", "vics", "categorized", "vic-us", vics),
    _Form(DemoList.HOTLINE, "hotline.csv.gz", "csv", "categorized", "uk-grades", table),
    _Form(DemoList.SIMILAR, "similar.pdq.txt", "pdq", "suspected", None, pdq),
    _Form(DemoList.KNOWN_GOOD, "known-good.hashdeep.txt", "hashdeep", "benign", None, hashdeep),
)
