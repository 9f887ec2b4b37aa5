"""Builds a new set version from the events of a list, beside the installed ones.

Everything is written into a staging folder; nothing can be asked before it is published. What
is read ends kept, dropped with a reason, quarantined, replaced or withdrawn, and a list that
lost something, means something else than stated, or is empty is refused.
"""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from hashmatch import durable
from hashmatch.db import files, near
from hashmatch.db.counts import Counts
from hashmatch.db.description import SetKind
from hashmatch.db.effect import Effect
from hashmatch.db.filters import FilterWriter
from hashmatch.db.fingerprints import Fingerprints
from hashmatch.db.intake import Intake
from hashmatch.db.manifest import (
    EXACT,
    FILTER,
    LIVENESS,
    MANIFEST,
    RECORDS,
    ListFile,
    Manifest,
    Part,
    near_file,
)
from hashmatch.db.records import RecordWriter, as_read
from hashmatch.db.refusals import Losses, check_codes, check_facts, check_result, check_whole
from hashmatch.db.sorting import RUN_ROWS, ExactBuilder
from hashmatch.errors import HashSetError
from hashmatch.model.records import (
    Dropped,
    HashRecord,
    ListFacts,
    Loss,
    MembershipFilter,
    RecordBatch,
    Withdrawn,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from hashmatch.db.description import SetDescription
    from hashmatch.db.filters import Filter
    from hashmatch.db.installed import InstalledSet
    from hashmatch.db.keys import LibraryKey
    from hashmatch.db.liveness import Liveness
    from hashmatch.model.records import FastEvent


@dataclass(frozen=True, slots=True)
class Draft:
    """Where a new version is being built, and what is known of it beforehand."""

    folder: Path
    key: LibraryKey
    salt: bytes
    created: str
    supersedes: str | None

    def sub_key(self, purpose: str) -> bytes:
        """Give the key for one purpose of the new version."""
        return self.key.derive(purpose, self.salt)


class SetBuilder:
    """Takes the events of a list's files, one file after the other, then :meth:`finish`."""

    def __init__(
        self,
        description: SetDescription,
        draft: Draft,
        *,
        base: InstalledSet | None = None,
        run_rows: int = RUN_ROWS,
    ) -> None:
        """Begin a version.

        Args:
            description: what the operator states.
            draft: where to build.
            base: the opened version that the list changes; None for a whole list.
            run_rows: rows of the exact index that are sorted in memory.

        Raises:
            HashSetError: the base cannot be changed.
            OutputError: the disk is full or cannot be written.
        """
        self._description, self._draft = description, draft
        self._effect, self._changing = Effect(base), base is not None
        self._base_files = () if base is None else base.manifest.files
        self._counts, self._losses = Counts(), Losses()
        self._files: list[ListFile] = []
        self._exact = ExactBuilder(draft.folder / EXACT, run_rows)
        self._intake = Intake(description, Fingerprints(draft.sub_key), self._exact, self._counts)
        self._filters: list[Filter] = []
        self._opened = ExitStack()
        self._records = RecordWriter(draft.folder / RECORDS, draft.sub_key(RECORDS))
        self._opened.callback(self._records.close)
        self._filter_writer: FilterWriter | None = None

    @property
    def folder(self) -> Path:
        """The staging folder."""
        return self._draft.folder

    def add_file(self, events: Iterable[FastEvent], describe: Callable[[], ListFile]) -> None:
        """Take over one file of the list, streaming.

        Args:
            events: what the importer read.
            describe: called once the events are exhausted; names the file with its size and
                SHA-256, which may thus be computed while the file is read.

        Raises:
            HashSetError: the file says that it is not what the operator stated.
            OutputError: the disk is full or cannot be written.
        """
        facts: dict[str, str] = {}
        for event in events:
            if isinstance(event, HashRecord):
                self._add_record(event)
            elif isinstance(event, RecordBatch):
                self._add_batch(event)
            elif isinstance(event, Dropped):
                self._add_loss(event)
            elif isinstance(event, ListFacts):
                facts.update(event.facts)
                check_facts(self._description, facts)
            elif isinstance(event, Withdrawn):
                self._effect.withdraw(event, self._records.count)
            else:
                self._add_filter(event)
        file = describe()
        self._files.append(ListFile(file.name, file.size, file.sha256, {**file.facts, **facts}))

    def _add_loss(self, event: Dropped) -> None:
        self._losses.note(len(self._files) + 1, event.place)
        if event.whole:
            self._counts.read += 1
            self._counts.dropped += 1
            self._counts.dropped_by[event.reason] += 1
        else:
            self._counts.lost_values[event.reason] += 1

    def _add_record(self, record: HashRecord) -> None:
        if not (record.digests or record.perceptual or record.other):
            self._add_loss(Dropped(record.place, Loss.NO_HASH))
            return
        number = self._records.add(record, len(self._files))
        self._counts.read += 1
        self._intake.add(record, number)
        if record.updated is not None:
            self._effect.note(record, number)

    def _add_batch(self, batch: RecordBatch) -> None:
        if not batch.digests:
            for record in batch.records():
                self._add_record(record)
        elif len(batch):
            first = self._records.add_batch(batch, len(self._files))
            self._counts.read += len(batch)
            self._intake.add_batch(batch, first)

    def _add_filter(self, event: MembershipFilter) -> None:
        if self._description.kind is not SetKind.BENIGN or self._changing:
            msg = (
                "the list is a filter, which only says that a file may be known; import it as a "
                "whole list with --kind benign, where it is a hint and never a hit"
            )
            raise HashSetError(msg)
        if self._filter_writer is None:
            path = self._draft.folder / FILTER
            self._filter_writer = FilterWriter(path, self._draft.sub_key(FILTER))
            self._opened.callback(self._filter_writer.close)
        self._filters.append(self._filter_writer.add(event))

    def note_earlier_losses(self, lost: Mapping[str, int]) -> None:
        """State what was lost, by reason, before the list came here; it stays said."""
        self._effect.lost.update(lost)

    def finish(self) -> Manifest:
        """Complete the version in its staging folder.

        Raises:
            HashSetError: losses that were not accepted, a list that is not whole, or nothing that
                can match.
            OutputError: the disk is full or cannot be written.
        """
        accepted = self._description.accept_losses
        self._losses.check(self._counts, accepted=accepted)
        told = [file.facts for file in self._files]
        check_whole(told, accepted=accepted or self._changing)
        liveness = self._settle()
        dead = self._dead(liveness)
        pinned = self._exact.finish(dead)
        self._finish_near(dead)
        self._records.finish()
        if self._filter_writer is not None:
            self._filter_writer.finish()
        if liveness:
            liveness.write(self._draft.folder / LIVENESS, self._draft.sub_key(LIVENESS))
        self._counts.tidy()
        check_codes(self._counts, self._description.profile, accepted=accepted)
        check_result(self._counts, filters=len(self._filters))
        return self._write_manifest(pinned)

    def _settle(self) -> Liveness:
        """Decide which records count, and carry over those of the base that stay."""
        gone = self._effect.settle(self._records)
        for record in self._effect.carried():
            number = self._records.add(as_read(record), len(self._files) + record.file)
            self._counts.carried += 1
            self._intake.add(as_read(record), number)
        self._take_back(gone.dead)
        self._counts.superseded = len(gone.superseded)
        self._counts.withdrawn = len(gone.withdrawn)
        return gone

    def _take_back(self, dead: frozenset[int]) -> None:
        for record in self._records.picked(sorted(dead)):
            self._intake.take_back(record)
        self._intake.flush()

    def _dead(self, liveness: Liveness) -> NDArray[np.bool_] | None:
        if not liveness.dead:
            return None
        dead = np.zeros(self._records.count, bool)
        dead[list(liveness.dead)] = True
        return dead

    def _finish_near(self, dead: NDArray[np.bool_] | None) -> None:
        for method, done in self._intake.finish_near(dead).items():
            name = near_file(method)
            key = self._draft.sub_key(name)
            near.write(self._draft.folder / name, key, method, done.content)

    def _write_manifest(self, pinned: str) -> Manifest:
        folder = self._draft.folder
        parts = {path.name: _part(path) for path in sorted(folder.iterdir())}
        parts[EXACT] = replace(parts[EXACT], pages=pinned)
        manifest = Manifest(
            stated=self._description,
            files=(*self._files, *self._base_files),
            counts=self._counts,
            parts=parts,
            salt=self._draft.salt,
            created=self._draft.created,
            supersedes=self._draft.supersedes,
            changes=self._effect.changes(),
            filters=tuple(self._filters),
        )
        with files.writing("the manifest of the new set version"):
            durable.write_new(folder / MANIFEST, manifest.to_bytes())
            durable.sync_folder(folder)
        return manifest

    def close(self) -> None:
        """Let go of the files of the staging folder."""
        self._opened.close()


def _part(path: Path) -> Part:
    with files.reading(f"the new file {path.name}"), path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return Part(stream.tell(), digest)
