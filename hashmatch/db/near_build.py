"""Collects the perceptual hashes of a new set version and sorts out those for too many files."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hashmatch.db import balance, near, near_lay_out, never
from hashmatch.model.hashes import Method

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hashmatch.db.near_lay_out import LaidOut


@dataclass(frozen=True, slots=True)
class NearContent:
    """What a new near index holds and what was left out of it.

    ``repeated`` counts the values left out, ``left_out`` and ``kept`` the records that lost or
    kept a value.
    """

    content: LaidOut
    entries: int
    distinct: int
    repeated: int
    left_out: NDArray[np.uint32]
    kept: NDArray[np.uint32]


class NearBuilder:
    """Holds all hashes of a method in memory, with 13 bytes beside each, and sorts them there."""

    def __init__(self, method: Method) -> None:
        self._method = method
        self._hashes = bytearray()
        self._record, self._quality = array("I"), array("B")
        self._file = array("Q")

    def add(self, value: bytes, record: int, quality: int | None, file: int) -> None:
        """Note that a record carries a hash.

        Args:
            value: as many bytes as the method has.
            record: number of the record.
            quality: as the list states it, or None.
            file: tells the known files apart, 0 where the record does not say which file it is.
        """
        self._hashes += value
        self._record.append(record)
        self._quality.append(near.UNKNOWN_QUALITY if quality is None else quality)
        self._file.append(file)

    def finish(self, dead: NDArray[np.bool_] | None = None) -> NearContent:
        """Leave out a hash that stands beside almost every file of a long list; lay out the rest.

        Raises:
            HashSetError: the values are said to be PDQ and cannot be.

        Args:
            dead: whether each record is to be left out altogether; None for none.
        """
        hashes = np.frombuffer(self._hashes, np.uint8).reshape(-1, self._method.size)
        record, quality = np.frombuffer(self._record, np.uint32), np.array(self._quality, "u1")
        file = np.frombuffer(self._file, np.uint64)
        if dead is not None:
            live = ~dead[record]
            hashes, record, quality, file = hashes[live], record[live], quality[live], file[live]
        if self._method is Method.PDQ:
            balance.check(hashes)
        everywhere = _everywhere(hashes, file)
        repeated = int(everywhere.sum())
        left_out = record[everywhere]
        if repeated:
            keep = ~everywhere
            hashes, record, quality = hashes[keep], record[keep], quality[keep]
        entries = near_lay_out.Entries(hashes, record, quality)
        content = near_lay_out.LaidOut(self._method, entries)
        return NearContent(
            content=content,
            entries=len(record),
            distinct=content.layout.hashes,
            repeated=repeated,
            left_out=np.unique(left_out),
            kept=np.unique(record) if repeated else record,
        )


def _everywhere(hashes: NDArray[np.uint8], file: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Tell for each entry whether its hash makes up almost all of a long list of files."""
    none = np.zeros(len(hashes), bool)
    if len(hashes) < never.LEAST_HASHES:
        return none
    order, new = near_lay_out.grouped(hashes)
    starts = np.append(np.flatnonzero(new), len(order))
    sizes = np.diff(starts)
    if sizes.max() <= never.ALMOST_ALL * len(order):
        return none
    most = int(sizes.argmax())
    members = order[starts[most] : starts[most + 1]]
    if len(np.unique(file[members])) >= never.MANY_FILES:
        none[members] = True
    return none
