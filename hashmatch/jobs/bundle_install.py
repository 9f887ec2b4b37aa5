"""Install the sets of a signed bundle, all of them or none."""

from __future__ import annotations

import io
import os
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, cast

from hashmatch.db.bundle import Head, Signed, check_days, chosen
from hashmatch.db.bundle_seal import Unsealed, digest
from hashmatch.db.description import SetDescription
from hashmatch.db.manifest import ListFile
from hashmatch.db.strict import parse
from hashmatch.errors import HashSetError, UsageError
from hashmatch.formats.interface import ReadOptions
from hashmatch.formats.ndjson import FORMAT
from hashmatch.jobs.bundle import opening_key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hashmatch.db.builder import SetBuilder
    from hashmatch.db.bundle import BundledSet
    from hashmatch.db.keys import LibraryKey
    from hashmatch.db.library import Library
    from hashmatch.db.manifest import Manifest
    from hashmatch.db.pointer import Pointer
    from hashmatch.model.people import Setting

_LONGEST_LINE = 1 << 24


@dataclass(frozen=True, slots=True)
class Installing:
    """A bundle to be installed, and what is allowed.

    ``trust`` names pinned keys that alone count, none for all of them; ``threshold`` is how many
    must have signed. ``replace`` allows a set to take the place of one of another origin.
    """

    path: Path
    passphrase: str
    trust: tuple[str, ...] = ()
    threshold: int = 1
    allow_expired: bool = False
    replace: bool = False


@dataclass(frozen=True, slots=True)
class Installation:
    """What was installed, and whose signatures held."""

    head: Head
    signers: tuple[str, ...]
    manifests: tuple[Manifest, ...]


def look(path: Path) -> tuple[Signed, int]:
    """Read what a bundle says of itself, and where its sealed records begin.

    Nothing about it is proved yet.

    Raises:
        UsageError: the file cannot be read.
        HashSetError: no bundle, cut short, or of another form.
    """
    with _opened(path) as stream:
        return Signed.read(stream), stream.tell()


def install(request: Installing, library: Library, setting: Setting) -> Installation:
    """Install every set of a bundle; if anything fails, the library is as it was.

    Raises:
        UsageError: the file cannot be read, a key is not pinned, or a set would take the place of
            one of another origin.
        HashSetError: the signatures, days, number, passphrase or records are not as they must be.
        OutputError: the library cannot be written.
    """
    with _opened(request.path) as stream:
        return _install(request, stream, library, setting)


def _install(
    request: Installing, stream: BinaryIO, library: Library, setting: Setting
) -> Installation:
    signed = Signed.read(stream)
    head, start = signed.head, stream.tell()
    trusted = chosen(library.pointer().trust.keys, request.trust)
    signers = signed.check(trusted, request.threshold)
    today = setting.clock().date()
    if not request.allow_expired:
        check_days(head, today)
    library.pointer().trust.after(head.keys[0], head.reached)
    _check_content(stream, head)
    key = opening_key(head, request.passphrase)
    _refuse_foreign(request, head, library)
    stream.seek(start)
    with ExitStack() as stack:
        finished = []
        for number, one in enumerate(head.sets):
            part = _Part(request, head, one, number)
            builder = _staged(stack, part, (stream, key), library, setting)
            finished.append((builder.finish(), builder.folder))
        library.publish_all(finished, partial(_ratcheted, head))
    return Installation(head, signers, tuple(manifest for manifest, _ in finished))


def _ratcheted(head: Head, pointer: Pointer) -> Pointer:
    return replace(pointer, trust=pointer.trust.after(head.keys[0], head.reached))


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        stream = path.open("rb")
    except OSError as error:
        msg = f"the bundle {path} cannot be read: {error.strerror}"
        raise UsageError(msg) from None
    with stream:
        yield stream


