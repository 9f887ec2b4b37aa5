"""What a file of the library becomes: an item per stream, or why there is none."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.evidence.filesystems.tsk_family import Family, Found
from hashmatch.evidence.filesystems.tsk_image import TROUBLES, Handle
from hashmatch.model.evidence import Entry, Item
from hashmatch.model.facts import MOST_EXTENTS, Facts, Standing
from hashmatch.model.locators import Layer, layer, place
from hashmatch.model.outcomes import Failed, Reason, Rule, Skipped, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.filesystems.moments import Moments
    from hashmatch.evidence.filesystems.tsk_streams import Stream

REGULAR, FOLDER, UNKNOWN = 1, 2, 0
_RULES = {
    3: Rule.FIFO,
    4: Rule.CHARACTER_DEVICE,
    5: Rule.BLOCK_DEVICE,
    6: Rule.SYMLINK,
    8: Rule.SOCKET,
    10: Rule.METADATA,
    11: Rule.METADATA,
}
"""What the library's types of files are, beside files and folders."""


@dataclass(frozen=True, slots=True)
class Named:
    """A name that leads to a record, or an orphan under a name that was made for it.

    ``path`` has no ``/`` at its beginning. ``ident`` names the record in locators. ``standing``
    tells how the name stands; ``own`` that it belongs to the file system.
    """

    path: bytes
    ident: bytes
    standing: Standing = Standing.ALLOCATED
    gone: bool = False
    own: bool = False


class Writer:
    """Writes entries of one file system.

    Args:
        kind: as locators name the file system.
        family: what is particular to it.
    """

    def __init__(self, kind: str, family: Family) -> None:
        self._kind = kind
        self._family = family

    def layer(self, named: Named, stream: bytes = b"") -> Layer:
        """Name a stream of a file in locators."""
        keys: dict[str, bytes | None] = {"id": named.ident}
        if stream:
            keys["ads"] = stream
        if named.gone:
            keys["del"] = None
        return layer(self._kind, b"/" + named.path, **keys)

    def skipped(self, named: Named, rule: Rule) -> Skipped:
        """Leave a name out by a rule."""
        return Skipped(named.path, rule, place((self.layer(named),)), self._facts(named))

    def failed(self, named: Named, stage: Stage, reason: Reason) -> Failed:
        """Say that nothing of a name can be had."""
        return Failed(named.path, stage, reason, place((self.layer(named),)), self._facts(named))

    def entries(self, named: Named, file: Handle) -> Iterator[Entry]:
        """Yield the entries of a file, or of the streams that a folder has: at least one of a file.

        Folders themselves are not told here.
        """
        folder = int(file.info.meta.type) == FOLDER
        try:
            rule = self._rule(named, file)
            found = [] if rule else self._found(named, file)
            moments = self._family.moments(file)
        except TROUBLES:
            yield self.failed(named, Stage.STAT, Reason.DAMAGED_FILE_SYSTEM)
            return
        if rule:
            yield self.skipped(named, rule)
            return
        if not folder and named.own:
            yield self.skipped(named, Rule.METADATA)
        elif not folder and named.gone and not found:
            yield self.skipped(named, Rule.NAME_ONLY)
        seen: set[bytes] = set()
        for one in found:
            again = one.stream.name in seen
            seen.add(one.stream.name)
            yield self._entry(named, file, one, moments, again=again)

    def _rule(self, named: Named, file: Handle) -> Rule | None:
        kind = int(file.info.meta.type)
        if kind not in {REGULAR, FOLDER}:
            return _RULES.get(kind, Rule.UNKNOWN_KIND)
        return None if named.own else self._family.left_out(file)

    def _found(self, named: Named, file: Handle) -> list[Found]:
        """List what is to be read: of folders and of the file system's own files what is beside."""
        found = available(self._family, file, gone=named.gone)
        if not named.gone:
            missing = self._family.missing(file, [one.stream for one in found])
            found += [Found(one) for one in missing]
        if named.own:
            return [one for one in found if not self._family.is_own_stream(one.stream.name)]
        if int(file.info.meta.type) == FOLDER:
            return [one for one in found if one.stream.name]
        if not named.gone and all(one.stream.name for one in found):
            # A file without content is empty, or what says where its content lies is lost.
            return [Found(self._family.nothing(file)), *found]
        return found

    def _entry(
        self,
        named: Named,
        file: Handle,
        found: Found,
        moments: Moments,
        *,
        again: bool,
    ) -> Entry:
        stream, meta = found.stream, file.info.meta
        path = named.path + b":" + stream.name if stream.name else named.path
        where = place((self.layer(named, stream.name),))
        facts = self._facts(named, found, moments)
        reason = self._obstacle(file, stream)
        if again:  # two streams of one name: nothing tells which a locator would mean
            reason = Reason.DAMAGED_FILE_SYSTEM
        if reason is not None:
            return Failed(path, Stage.OPEN, reason, where, facts)
        runs = stream.runs or self._family.record(int(meta.addr))
        mode = stat.S_IFREG | int(meta.mode) & 0o7777
        identity = 0, runs[0].offset if runs else 0
        return Item(path, stream.size, moments.modified_ns, mode, identity, where, facts)

    def _obstacle(self, file: Handle, stream: Stream) -> Reason | None:
        try:
            return self._family.obstacle(file, stream)
        except TROUBLES:
            return Reason.DAMAGED_FILE_SYSTEM

    @staticmethod
    def _facts(named: Named, found: Found | None = None, moments: Moments | None = None) -> Facts:
        runs = found.stream.runs if found else ()
        return Facts(
            named.standing,
            found.recovery if found else None,
            moments.times if moments else (),
            tuple((run.offset, run.length) for run in runs[:MOST_EXTENTS]),
            len(runs),
            notes=found.notes if found else (),
        )


def available(family: Family, file: Handle, *, gone: bool) -> list[Found]:
    """List the streams of a file that have content, or had it when it was deleted.

    Raises:
        whatever the library does: see :data:`.tsk_image.TROUBLES`.
    """
    if gone:
        return list(family.recovered(file))
    return [Found(stream) for stream in family.streams(file)]
