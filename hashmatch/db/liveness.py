"""Which records of a set version no longer count: withdrawn by the issuer, or replaced.

Entries that were taken back stay known, so that an older list does not bring them back.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hashmatch.db.sealed import SealedFile, SealedWriter

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

KIND = b"liveness"


@dataclass(frozen=True, slots=True)
class Liveness:
    """Numbers of records that do not count, and the parts taken back of others that still do.

    ``entries`` are those that were taken back at a stated time, in seconds since 1970 UTC.
    """

    superseded: frozenset[int] = frozenset()
    withdrawn: frozenset[int] = frozenset()
    parts: Mapping[int, frozenset[str]] = field(default_factory=dict)
    entries: Mapping[str, float] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether there is anything to remember."""
        return bool(self.superseded or self.withdrawn or self.parts or self.entries)

    @property
    def dead(self) -> frozenset[int]:
        """All records that do not count."""
        return self.superseded | self.withdrawn

    def of(self, number: int, parts: tuple[str, ...]) -> tuple[bool, tuple[str, ...]]:
        """Say whether a record counts and which of its parts are left."""
        gone = self.parts.get(number)
        left = parts if gone is None else tuple(one for one in parts if one not in gone)
        return number not in self.superseded and number not in self.withdrawn, left

    def write(self, path: Path, key: bytes) -> None:
        """Seal it into a new file."""
        said = {
            "superseded": sorted(self.superseded),
            "withdrawn": sorted(self.withdrawn),
            "parts": {str(number): sorted(gone) for number, gone in sorted(self.parts.items())},
            "entries": dict(sorted(self.entries.items())),
        }
        sealed = SealedWriter(path, key, KIND)
        try:
            sealed.add(zlib.compress(json.dumps(said).encode("ascii")))
            sealed.finish()
        finally:
            sealed.close()

    @classmethod
    def read(cls, path: Path, key: bytes) -> Liveness:
        """Read back what :meth:`write` sealed.

        Raises:
            HashSetError: the file was altered or is under another key.
        """
        sealed = SealedFile(path, key, KIND)
        try:
            said = json.loads(zlib.decompress(sealed.chunk(0)))
        finally:
            sealed.close()
        return cls(
            frozenset(said["superseded"]),
            frozenset(said["withdrawn"]),
            {int(number): frozenset(gone) for number, gone in said["parts"].items()},
            said["entries"],
        )
