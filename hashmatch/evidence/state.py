"""The state of a source at one moment, to show later that a run did not change it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, assert_never

from hashmatch.evidence import mounts
from hashmatch.model.evidence import Folder, Item
from hashmatch.model.outcomes import Failed, Skipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hashmatch.evidence.stamps import Stamp
    from hashmatch.model.evidence import Entry, Source


@dataclass(frozen=True, slots=True)
class SourceState:
    """What a listing of the whole source says, without reading any content.

    ``digest`` is a SHA-256 over all entries in their order: path, kind, and for an item its mode,
    size and modification time; for others the rule or the failure. ``entries`` counts items,
    failures and skipped entries, as a tally does; ``folders`` those that were listed; ``bytes``
    the sizes of the items.

    Equal digests mean that no name, size or modification time changed in between. They do not
    mean that no content changed: that is what the items' own digests are for.
    """

    digest: str
    entries: int
    folders: int
    bytes: int
    read_only: bool
    access_times_kept: bool


def of(
    source: Source,
    note: Callable[[Entry], None] | None = None,
    entries: Iterable[Entry] | None = None,
) -> SourceState:
    """List a source from beginning to end.

    Args:
        source: what is listed.
        note: called with each entry, for a caller that keeps the listing.
        entries: those of the source, where another process lists it.

    Raises:
        EvidenceError: the source as a whole cannot be listed.
    """
    mount = mounts.of(source.location)
    state = hashlib.sha256()
    count = folders = size = 0
    for entry in source.entries() if entries is None else entries:
        state.update(_encode(entry))
        if note is not None:
            note(entry)
        if isinstance(entry, Folder):
            folders += 1
            continue
        count += 1
        if isinstance(entry, Item):
            size += entry.size
    digest = state.hexdigest()
    return SourceState(digest, count, folders, size, mount.read_only, mount.access_times_kept)


def of_medium(listed: SourceState, form: str, parts: Iterable[Stamp], sha256: str) -> SourceState:
    """Give the state of an image: of its listing, its files as they are, and its content.

    The parts are named without their folders, so that the state says nothing of this machine.

    Args:
        listed: the state by the listing, which follows from the content and is not made again.
        form: of the image.
        parts: its files.
        sha256: of the content of the medium; empty where that is not compared.
    """
    state = hashlib.sha256(f"{listed.digest} {form} {sha256}\n".encode())
    for part in parts:
        name = part.path.rpartition(b"/")[2]
        state.update(b"%d %b %d %d\n" % (len(name), name, part.size, part.modified_ns))
    return replace(listed, digest=state.hexdigest())


def _encode(entry: Entry) -> bytes:
    """Give an entry as bytes that no other entry gives: the length of the path comes first."""
    path = entry.path
    match entry:
        case Item():
            facts = (len(path), path, entry.mode, entry.size, entry.modified_ns)
            return b"%d %b item %d %d %d\n" % facts
        case Folder():
            fact = "folder"
        case Skipped():
            fact = f"skipped {entry.rule}"
        case Failed():
            fact = f"failed {entry.stage} {entry.reason}"
        case _:
            assert_never(entry)
    return b"%d %b %b\n" % (len(path), path, fact.encode())
