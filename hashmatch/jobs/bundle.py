"""Put sets into a signed bundle for other libraries."""

from __future__ import annotations

import hashlib
import itertools
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from hashmatch.custody.keys import SigningKey
from hashmatch.db.bundle import BundledSet, Head, Signed
from hashmatch.db.bundle_seal import seal
from hashmatch.db.keys import SHORTEST_PASSPHRASE, Lock, Passphrase, Scrypt
from hashmatch.db.strict import canonical
from hashmatch.db.trust import id_of
from hashmatch.errors import HashSetError, UsageError
from hashmatch.formats.writers.interface import Written
from hashmatch.formats.writers.ndjson import WRITER
from hashmatch.formats.writers.photodna import without_photodna
from hashmatch.jobs.export import (
    Export,
    Exported,
    check_handling,
    enter_ledger,
    line_of,
    new_file,
    put,
    record,
)
from hashmatch.jobs.export_records import about, outgoing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from pathlib import Path

    from hashmatch.db.installed import InstalledSet
    from hashmatch.db.keys import LibraryKey
    from hashmatch.db.library import Library
    from hashmatch.formats.writers.interface import Records
    from hashmatch.model.people import Setting


@dataclass(frozen=True, slots=True)
class Bundling:
    """What goes into a bundle, for whom, until when, and who signs it.

    ``export`` says where to and why, as for a single set; its name is not looked at. ``passphrase``
    is what the receivers open it with. The first of ``signing_keys`` is the publisher's.
    """

    export: Export
    sets: tuple[str, ...]
    publisher: str
    expires: date
    passphrase: str
    signing_keys: tuple[Path, ...]
    threshold: int = 1
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Bundled:
    """What was made: the head, the file's SHA-256 (hex), and what was left out of records."""

    head: Head
    sha256: str
    written: Written


def bundle(request: Bundling, library: Library, setting: Setting) -> Bundled:
    """Write a bundle into a new file and record each of its sets as an export.

    Raises:
        UsageError: no such set, a set with a handling marking, a passphrase that is too short, or
            a number that is not higher than the last one.
        HashSetError: a set is not the one that was installed, or is a filter.
        CustodyError: a signing key cannot be used.
        OutputError: the file could not be written.
    """
    if len(request.passphrase) < SHORTEST_PASSPHRASE:
        msg = f"the passphrase is too short; use at least {SHORTEST_PASSPHRASE} characters"
        raise UsageError(msg)
    keys = [_signing_key(path, setting) for path in request.signing_keys]
    manifests = library.resolve(request.sets)
    if len({manifest.name for manifest in manifests}) != len(manifests):
        msg = "two versions of one set were named; a bundle holds one version of each set"
        raise UsageError(msg)
    with ExitStack() as stack:
        opened = []
        for manifest in manifests:
            check_handling(request.export, manifest)
            if manifest.filters:
                msg = f"the set {manifest.name} is a filter, which a bundle does not hold"
                raise HashSetError(msg)
            opened.append(stack.enter_context(library.open_set(manifest.version)))
        scrypt = Scrypt(setting.entropy(16))
        key = Passphrase(request.passphrase).key(scrypt)
        told = [Written() for _ in opened]
        contents = [partial(_content, one, request.export) for one in opened]
        sizes = [
            _measured(seal(key, n, content(written)))
            for n, (content, written) in enumerate(zip(contents, told, strict=True))
        ]
        ledger = enter_ledger(stack, request.export, setting)
        out = stack.enter_context(new_file(request.export.out))
        head = _head(request, keys, Lock(key.id, scrypt), setting)
        head = _numbered(request, library, replace(head, sets=tuple(map(_bundled, opened, sizes))))
        blocks = itertools.chain(
            [Signed.sign(head, keys).to_bytes()],
            *(seal(key, n, content(Written())) for n, content in enumerate(contents)),
        )
        size, sha256 = put(out, blocks)
        for one, written, bundled in zip(opened, told, head.sets, strict=True):
            done = Exported(one.manifest, sha256, size, written)
            line = line_of(request.export, done, setting) | {
                "bundle": {"version": head.version, "size": bundled.size, "sha256": bundled.sha256}
            }
            record(library, ledger, line)
    return Bundled(head, sha256, _sum(told))


def _signing_key(path: Path, setting: Setting) -> SigningKey:
    return SigningKey.load(path) if path.exists() else SigningKey.create(path, setting.entropy)


def _content(installed: InstalledSet, request: Export, told: Written) -> Iterator[bytes]:
    """Give what is sealed: a line about the set, then its records as a whole NDJSON list."""
    manifest = installed.manifest
    yield canonical({"stated": manifest.stated.to_json()}) + b"\n"
    records: Records = partial(outgoing, installed)
    if not request.include_photodna:
        records = partial(without_photodna, records, told)
    yield from WRITER.write(records, about(manifest), told)


def _measured(blocks: Iterator[bytes]) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    for block in blocks:
        digest.update(block)
        size += len(block)
    return size, digest.hexdigest()


def _bundled(installed: InstalledSet, measured: tuple[int, str]) -> BundledSet:
    manifest = installed.manifest
    counts = manifest.counts
    numbers = {"read": counts.read, "kept": counts.kept, "dropped": counts.dropped}
    lost = counts.losses + manifest.changes.lost
    size, sha256 = measured
    return BundledSet(
        manifest.name,
        manifest.version,
        str(manifest.kind),
        manifest.scheme,
        numbers,
        {str(reason): number for reason, number in lost.items()},
        size,
        sha256,
    )


def _head(request: Bundling, keys: list[SigningKey], lock: Lock, setting: Setting) -> Head:
    """Say everything but the number and the sets."""
    ids = tuple(dict.fromkeys(id_of(key.public) for key in keys))
    if not 1 <= request.threshold <= len(ids):
        msg = f"--threshold is not from 1 to {len(ids)}, the number of keys that sign"
        raise UsageError(msg)
    today = setting.clock().date()
    if request.expires < today:
        msg = "the bundle would have expired before it was made; check --expires"
        raise UsageError(msg)
    return Head(request.publisher, 0, today, request.expires, request.threshold, ids, lock, ())


def _numbered(request: Bundling, library: Library, head: Head) -> Head:
    """Take the next number; nobody else gets it, even if this bundle is not completed.

    Raises:
        UsageError: a number was asked for that is not higher than the last one.
    """
    publisher = head.keys[0]
    with library.changing() as pointer:
        last = pointer.trust.issued.get(publisher, 0)
        version = last + 1 if request.version is None else request.version
        if version <= last:
            msg = f"the last bundle of this key had number {last}; the next one needs a higher one"
            raise UsageError(msg)
        trust = pointer.trust.after_issuing(publisher, version)
        library.point(replace(pointer, trust=trust))
    return replace(head, version=version)


def _sum(told: list[Written]) -> Written:
    total = Written()
    for one in told:
        total.records += one.records
        total.values += one.values
        total.left_out += one.left_out
    return total


def opening_key(head: Head, passphrase: str) -> LibraryKey:
    """Work out the key of a bundle.

    Raises:
        HashSetError: the bundle was sealed with another passphrase.
    """
    scrypt = head.lock.scrypt
    key = None if scrypt is None else Passphrase(passphrase).key(scrypt)
    if key is None or key.id != head.lock.key_id:
        msg = "this passphrase does not open the bundle; ask its publisher for the right one"
        raise HashSetError(msg)
    return key
