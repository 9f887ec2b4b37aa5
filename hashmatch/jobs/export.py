"""Write an installed set as a list that other tools read, and record that it left the library."""

from __future__ import annotations

import hashlib
import os
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from hashmatch import durable
from hashmatch.custody.entry import instant
from hashmatch.errors import OutputError, UsageError
from hashmatch.formats.writers import registry
from hashmatch.formats.writers.interface import Written
from hashmatch.formats.writers.photodna import without_photodna
from hashmatch.jobs import export_log
from hashmatch.jobs.export_records import about, outgoing
from hashmatch.jobs.open_case import ledger_of
from hashmatch.model import names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from hashmatch.custody.ledger import Ledger
    from hashmatch.db.library import Library
    from hashmatch.db.manifest import Manifest
    from hashmatch.formats.writers.interface import ListWriter, Records
    from hashmatch.model.people import Setting
    from hashmatch.model.records import Json


@dataclass(frozen=True, slots=True)
class Export:
    """What is to be written where, why, and what is allowed.

    ``name`` is a set or ``name@version``. ``case`` is a case folder whose ledger takes the export
    too, signed with the key file beside it.
    """

    name: str
    to: str
    out: Path
    purpose: str
    algorithm: str | None = None
    include_photodna: bool = False
    despite_handling: bool = False
    strict: bool = False
    operator: str | None = None
    case: tuple[Path, Path] | None = None


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: of which version, its digest (hex), and what became of the records."""

    manifest: Manifest
    sha256: str
    size: int
    written: Written


def export(request: Export, library: Library, setting: Setting) -> Exported:
    """Write a set into a new file with mode 0600.

    The file stands only when the export is recorded; otherwise it is removed again.

    Raises:
        UsageError: no such set or writer, a file that exists, a handling marking, or a choice
            that this writer does not have.
        HashSetError: the set is not the one that was installed.
        OutputError: the file could not be written, or something was left out and that was to be
            an error.
    """
    writer = _writer(request)
    manifest = library.find(request.name)
    check_handling(request, manifest)
    with ExitStack() as stack:
        ledger = enter_ledger(stack, request, setting)
        installed = stack.enter_context(library.open_set(manifest.version))
        written = Written()
        if manifest.filters:
            written.left_out["filters, which hold no values"] += len(manifest.filters)
        records: Records = partial(outgoing, installed)
        if not request.include_photodna:
            records = partial(without_photodna, records, written)
        out = stack.enter_context(new_file(request.out))
        size, sha256 = put(out, writer.write(records, about(manifest, request.algorithm), written))
        _check_whole(request, written)
        done = Exported(manifest, sha256, size, written)
        record(library, ledger, line_of(request, done, setting))
    return done


def enter_ledger(stack: ExitStack, request: Export, setting: Setting) -> Ledger | None:
    """Open the ledger of the case that takes the export too, where there is one."""
    if request.case is None:
        return None
    folder, key = request.case
    return stack.enter_context(closing(ledger_of(folder, setting, key)))


def put(out: BinaryIO, blocks: Iterable[bytes]) -> tuple[int, str]:
    """Write blocks and give how many bytes they are, and their SHA-256 (hex)."""
    digest, size = hashlib.sha256(), 0
    for block in blocks:
        out.write(block)
        digest.update(block)
        size += len(block)
    out.flush()
    return size, digest.hexdigest()


def record(library: Library, ledger: Ledger | None, line: dict[str, Json]) -> None:
    """Record an export in the library, and in the case's ledger where there is one."""
    export_log.enter(library, line)
    if ledger is not None:
        ledger.append("library.export", line)


def _writer(request: Export) -> ListWriter:
    writer = registry.by_name(request.to)
    if request.algorithm is not None and not writer.chosen:
        msg = f"--algorithm means nothing for a {writer.title}, which holds every kind of hash"
        raise UsageError(msg)
    if not request.purpose.strip():
        msg = "--purpose is empty; say what the list is given on for"
        raise UsageError(msg)
    return writer


def check_handling(request: Export, manifest: Manifest) -> None:
    """Refuse to give a marked set on unless that was allowed; raises ``UsageError``."""
    marking = manifest.stated.handling
    if marking and not request.despite_handling:
        msg = (
            f"the set {manifest.name} carries the handling marking {marking!r}; if that allows to "
            "give it on, export it with --despite-handling"
        )
        raise UsageError(msg)


def _check_whole(request: Export, written: Written) -> None:
    if request.strict and not written.whole:
        told = ", ".join(f"{why} {n}" for why, n in (written.left_out + written.values).items())
        msg = f"a {request.to} export would leave something out ({told}); nothing was written"
        raise OutputError(msg)


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file that leaves the library; it gets its name only when the block ends well.

    Raises:
        UsageError: there is such a file.
        OutputError: it could not be written.
    """
    try:
        with durable.creating(path) as out:
            yield out
    except FileExistsError as error:
        msg = f"there is already a file {error.filename or path}; nothing is written over it"
        raise UsageError(msg) from None
    except OSError as error:
        msg = f"the file {path} could not be written: {error.strerror}"
        raise OutputError(msg) from None


def line_of(request: Export, done: Exported, setting: Setting) -> dict[str, Json]:
    """What is recorded about an export; the file by its name without folders."""
    options: dict[str, Json] = {
        "algorithm": request.algorithm,
        "include_photodna": request.include_photodna,
        "despite_handling": request.despite_handling,
    }
    return {
        "when": instant(setting.clock()),
        "operator": request.operator,
        "host": setting.host,
        "set": done.manifest.name,
        "version": done.manifest.version,
        "writer": request.to,
        "options": options,
        **names.to_json(os.fsencode(request.out.name), "file"),
        "sha256": done.sha256,
        "size": done.size,
        "records": done.written.records,
        "left_out": dict(done.written.left_out),
        "left_out_values": dict(done.written.values),
        "purpose": request.purpose,
    }
