"""An installed set version, opened: look digests up, find near hashes, read the records."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from typing import TYPE_CHECKING

import numpy as np

from hashmatch.db import files, near
from hashmatch.db.exact import ExactIndex
from hashmatch.db.fingerprints import Fingerprints
from hashmatch.db.manifest import EXACT, RECORDS, near_file
from hashmatch.db.records import RecordStore
from hashmatch.errors import HashSetError
from hashmatch.model.hashes import Method

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from hashmatch.db.keys import LibraryKey
    from hashmatch.db.manifest import Manifest
    from hashmatch.db.near import NearHits, NearIndex
    from hashmatch.db.records import StoredRecord
    from hashmatch.model.hashes import Digest


class InstalledSet:
    """One set version, ready to be asked. Open it once per process; it needs no lock.

    Opening checks the frame of every file and unseals the near index; :meth:`check` compares
    every byte with the manifest.
    """

    def __init__(self, folder: Path, manifest: Manifest, key: LibraryKey) -> None:
        """Open the files of a version.

        Raises:
            HashSetError: a file is missing, cut short, altered or under another key.
        """
        self.manifest = manifest
        self._folder = folder
        self._near: dict[Method, NearIndex] = {}
        self._fingerprints = Fingerprints(key.derive("fingerprint", manifest.salt))
        self._check_sizes()
        with ExitStack() as opened:
            self._exact = ExactIndex(folder / EXACT)
            opened.callback(self._exact.close)
            records_key = key.derive(RECORDS, manifest.salt)
            self._records = RecordStore(folder / RECORDS, records_key, manifest.counts.stored)
            opened.callback(self._records.close)
            for method in Method:
                name = near_file(method)
                if name in manifest.parts:
                    sub_key = key.derive(name, manifest.salt)
                    self._near[method] = near.read(folder / name, sub_key)
            self._opened = opened.pop_all()

    def _check_sizes(self) -> None:
        for name, part in self.manifest.parts.items():
            with files.reading(f"the library's file {name}"):
                size = (self._folder / name).stat().st_size
            if size != part.size:
                raise self._damaged(name)

    def _damaged(self, name: str) -> HashSetError:
        return HashSetError(
            f"the file {name} of set {self.manifest.name} is not the one that was installed; "
            "restore the library from a copy, or import the list again"
        )

    @property
    def has_near(self) -> bool:
        """Whether pictures can be compared with this set."""
        return bool(self._near)

    def lookup(self, digests: Sequence[Digest]) -> list[list[int]]:
        """Give for each digest the numbers of all records that carry it; batches are fast."""
        of = self._fingerprints.of
        return self._exact.find([of(digest) for digest in digests])

    def near_hits(self, method: Method, queries: Sequence[bytes], radius: int) -> NearHits:
        """Find every record within a radius of any query; the answer as columns.

        Args:
            method: the perceptual hash method; a set without it has no neighbours.
            queries: hashes of ``method.size`` bytes.
            radius: greatest distance in bits, inclusive.

        Raises:
            UsageError: the index is not exact up to that radius.
        """
        array = np.frombuffer(b"".join(queries), np.uint8).reshape(-1, method.size)
        index = self._near.get(method)
        return near.NearHits.none() if index is None else index.search(array, radius)

    def search_near(
        self, method: Method, queries: Sequence[bytes], radius: int
    ) -> list[tuple[int, int, int]]:
        """As :meth:`near_hits`, as rows: number of the query, record, distance; sorted so."""
        hits = self.near_hits(method, queries, radius)
        columns = (hits.query.tolist(), hits.record.tolist(), hits.distance.tolist())
        return list(zip(*columns, strict=True))

    def record(self, number: int) -> StoredRecord:
        """Read an original record, every field kept.

        Raises:
            IndexError: there is no such record.
            HashSetError: the file was altered.
        """
        return self._records[number]

    def records(self) -> Iterator[StoredRecord]:
        """Read all records in order, a block at a time; withdrawn ones are not ``live``."""
        return map(self.record, range(self.manifest.counts.stored))

    def check(self) -> None:
        """Compare every byte of the version with its manifest; as fast as the disk reads.

        Raises:
            HashSetError: names the first file that is not the one that was installed.
        """
        for name, part in self.manifest.parts.items():
            with files.reading(f"the library's file {name}"), (self._folder / name).open("rb") as f:
                digest = hashlib.file_digest(f, "sha256").hexdigest()
            if digest != part.sha256:
                raise self._damaged(name)
        if not self._exact.ordered:
            raise self._damaged(EXACT)

    def close(self) -> None:
        """Let go of all files and of the unsealed near index."""
        self._near.clear()
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
