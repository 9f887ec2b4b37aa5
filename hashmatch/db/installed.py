"""An installed set version, opened: look digests up, find near hashes, read the records."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from typing import TYPE_CHECKING

from hashmatch.db import files
from hashmatch.db.exact import ExactIndex
from hashmatch.db.filters import FilterFile
from hashmatch.db.fingerprints import Fingerprints
from hashmatch.db.liveness import Liveness
from hashmatch.db.manifest import EXACT, FILTER, LIVENESS, MANIFEST, RECORDS, near_file
from hashmatch.db.records import RecordStore
from hashmatch.errors import HashSetError
from hashmatch.model.hashes import Method

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    import numpy as np
    from numpy.typing import NDArray

    from hashmatch.db.blocks import Block
    from hashmatch.db.keys import LibraryKey
    from hashmatch.db.manifest import Manifest
    from hashmatch.db.near import NearHits, NearIndex
    from hashmatch.db.records import StoredRecord
    from hashmatch.model.hashes import Algorithm, Digest
    from hashmatch.model.records import HashRecord


_FEW = 32
"""Fewer questions are answered without NumPy, which takes longer to load than to answer them."""


class InstalledSet:
    """One set version, ready to be asked. Open it once per process; it needs no lock.

    Opening checks the frame of every file; what is read later is proved when it is read, so that
    damage is never taken for an answer. :meth:`check` compares every byte with the manifest.
    """

    def __init__(self, folder: Path, manifest: Manifest, key: LibraryKey) -> None:
        """Open the files of a version.

        Raises:
            HashSetError: a file is missing, cut short, altered or under another key.
        """
        self.manifest = manifest
        self._folder, self._key = folder, key
        self._near: dict[Method, NearIndex] = {}
        self._fingerprints = Fingerprints(self._sub_key)
        self._check_sizes()
        if EXACT not in manifest.parts or RECORDS not in manifest.parts:
            raise self._damaged(MANIFEST)
        with ExitStack() as opened:
            self._exact = ExactIndex(folder / EXACT, manifest.parts[EXACT].pages)
            opened.callback(self._exact.close)
            self._liveness: Liveness | None = None
            if LIVENESS in manifest.parts:
                self._liveness = Liveness.read(folder / LIVENESS, self._sub_key(LIVENESS))
            stored = manifest.counts.stored
            records_key = self._sub_key(RECORDS)
            self._records = RecordStore(folder / RECORDS, records_key, stored, self._liveness)
            opened.callback(self._records.close)
            self._filters: FilterFile | None = None
            if manifest.filters:
                filter_key = self._sub_key(FILTER)
                self._filters = FilterFile(folder / FILTER, filter_key, manifest.filters)
                opened.callback(self._filters.close)
            self._opened = opened.pop_all()

    def _sub_key(self, purpose: str) -> bytes:
        return self._key.derive(purpose, self.manifest.salt)

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

    def has_near(self, methods: Iterable[Method] = (Method.PDQ,)) -> bool:
        """Tell whether perceptual hashes of any of these methods can be compared with this set."""
        return any(near_file(method) in self.manifest.parts for method in methods)

    def lookup(self, digests: Sequence[Digest]) -> list[list[int]]:
        """Give for each digest the numbers of all records that carry it; batches are fast.

        Each record's own digests were compared.

        Raises:
            HashSetError: a file was altered.
        """
        if len(digests) < _FEW:
            of = self._fingerprints.of
            found = [self._exact.find_one(of(digest)) for digest in digests]
        else:
            found = self._find_many(digests)
        return [
            [n for n in numbers if digest in self._records.digests(n)] if numbers else numbers
            for digest, numbers in zip(digests, found, strict=True)
        ]

    def _find_many(self, digests: Sequence[Digest]) -> list[list[int]]:
        found: list[list[int]] = [[] for _ in digests]
        places: dict[Algorithm, list[int]] = {}
        for place, digest in enumerate(digests):
            places.setdefault(digest.algorithm, []).append(place)
        for algorithm, own in places.items():
            values = b"".join([digests[place].value for place in own])
            asked, records = self.candidates(algorithm, values)
            for at, number in zip(asked.tolist(), records.tolist(), strict=True):
                found[own[at]].append(number)
        return found

    def candidates(
        self, algorithm: Algorithm, values: bytes
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Give the records that may carry digests, which lie one after the other.

        For very many digests: nobody compared the records' own digests yet, and about one answer
        in a thousand million is wrong.

        Returns:
            Number of the digest, number of the record; sorted by both.
        """
        return self._exact.find(self._fingerprints.of_many(algorithm, values))

    def digests(self, number: int) -> tuple[Digest, ...]:
        """Read the digests of a record alone; raises as :meth:`record` does."""
        return self._records.digests(number)

    def live(self, numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell for each of many records whether it counts."""
        import numpy as np  # noqa: PLC0415  # a single look-up does without

        dead = list(self._liveness.dead) if self._liveness else []
        return ~np.isin(numbers, dead)

    @property
    def taken_back(self) -> Mapping[str, float]:
        """Entries that were taken back, and when; an older list does not bring them back."""
        return self._liveness.entries if self._liveness is not None else {}

    def hinted(self, digests: Sequence[Digest]) -> list[bool]:
        """Tell for each digest whether a filter of the set says "maybe". Never a hit."""
        filters = self._filters
        return [filters is not None and filters.maybe(digest) for digest in digests]

    def _near_index(self, method: Method) -> NearIndex | None:
        """Unseal a near index when it is first asked."""
        name = near_file(method)
        if method not in self._near and name in self.manifest.parts:
            from hashmatch.db import near  # noqa: PLC0415  # an exact look-up does without

            self._near[method] = near.read(self._folder / name, self._sub_key(name), method)
        return self._near.get(method)

    def near_hits(self, method: Method, queries: Sequence[bytes], radius: int) -> NearHits:
        """Find every record within a radius of any query; the answer as columns.

        Args:
            method: the perceptual hash method; a set without it has no neighbours.
            queries: hashes of ``method.size`` bytes.
            radius: greatest distance, inclusive; bits, for PhotoDNA the sum of squares.

        Raises:
            UsageError: the radius is beyond the greatest distance or below 0.
            HashSetError: the index was altered.
        """
        import numpy as np  # noqa: PLC0415  # an exact look-up does without

        from hashmatch.db.near import NearHits  # noqa: PLC0415

        array = np.frombuffer(b"".join(queries), np.uint8).reshape(-1, method.size)
        index = self._near_index(method)
        return NearHits.none() if index is None else index.search(array, radius)

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
        return iter(self._records)

    def live_records(self) -> Iterator[HashRecord]:
        """Read the records that count, in order; their places are their numbers from 1."""
        return self._records.live()

    def blocks(self) -> Iterator[tuple[int, Block]]:
        """Open the stored records block by block, each with the number of its first one."""
        return self._records.blocks()

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
        if not self._exact.ordered():
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
