"""Small hash lists with exactly one named defect each, for tests of importers."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.demo.lists import CONTEXT, CSV_COLUMNS
from hashmatch.model.records import Loss

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hashmatch.model.records import Json


@dataclass(frozen=True, slots=True)
class BrokenList:
    """A list file with one defect.

    ``format`` names what the file is, since a damaged file may not be recognised. ``loss`` is
    the reason for which a record, or one of its values, must be dropped; None when the whole
    file must be refused, by its reader or because it holds no record. ``kept`` counts the
    records that survive.
    """

    file_name: str
    format: str
    defect: str
    content: bytes
    loss: Loss | None
    kept: int


def make() -> tuple[BrokenList, ...]:
    """Make all of them; the digests are those of ``benign 1``, ``benign 2`` and so on."""
    return (*_vics(), *_tables(), *_lines())


def _digests(number: int) -> tuple[str, str, str]:
    content = b"benign %d" % number
    return (
        hashlib.md5(content).hexdigest(),
        hashlib.sha1(content).hexdigest(),
        hashlib.sha256(content).hexdigest(),
    )


def _medium(number: int, **changes: Json) -> dict[str, Json]:
    md5, sha1, _ = _digests(number)
    whole: dict[str, Json] = {
        "MediaID": number,
        "Category": 1,
        "MD5": md5.upper(),
        "SHA1": sha1.upper(),
        "MediaSize": 8,
    }
    return {key: value for key, value in {**whole, **changes}.items() if value is not None}


def _vics_text(*media: dict[str, Json]) -> bytes:
    whole: Json = {"@odata.context": CONTEXT.format(country="US"), "value": [*media]}
    return json.dumps(whole, indent=1).encode() + b"\n"


def _vics() -> Iterable[BrokenList]:
    good = _medium(1)
    short: Json = [{"HashName": "PhotoDNA", "HashValue": "AAAA"}]
    yield BrokenList(
        "vics-missing-md5.json",
        "vics",
        "the second record has no hash at all",
        _vics_text(good, _medium(2, MD5=None, SHA1=None)),
        Loss.NO_HASH,
        kept=1,
    )
    yield BrokenList(
        "vics-short-photodna.json",
        "vics",
        "the second record carries a PhotoDNA value of 3 bytes instead of 144",
        _vics_text(good, _medium(2, AlternativeHashes=short)),
        Loss.WRONG_LENGTH,
        kept=2,
    )
    yield BrokenList(
        "vics-truncated.json",
        "vics",
        "the file ends in the middle of the second record",
        _vics_text(good, _medium(2))[:-60],
        None,
        kept=0,
    )
    yield BrokenList(
        "vics-no-records.json", "vics", "there is no record", _vics_text(), None, kept=0
    )


def _row(number: int, category: str = "A") -> str:
    return ",".join((f"H-{number}", *_digests(number), "", "", category))


def _table(*rows: str) -> bytes:
    return "\r\n".join((",".join(CSV_COLUMNS), *rows, "")).encode()


def _tables() -> Iterable[BrokenList]:
    md5, sha1, sha256 = _digests(2)
    yield BrokenList(
        "csv-ragged-row.csv",
        "csv",
        "the second row has one cell too many",
        _table(_row(1), _row(2) + ",extra"),
        Loss.MALFORMED,
        kept=1,
    )
    yield BrokenList(
        "csv-letters-beyond-f.csv",
        "csv",
        "the second row's MD5 holds letters that are no hexadecimal digits",
        _table(_row(1), f"H-2,{'g' + md5[1:]},{sha1},{sha256},,,A"),
        Loss.NOT_HEX,
        kept=2,
    )
    yield BrokenList(
        "csv-spreadsheet-number.csv",
        "csv",
        "a spreadsheet turned the second row's MD5 into a number; it has no other hash",
        _table(_row(1), "H-2,1.2E+31,,,,,A"),
        Loss.NOT_HEX,
        kept=1,
    )


def _lines() -> Iterable[BrokenList]:
    md5, sha1, sha256 = _digests(1)
    short = _digests(2)[0][:-1]
    yield BrokenList(
        "plain-64-hex-ambiguous.txt",
        "plain",
        "64 digits without a header may be SHA-256 or PDQ",
        f"{sha256}\n{_digests(2)[2]}\n".encode(),
        None,
        kept=0,
    )
    yield BrokenList(
        "plain-short-line.txt",
        "plain",
        "the second value has 31 digits instead of 32",
        f"MD5\n{md5}\n{short}\n".encode(),
        Loss.WRONG_LENGTH,
        kept=1,
    )
    yield BrokenList(
        "hashdeep-short-md5.txt",
        "hashdeep",
        "the second row's MD5 has 31 digits; its SHA-1 is sound",
        "%%%% HASHDEEP-1.0\n%%%% size,md5,sha1,filename\n"
        f"8,{md5},{sha1},one.bin\n8,{short},{_digests(2)[1]},two.bin\n".encode(),
        Loss.WRONG_LENGTH,
        kept=2,
    )
    yield BrokenList(
        "pdq-32-digits.txt",
        "pdq",
        "the second hash has 32 digits instead of 64",
        f"hash={sha256},one\nhash={md5},two\n".encode(),
        Loss.WRONG_LENGTH,
        kept=1,
    )
