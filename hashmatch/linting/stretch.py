"""Some records of a list as columns: the one form in which every rule sees them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from hashmatch.linting.prints import prints
from hashmatch.model.hashes import Algorithm, Method

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from hashmatch.linting.prints import Bytes, Prints
    from hashmatch.model.records import Dropped, Withdrawn

    Rows = NDArray[np.int64]

Kind = Algorithm | Method


@dataclass(slots=True)
class Hashes:
    """All values of one kind: ``rows`` says to which record each belongs, in rising order.

    ``qualities`` is -1 where the list states none; it is empty for digests.
    """

    rows: Rows
    values: Bytes
    qualities: NDArray[np.int16]
    _prints: Prints | None = None

    @property
    def prints(self) -> Prints:
        """The print of each value, made once."""
        if self._prints is None:
            self._prints = prints(self.values)
        return self._prints


@dataclass(frozen=True, slots=True)
class Cells:
    """The texts under one name. ``rows`` says to which record each belongs.

    ``joined`` is all of them one after the other, so that a column can be looked at in one go.
    """

    rows: Rows
    texts: Sequence[str]
    joined: str

    @classmethod
    def of(cls, rows: Rows, texts: Sequence[str]) -> Cells:
        """Take the texts of a column; raises ``TypeError`` where one is none."""
        return cls(rows, texts, "".join(texts))


@dataclass(frozen=True, slots=True)
class Stretch:
    """Records one after the other, and the losses and withdrawals that came between them.

    ``places``, ``categories``, ``sizes``, ``entries`` and ``settled`` have one value for each
    record: ``sizes`` is -1 and ``entries`` 0 where a record states none (an entry is only told
    from others, so that a number stands for it). ``settled`` is True where the format itself
    says which of several records with one entry counts. ``regular`` says that the readers found
    every digest written in plain hexadecimal. ``pictures`` are the places of records that hold an
    embedded picture, of which the readers leave only a description.
    """

    places: Rows
    hashes: Mapping[Kind, Hashes]
    categories: Sequence[str | None] | None
    sizes: NDArray[np.int64] | None
    entries: NDArray[np.uint64] | None
    cells: Mapping[str, Cells]
    settled: NDArray[np.bool_] | None = None
    losses: Sequence[Dropped] = ()
    withdrawn: Sequence[Withdrawn] = ()
    stored_only: Rows = field(default_factory=lambda: np.zeros(0, np.int64))
    regular: bool = True
    pictures: Sequence[int] = ()
    _plain: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.places)

    @property
    def says_something(self) -> bool:
        """Whether there is anything to check: a record, a loss or a withdrawal."""
        return bool(len(self) or self.losses or self.withdrawn)

    def digests(self) -> dict[Algorithm, Hashes]:
        """Give the digests of bytes."""
        return {kind: one for kind, one in self.hashes.items() if isinstance(kind, Algorithm)}

    def at(self, hashes: Hashes, chosen: NDArray[np.bool_] | Rows) -> Rows:
        """Give the places of chosen values of a column."""
        return self.places[hashes.rows[chosen]]

    def plain_columns(self) -> Mapping[str, str]:
        """Give the columns that hold nothing but digests in plain hexadecimal, joined.

        Only for regular stretches; no other rule has to look into such texts.
        """
        if self.regular and not self._plain:
            written = {hashes.values[0].tobytes().hex(): hashes for hashes in self.hashes.values()}
            for name, cells in self.cells.items():
                hashes = written.get(cells.texts[0].lower())
                digits = hashes.values.tobytes().hex() if hashes else ""
                if hashes and (cells.joined == digits or cells.joined.lower() == digits):
                    self._plain[name] = cells.joined
        return self._plain
