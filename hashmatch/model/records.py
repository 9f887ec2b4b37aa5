"""What a hash list says, as importers read it: records, losses and facts about the list."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hashmatch.model.hashes import Digest, PerceptualHash

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


@dataclass(frozen=True, slots=True)
class HashRecord:
    """One entry of a hash list. Entries of different lists are never merged.

    ``place`` is the line or record number inside its file, from 1. ``entry`` is the list's own
    id for the record, where it has one. ``category`` is the code exactly as written, None when
    absent (which is not 0). ``other`` names the hash kinds that were carried and cannot be
    compared by this version (``photodna``); their values stay in ``fields``. ``fields`` is the
    original, every key kept.
    """

    place: int
    digests: tuple[Digest, ...] = ()
    perceptual: tuple[PerceptualHash, ...] = ()
    entry: str | None = None
    category: str | None = None
    size: int | None = None
    other: tuple[str, ...] = ()
    fields: Mapping[str, Json] = field(default_factory=dict)


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
    ``columns``, ``looks_benign`` (the reason why the list must not be taken for notable).
    """

    facts: Mapping[str, str]


ListEvent: TypeAlias = HashRecord | Dropped | ListFacts


class Quarantine(StrEnum):
    """Why a value that was read must never match."""

    EMPTY_FILE = "empty-file"
    CONSTANT = "constant-value"
    LOW_QUALITY = "low-quality"
    REPEATED = "one-perceptual-hash-for-many-files"
