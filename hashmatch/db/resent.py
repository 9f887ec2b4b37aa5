"""Entries that a list sends again: of several records with one entry the latest counts."""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_left
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from hashmatch.model.records import HashRecord

_KEY = 16
"""Bytes of an entry's digest: enough that nobody finds two entries with the same one."""


class Resent:
    """The latest record of each entry that states when it was updated.

    Holds 32 bytes for each such record in memory. First :meth:`note` all of them, then
    :meth:`settle`, then ask.
    """

    def __init__(self) -> None:
        self._keys = bytearray()
        self._updated, self._number = array("d"), array("Q")
        self._firsts = memoryview(b"").cast("Q")
        self._gone: set[int] = set()
        self.superseded: set[int] = set()
        """Numbers of the records that a later one replaces."""

    def __len__(self) -> int:
        return len(self._number)

    def note(self, record: HashRecord, number: int) -> None:
        """Remember a record of the list."""
        if record.entry is not None and record.updated is not None:
            self._keys += _digest(record.entry)
            self._updated.append(record.updated)
            self._number.append(number)

    def settle(self) -> None:
        """Find the latest record of each entry; of equally late ones the last."""
        halves = np.frombuffer(self._keys, ">u8").reshape(-1, 2).astype(np.uint64)
        updated, number = np.frombuffer(self._updated), np.frombuffer(self._number, np.uint64)
        order = np.lexsort((number, updated, halves[:, 1], halves[:, 0]))
        halves, updated, number = halves[order], updated[order], number[order]
        last = np.ones(len(order), bool)
        last[:-1] = (halves[1:] != halves[:-1]).any(axis=1)
        self.superseded = set(number[~last].tolist())
        self._keys = bytearray(halves[last].astype(">u8").tobytes())
        self._firsts = np.ascontiguousarray(halves[last, 0]).data
        self._updated, self._number = array("d", updated[last]), array("Q", number[last])

    def _find(self, entry: str | None) -> int | None:
        """Give the place of an entry; None where the list has no record that stands for it."""
        if entry is None or not self._number:
            return None
        key = _digest(entry)
        at = bisect_left(self._firsts, int.from_bytes(key[:8]))
        while at < len(self._number) and self._keys[_KEY * at : _KEY * at + 8] == key[:8]:
            if self._keys[_KEY * at : _KEY * (at + 1)] == key:
                return None if at in self._gone else at
            at += 1
        return None

    def replaces(self, entry: str | None) -> bool:
        """Tell whether the list has a record that stands for this entry from now on."""
        return self._find(entry) is not None

    def meet(self, entry: str | None, updated: float | None) -> None:
        """Compare with an earlier version's record: where that is the later one, it stays."""
        at = self._find(entry)
        if at is not None and updated is not None and updated > self._updated[at]:
            self.superseded.add(self._number[at])
            self._gone.add(at)


def _digest(entry: str) -> bytes:
    return hashlib.blake2b(entry.encode("utf-8", "surrogatepass"), digest_size=_KEY).digest()
