"""What a hash list says, as importers read it: records, losses and facts about the list."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from hashmatch.model.hashes import Digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from hashmatch.model.hashes import Algorithm, PerceptualHash

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


@dataclass(frozen=True, slots=True)
class HashRecord:
    """One entry of a hash list. Entries of different lists are never merged.

    ``place`` is the line or record number inside its file, from 1. ``entry`` is the list's own
    id for the record, where it has one. ``category`` is the code exactly as written, None when
    absent (which is not 0). ``other`` names the hash kinds that were carried and cannot be
    compared by this version (``tlsh``); their values stay in ``fields``. ``fields`` is the
    original, every key kept.

    ``flags`` are statements of yes or no under the names of ``FLAGS``; what a list leaves open is
    absent. ``parts`` names the sources inside a list that assert the record, where a later
    withdrawal may take back one of them. ``updated`` is when the issuer last changed the record,
    in seconds since 1970 UTC: of records with one ``entry`` the latest counts.
    """

    place: int
    digests: tuple[Digest, ...] = ()
    perceptual: tuple[PerceptualHash, ...] = ()
    entry: str | None = None
    category: str | None = None
    size: int | None = None
    other: tuple[str, ...] = ()
    fields: Mapping[str, Json] = field(default_factory=dict)
    flags: Mapping[str, bool] = field(default_factory=dict)
    parts: tuple[str, ...] = ()
    updated: float | None = None


FLAGS = (
    "victim_identified",
    "offender_identified",
    "is_distributed",
    "is_suspected",
    "is_precategorized",
    "self_generated",
    "baseline",
    "file_available",
    "publicly_available",
    "viewed_by_esp",
    "exif_viewed_by_esp",
    "tagged",
    "generative_ai",
    "viral",
    "potential_meme",
    "animated",
    "live_streaming",
    "known_malicious",
    "uploaded_or_shared",
    "deleted_file",
    "unallocated",
)
"""Names under which lists state yes or no about a record."""


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The issuer takes a record back: by its ``entry``, or by digests where there is none.

    With ``part`` only that source's assertion is taken back; the record goes when none is left.
    A record with a later ``updated`` than the withdrawal stays.
    """

    place: int
    entry: str | None = None
    digests: tuple[Digest, ...] = ()
    part: str | None = None
    updated: float | None = None


@dataclass(frozen=True, slots=True)
class MembershipFilter:
    """A Bloom filter in place of records: it says "maybe" or "no", never which.

    Laid out as DCSO's ``bloom`` and hashlookup publish it. ``blocks`` gives the bit array in
    order, once. Of use for known files only: a "maybe" is no hit.
    """

    algorithm: Algorithm
    capacity: int
    rate: float
    functions: int
    bits: int
    inserted: int
    blocks: Iterable[bytes]


@dataclass(frozen=True, slots=True)
class RecordBatch:
    """Records of a regular list, column by column: one :class:`HashRecord` for each row.

    Every row has every digest of ``digests`` and no other hash. ``digests`` holds the values of
    all rows one after the other. ``columns`` holds the original cells by column name: texts,
    numbers, true, false or None, nothing nested. The optional sequences are as long as
    ``places``.
    """

    places: Sequence[int]
    digests: Mapping[Algorithm, bytes]
    columns: Mapping[str, Sequence[Json]]
    entries: Sequence[str | None] | None = None
    categories: Sequence[str | None] | None = None
    sizes: Sequence[int | None] | None = None
    flags: Sequence[Mapping[str, bool]] | None = None
    parts: Sequence[tuple[str, ...]] | None = None

    def __len__(self) -> int:
        return len(self.places)

    def cut(self, start: int, end: int) -> RecordBatch:
        """Give a stretch of the rows, up to ``end`` exclusive."""
        rows = slice(start, end)
        return RecordBatch(
            self.places[rows],
            {one: v[start * one.size : end * one.size] for one, v in self.digests.items()},
            {name: cells[rows] for name, cells in self.columns.items()},
            None if self.entries is None else self.entries[rows],
            None if self.categories is None else self.categories[rows],
            None if self.sizes is None else self.sizes[rows],
            None if self.flags is None else self.flags[rows],
            None if self.parts is None else self.parts[rows],
        )

    def records(self) -> Iterator[HashRecord]:
        """Give the rows as single records, in order."""
        for row, place in enumerate(self.places):
            yield HashRecord(
                place,
                tuple(
                    Digest(one, values[row * one.size : (row + 1) * one.size])
                    for one, values in self.digests.items()
                ),
                entry=self.entries[row] if self.entries is not None else None,
                category=self.categories[row] if self.categories is not None else None,
                size=self.sizes[row] if self.sizes is not None else None,
                fields={name: cells[row] for name, cells in self.columns.items()},
                flags=self.flags[row] if self.flags is not None else {},
                parts=self.parts[row] if self.parts is not None else (),
            )


class Loss(StrEnum):
    """Why something that stands in a list was not taken over. Words, never the value."""

    NOT_HEX = "not-hexadecimal"
    WRONG_LENGTH = "wrong-length"
    NO_HASH = "no-usable-hash"
    MALFORMED = "malformed-row"
    MISSING_COLUMN = "missing-column"
    BAD_ENCODING = "bad-encoding"
    BAD_VALUE = "bad-value"
    UNKNOWN_ALGORITHM = "unknown-algorithm"


@dataclass(frozen=True, slots=True)
class Dropped:
    """A record, or one value of a record, was lost.

    ``whole`` is True when the entire record is lost; False when one of its values is lost and
    the record itself follows.
    """

    place: int
    reason: Loss
    whole: bool = True


@dataclass(frozen=True, slots=True)
class ListFacts:
    """What a list file says about itself: format version, country, declared counts, and so on.

    Importers yield it any number of times; later values replace earlier ones. Well-known keys:
    ``format_version``, ``context`` (the country of a VICS list), ``shape``, ``publisher``,
    ``columns``, ``environment``, ``looks_benign`` (the reason why the list must not be taken for
    notable), ``partial`` (why the file is known to be only a part of the list), ``last_page`` (it
    is the end of a list of several files).
    """

    facts: Mapping[str, str]


ListEvent: TypeAlias = HashRecord | Withdrawn | Dropped | ListFacts | MembershipFilter
FastEvent: TypeAlias = "ListEvent | RecordBatch"


class Quarantine(StrEnum):
    """Why a value that was read must never match."""

    EMPTY_FILE = "empty-file"
    CONSTANT = "constant-value"
    LOW_QUALITY = "low-quality"
    REPEATED = "one-perceptual-hash-for-many-files"
    KNOWN_WRONG = "known-wrong-value"