def _check_content(stream: BinaryIO, head: Head) -> None:
    """Compare the sealed records, which begin here, with the head before any is unsealed."""
    length = os.fstat(stream.fileno()).st_size
    wanted = stream.tell() + sum(one.size for one in head.sets)
    if length != wanted:
        how = "is cut short" if length < wanted else "has something after its end"
        msg = f"the bundle {how}: {wanted} bytes are signed and {length} are there; get it again"
        raise HashSetError(msg)
    for one in head.sets:
        _check_signed(one, digest(stream, one.size))


def _check_signed(one: BundledSet, sha256: str) -> None:
    if sha256 != one.sha256:
        msg = (
            f"the records of the set {one.name} are not those that were signed; they were "
            "altered or come from another bundle"
        )
        raise HashSetError(msg)


def _refuse_foreign(request: Installing, head: Head, library: Library) -> None:
    """Keep a bundle from taking the place of a set that came from somewhere else.

    Raises:
        UsageError: there is such a set and that was not allowed.
    """
    current = library.pointer().current
    for one in head.sets:
        if one.name not in current or request.replace:
            continue
        if library.current(one.name).stated.importer.get("publisher_key") != head.keys[0]:
            msg = (
                f"there is a set {one.name} that did not come from this publisher; say --replace "
                "to put the bundle's set in its place"
            )
            raise UsageError(msg)


@dataclass(frozen=True, slots=True)
class _Part:
    """One set of the bundle that is being installed."""

    request: Installing
    head: Head
    bundled: BundledSet
    number: int

    def described(self, line: bytes) -> SetDescription:
        """Describe the set as its publisher did; where it came from is noted.

        Raises:
            HashSetError: it is described otherwise than in the signed head.
        """
        fields = parse(line.rstrip(b"\n"), "the bundle's description of a set")
        stated = SetDescription.from_json(fields.inner("stated"))
        fields.finish()
        one, profile = self.bundled, stated.profile
        scheme = None if profile is None else profile.name
        if (stated.name, str(stated.kind), scheme) != (one.name, one.kind, one.scheme):
            msg = f"the set {one.name} is described otherwise than the bundle's head says"
            raise HashSetError(msg)
        importer = {
            "format": "bundle",
            "recognised": "its signed head",
            "publisher_key": self.head.keys[0],
            "bundle_version": str(self.head.version),
            "origin_version": one.version,
        }
        if self.request.allow_expired:
            importer["expired_allowed"] = "yes"
        return replace(stated, importer=importer)

    def described_file(self) -> ListFile:
        """Describe the sealed records as the file that the set was imported from."""
        one, head = self.bundled, self.head
        counts = ", ".join(f"{number} {word}" for word, number in sorted(one.counts.items()))
        facts = {
            "publisher": head.publisher,
            "publisher_key": head.keys[0],
            "bundle_version": str(head.version),
            "bundle_issued": head.issued.isoformat(),
            "bundle_expires": head.expires.isoformat(),
            "head_sha256": head.reached.head,
            "origin_version": one.version,
            "origin_counts": counts,
        }
        return ListFile(f"{self.request.path.name}/{one.name}", one.size, one.sha256, facts)


def _staged(
    stack: ExitStack,
    part: _Part,
    source: tuple[BinaryIO, LibraryKey],
    library: Library,
    setting: Setting,
) -> SetBuilder:
    """Read one set into a staging folder that lasts as long as the stack.

    What is read is digested again: the file could have been changed since it was checked.
    """
    stream, key = source
    raw = Unsealed(key, part.number, stream, part.bundled.size)
    content = io.BufferedReader(raw)
    description = part.described(content.readline(_LONGEST_LINE))
    builder = stack.enter_context(
        library.stage(
            description,
            clock=setting.clock,
            entropy=setting.entropy,
            allow_expired=part.request.allow_expired,
        )
    )
    events = FORMAT.read(cast("BinaryIO", content), ReadOptions())
    builder.add_file(events, part.described_file)
    _check_signed(part.bundled, raw.sha256)
    builder.note_earlier_losses(part.bundled.lost)
    return builder
