"""What a list format is: a name, a way to recognise it, a way to read it.

To add a format, write one module of this package with a module-level ``FORMAT`` object that
satisfies :class:`ListFormat`, and one contract test for it. Nothing else has to be told.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, BinaryIO, Protocol, runtime_checkable

from hashmatch.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hashmatch.model.records import FastEvent, ListEvent

TYPES = (
    *("md5", "sha1", "sha256", "sha384", "sha512", "ed2k", "aich", "tth", "pieces-root"),
    *("btih", "btmh", "pdq", "phash", "dhash", "ahash"),
    *("whash", "blockmean", "photodna"),
)
"""What ``--type`` may say about values that no header names."""

ROLES = (*TYPES, "quality", "category", "entry", "size")
"""What ``--map`` may say about a column."""

HEAD_SIZE = 1 << 16
"""How many bytes of a list are enough to recognise it."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the operator states about a list that it does not say itself.

    ``algorithm`` names the hash of values without a header, one of ``TYPES``. ``columns`` maps a
    role, one of ``ROLES``, to a column: its name, or its number from 1. ``delimiter`` is one
    character. Longer lines (characters) and longer JSON records (bytes) than the maxima are
    refused instead of kept in memory. ``environment`` is where a list comes from, for a format
    whose lists mean different things by that. ``mapping`` is a mapping profile's name or path.
    ``beside`` holds companion files by their lower-case names, as the format asks for them.
    ``exact`` keeps bytes of lines of text that are not UTF-8, as surrogates that stand for them.

    Raises:
        UsageError: a type, role or delimiter that does not exist.
    """

    algorithm: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    delimiter: str | None = None
    environment: str | None = None
    mapping: str | None = None
    beside: Mapping[str, bytes] = field(default_factory=dict)
    exact: bool = False
    maximum_line: int = 1 << 20
    maximum_record: int = 1 << 24

    @property
    def stated(self) -> tuple[str, ...]:
        """Which of them were stated, by the words of the command line."""
        stated = {
            "type": self.algorithm,
            "map": self.columns,
            "delimiter": self.delimiter,
            "environment": self.environment,
            "mapping": self.mapping,
        }
        return tuple(word for word, value in stated.items() if value)

    def __post_init__(self) -> None:
        if self.algorithm is not None and self.algorithm not in TYPES:
            msg = f"--type names no hash that can be compared; expected one of {', '.join(TYPES)}"
            raise UsageError(msg)
        if not set(ROLES).issuperset(self.columns):
            msg = f"--map names an unknown role; expected one of {', '.join(ROLES)}"
            raise UsageError(msg)
        if self.delimiter is not None and len(self.delimiter) != 1:
            msg = "--delimiter is not one character; give the one that stands between the columns"
            raise UsageError(msg)


class Certainty(IntEnum):
    """How a format is recognised; surer signs are tried first."""

    MAGIC = 1
    """A fixed byte string at a fixed place."""
    MARKUP = 2
    """The root element of an XML document."""
    KEYS = 3
    """Keys of a JSON document."""
    HEADER = 4
    """A header line that only this format has."""
    TABLE = 5
    """A table with at least one column named after a hash."""
    LINES = 6
    """The form of each line."""
    BARE = 7
    """Nothing but values."""


class ListFormat(Protocol):
    """One way in which hash lists are exchanged."""

    @property
    def name(self) -> str:
        """Short name, as ``--format`` takes it: ``vics``."""

    @property
    def title(self) -> str:
        """Name for people."""

    @property
    def has_categories(self) -> bool:
        """Whether records can carry a category code."""

    @property
    def certainty(self) -> Certainty:
        """Where the format stands in the order of recognition."""

    @property
    def takes(self) -> tuple[str, ...]:
        """Which of the words of :attr:`ReadOptions.stated` mean something for this format."""

    def detect(self, head: bytes, file_name: str) -> bool:
        """Tell by structure, never by the file name alone, whether this is such a list.

        Args:
            head: the first ``HEAD_SIZE`` bytes of the file, or all of a shorter one.
            file_name: the name without folders; may only break a tie.
        """

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read the list from its beginning, in constant memory.

        Trouble with one record is yielded as a ``Dropped``; a value that is lost is reported
        before the record that survives it.

        Raises:
            HashSetError: the file as a whole cannot be read as this format. Events that were
                yielded before must then not be used.
        """


@runtime_checkable
class BatchFormat(Protocol):
    """A format that can also give regular rows in batches, for speed."""

    def read_batches(self, stream: BinaryIO, options: ReadOptions) -> Iterator[FastEvent]:
        """Read as :meth:`ListFormat.read`, with the same records, losses and facts.

        Rows that are not regular come as single events; places rise within each batch and
        from event to event except between the batches and singles of one block.
        """


@runtime_checkable
class RandomAccess(Protocol):
    """A format whose reader needs a seekable stream, or a real file: databases, filters."""

    random_access: bool


@runtime_checkable
class Accompanied(Protocol):
    """A format whose meaning is completed by other files that stand beside the list.

    ``companions`` are their lower-case names as :func:`fnmatch.fnmatch` patterns. They are handed
    over through ``ReadOptions.beside`` and are not lists themselves.
    """

    companions: tuple[str, ...]


def read_fast(form: ListFormat, stream: BinaryIO, options: ReadOptions) -> Iterator[FastEvent]:
    """Read a list in the fastest way its format has."""
    if isinstance(form, BatchFormat):
        return form.read_batches(stream, options)
    return iter(form.read(stream, options))
