"""What a list writer is: a name, the format that reads it back, a way to write it.

To add a writer, write one module of this package with a module-level ``WRITER`` object that
satisfies :class:`ListWriter`, and one contract test for it. Nothing else has to be told.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from hashmatch.model.hits import Disposition
    from hashmatch.model.records import HashRecord


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record on its way out, with what its category means in its set."""

    record: HashRecord
    disposition: Disposition


Records: TypeAlias = "Callable[[], Iterable[Outgoing]]"
"""Gives all records from the first one, as often as it is called."""


@dataclass(frozen=True, slots=True)
class About:
    """The set that is written.

    ``origin`` is the format of the list that the set was made from, so that the original fields
    can be written again; None where it is unknown or where there were several. ``context`` is the
    country that the list is for. ``algorithm`` is the operator's choice of one kind of hash.
    """

    name: str
    version: str
    kind: str
    scheme: str | None = None
    publisher: str | None = None
    context: str | None = None
    origin: str | None = None
    algorithm: str | None = None


@dataclass(slots=True)
class Written:
    """What became of the records: written, or left out with a reason.

    ``values`` counts what was left out of records that were written, in words.
    """

    records: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    values: Counter[str] = field(default_factory=Counter)

    @property
    def whole(self) -> bool:
        """Whether nothing at all was left out."""
        return not (self.left_out or self.values)


class ListWriter(Protocol):
    """One way in which a set is written."""

    @property
    def name(self) -> str:
        """Short name, as ``--to`` takes it: ``vics``."""

    @property
    def title(self) -> str:
        """Name for people."""

    @property
    def reader(self) -> str:
        """Name of the list format that reads back what is written."""

    @property
    def chosen(self) -> bool:
        """Whether only one kind of hash is written, which must then be named."""

    def write(self, records: Records, about: About, told: Written) -> Iterator[bytes]:
        """Write all records, in constant memory; ``told`` is filled on the way.

        Raises:
            UsageError: the set cannot be written in this way.
        """
