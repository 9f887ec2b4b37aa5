"""Builds a new set version from the events of a list, beside the installed ones.

Everything is written into a staging folder; nothing can be asked before it is published. What
is read ends kept, dropped with a reason, or quarantined, and a list that lost something, means
something else than stated, or is empty is refused.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch import durable
from hashmatch.db import files, near, never
from hashmatch.db.counts import Counts
from hashmatch.db.fingerprints import Fingerprints
from hashmatch.db.manifest import EXACT, MANIFEST, RECORDS, ListFile, Manifest, Part, near_file
from hashmatch.db.near_build import NearBuilder
from hashmatch.db.records import RecordWriter
from hashmatch.db.refusals import Losses, check_facts, check_result
from hashmatch.db.sorting import RUN_ROWS, ExactBuilder
from hashmatch.errors import HashSetError
from hashmatch.model.hashes import Method
from hashmatch.model.records import Dropped, HashRecord, ListFacts, Loss, Quarantine, RecordBatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from hashmatch.db.description import SetDescription
    from hashmatch.db.keys import LibraryKey
    from hashmatch.model.records import FastEvent


@dataclass(frozen=True, slots=True)
class Draft:
    """Where a new version is being built, and what is known of it beforehand."""

    folder: Path
    key: LibraryKey
    salt: bytes
    created: str
    supersedes: str | None


class SetBuilder:
    """Takes the events of a list's files, one file after the other, then :meth:`finish`."""

    def __init__(
        self, description: SetDescription, draft: Draft, *, run_rows: int = RUN_ROWS
    ) -> None:
        self._description, self._draft = description, draft
        self._counts, self._losses = Counts(), Losses()
        self._files: list[ListFile] = []
        self._fingerprints = Fingerprints(draft.key.derive("fingerprint", draft.salt))
        self._exact = ExactBuilder(draft.folder / EXACT, run_rows)
        self._near = NearBuilder()
        self._records = RecordWriter(draft.folder / RECORDS, self._key(RECORDS))

    @property
    def folder(self) -> Path:
        """The staging folder."""
        return self._draft.folder

    def _key(self, part: str) -> bytes:
        return self._draft.key.derive(part, self._draft.salt)

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
                for record in event.records():
                    self._add_record(record)
            elif isinstance(event, Dropped):
                self._add_loss(event)
            elif isinstance(event, ListFacts):
                facts.update(event.facts)
                check_facts(self._description, facts)
            else:
                msg = "the list withdraws records or is a filter; expected records alone"
                raise HashSetError(msg)
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
        counts = self._counts
        number = self._records.add(record, len(self._files))
        counts.read += 1
        for kind in record.other:
            counts.not_evaluated[kind] += 1
        counts.dispositions[self._description.disposition(record.category)] += 1
        usable, reason = self._add_values(record, number)
        if not usable and reason is not None:
            counts.quarantined += 1
            counts.quarantined_by[reason] += 1
            return
        counts.kept += 1
        counts.unmatchable += not usable

    def _add_values(self, record: HashRecord, number: int) -> tuple[bool, Quarantine | None]:
        """Index what may match; say whether there was any, and why something may not."""
        last: Quarantine | None = None
        file = 0
        for digest in record.digests:
            if reason := never.digest_reason(digest):
                self._counts.quarantined_values[reason] += 1
                last = reason
                continue
            fingerprint = self._fingerprints.of(digest)
            file = file or int.from_bytes(fingerprint[:8])
            self._exact.add(fingerprint, number)
            self._counts.values[digest.algorithm] += 1
        near_ones = 0
        for hashed in record.perceptual:
            if hashed.method is not Method.PDQ:
                self._counts.not_evaluated[hashed.method] += 1
                continue
            if reason := never.perceptual_reason(hashed):
                self._counts.quarantined_values[reason] += 1
                last = reason
                continue
            self._near.add(hashed.value, number, hashed.quality, file, sole=not file)
            near_ones += 1
        return bool(file or near_ones), last

    def finish(self) -> Manifest:
        """Complete the version in its staging folder.

        Raises:
            HashSetError: losses that were not accepted, or nothing that can match.
            OutputError: the disk is full or cannot be written.
        """
        self._losses.check(self._counts, accepted=self._description.accept_losses)
        self._exact.finish()
        self._finish_near()
        self._records.finish()
        check_result(self._counts)
        return self._write_manifest()

    def _finish_near(self) -> None:
        done, counts = self._near.finish(), self._counts
        emptied = len(done.emptied)
        counts.kept -= emptied
        counts.quarantined += emptied
        counts.quarantined_by += Counter({Quarantine.REPEATED: emptied})
        counts.quarantined_values += Counter({Quarantine.REPEATED: done.repeated})
        if done.entries:
            counts.values[Method.PDQ] = done.entries
            counts.distinct[Method.PDQ] = done.distinct
            name = near_file(Method.PDQ)
            near.write(self._draft.folder / name, self._key(name), done.content)

    def _write_manifest(self) -> Manifest:
        folder = self._draft.folder
        manifest = Manifest(
            stated=self._description,
            files=tuple(self._files),
            counts=self._counts,
            parts={path.name: _part(path) for path in sorted(folder.iterdir())},
            salt=self._draft.salt,
            created=self._draft.created,
            supersedes=self._draft.supersedes,
        )
        with files.writing("the manifest of the new set version"):
            durable.write_new(folder / MANIFEST, manifest.to_bytes())
            durable.sync_folder(folder)
        return manifest

    def close(self) -> None:
        """Let go of the files of the staging folder."""
        self._records.close()


def _part(path: Path) -> Part:
    with files.reading(f"the new file {path.name}"), path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return Part(stream.tell(), digest)
