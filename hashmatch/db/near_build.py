"""Collects the perceptual hashes of a new set version and sorts out those for too many files."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hashmatch.db import near
from hashmatch.db.never import MANY_FILES

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class NearContent:
    """What a new near index holds and what was left out of it.

    ``repeated`` counts the values left out, ``emptied`` the records that no value is left of.
    """

    content: bytearray
    entries: int
    distinct: int
    repeated: int
    emptied: NDArray[np.uint32]


class NearBuilder:
    """Holds all hashes of a set in memory: 46 bytes for each, about 240 while they are sorted."""

    def __init__(self) -> None:
        self._hashes = bytearray()
        self._record, self._quality = array("I"), array("B")
        self._file, self._sole = array("Q"), array("B")

    def add(self, value: bytes, record: int, quality: int | None, file: int, sole: bool) -> None:  # noqa: FBT001
        """Note that a record carries a hash.

        Args:
            value: 32 bytes.
            record: number of the record.
            quality: as the list states it, or None.
            file: tells the known files apart, 0 where the record does not say which file it is.
            sole: whether the record has no other kind of value that can match.
        """
        self._hashes += value
        self._record.append(record)
        self._quality.append(near.UNKNOWN_QUALITY if quality is None else quality)
        self._file.append(file)
        self._sole.append(sole)

    def finish(self) -> NearContent:
        """Leave out a hash that stands beside most files whatever they are; lay out the rest."""
        hashes = np.frombuffer(self._hashes, np.uint8).reshape(-1, near.HASH_BYTES)
        record = np.array(self._record, np.uint32)
        group, distinct_files = _groups(hashes, np.array(self._file, np.uint64))
        everywhere = (distinct_files >= MANY_FILES) & (np.bincount(group) * 2 > len(group))
        keep = ~everywhere[group]
        sole = np.array(self._sole, bool)
        emptied = np.setdiff1d(record[~keep & sole], record[keep & sole])
        quality = np.array(self._quality, np.uint8)
        return NearContent(
            content=near.content(hashes[keep], record[keep], quality[keep]),
            entries=int(keep.sum()),
            distinct=int((~everywhere).sum()),
            repeated=int((~keep).sum()),
            emptied=emptied,
        )


def _groups(
    hashes: NDArray[np.uint8], file: NDArray[np.uint64]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Number the distinct hashes and count the different files of each.

    Returns:
        For each entry the number of its hash; for each such number how many files share it.
    """
    words = hashes.view("<u8")
    order = np.lexsort((file, *words.T))
    words, file = words[order], file[order]
    new_hash = np.ones(len(words), bool)
    new_hash[1:] = (words[1:] != words[:-1]).any(axis=1)
    new_file = new_hash.copy()
    new_file[1:] |= file[1:] != file[:-1]
    in_order = np.cumsum(new_hash) - 1
    group = np.empty_like(in_order)
    group[order] = in_order
    return group, np.bincount(in_order, weights=new_file).astype(np.intp)
