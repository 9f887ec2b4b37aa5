"""Which sets left the library: a line for each export, chained to the line before it.

Each line also carries a check value that only a holder of the library's key can make. Somebody
with the key, or who cuts off the last lines, is not noticed here; a case's ledger notices that. An
incomplete last line, as a power cut leaves it, is set aside by the next export, which says so.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from hashmatch import durable
from hashmatch.db import files
from hashmatch.db.staging import locked
from hashmatch.db.strict import Fields, canonical, parse
from hashmatch.errors import HashSetError, OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hashmatch.db.library import Library
    from hashmatch.model.records import Json

EXPORTS = "exports.jsonl"
_PURPOSE = "exports"


def exports(library: Library, name: str | None = None) -> list[dict[str, Json]]:
    """Read what was exported, of one set or of all.

    Raises:
        HashSetError: a line is not the one that was written.
    """
    return [line for line in _read(library).lines if name in {None, line["set"]}]


def enter(library: Library, export: Mapping[str, Json]) -> None:
    """Add a line about an export.

    Raises:
        HashSetError: the lines so far are not those that were written.
        OutputError: the line could not be written.
    """
    with _writing(library), locked(library.folder):
        log = _read(library)
        body = {**export, "line": len(log.lines) + 1, "previous": log.last}
        if log.torn:
            body["set_aside"] = _set_aside(library, log)
        check = library.key.tag(_PURPOSE, canonical(body))
        line = canonical({**body, "check": check}) + b"\n"
        flags = os.O_WRONLY | os.O_CREAT
        handle = durable.open_own(library.folder / EXPORTS, flags)
        with os.fdopen(handle, "wb", buffering=0):
            before = log.length
            try:
                os.truncate(handle, before)
                files.write_at(handle, line, before)
                os.fsync(handle)
            except OSError:
                os.truncate(handle, before)
                raise
        durable.sync_folder(library.folder)


@contextmanager
def _writing(library: Library) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        msg = f"the export could not be recorded in {library.folder} ({error.strerror})"
        raise OutputError(msg) from error


@dataclass(frozen=True, slots=True)
class _Log:
    """All whole lines, the digest of the last one, and what stands after it without an end.

    ``length`` is that of the whole lines in bytes.
    """

    lines: list[dict[str, Json]]
    last: str
    length: int
    torn: bytes


def _set_aside(library: Library, log: _Log) -> dict[str, Json]:
    """Keep an incomplete last line in a file of its own, and say what the line after records."""
    name = f"{EXPORTS}.incomplete-{len(log.lines) + 1}"
    durable.replace(library.folder / name, log.torn)
    return {"file": name, "sha256": hashlib.sha256(log.torn).hexdigest(), "size": len(log.torn)}


def _read(library: Library) -> _Log:
    path = library.folder / EXPORTS
    with files.reading(f"the library's file {EXPORTS}"):
        data = path.read_bytes() if path.exists() else b""
    whole, end, torn = data.rpartition(b"\n")
    found: list[dict[str, Json]] = []
    last = ""
    for number, line in enumerate(whole.split(b"\n") if end else (), 1):
        fields = parse(line, f"{EXPORTS} line {number}")
        body = _body(fields)
        if body["line"] != number or body["previous"] != last or not _signed(library, fields, body):
            _altered(number)
        found.append(body)
        last = hashlib.sha256(line).hexdigest()
    return _Log(found, last, len(whole + end), torn)


def _body(fields: Fields) -> dict[str, Json]:
    names = [name for name in fields.names() if name != "check"]
    body = {name: fields.value(name) for name in names}
    if not {"line", "previous", "set"} <= body.keys():
        fields.refuse("set", "there, with line and previous")
    return body  # type: ignore[return-value]  # what parse() read is JSON


def _signed(library: Library, fields: Fields, body: Mapping[str, Json]) -> bool:
    expected = library.key.tag(_PURPOSE, canonical(body))
    return hmac.compare_digest(fields.text("check").encode(), expected.encode())


def _altered(number: int) -> NoReturn:
    msg = f"{EXPORTS} was altered at line {number}; restore the library from a copy"
    raise HashSetError(msg)
