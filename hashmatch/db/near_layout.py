"""Where things lie inside an unsealed near index.

A header, then sections that begin at multiples of 64 bytes: the distinct hashes; start of each
one's entries; record number and quality of each entry. A large index of hashes compared in bits
has slots besides: the marks of all keys that occur; for each word of marks the place in the pool
of what belongs to its first mark; and the pool, slot after slot: where the rows of each key that
occurs begin, where the last ones end, and the rows, sorted by key. The hashes are sorted by the
key of the first slot, so that its rows are not listed: a place below the number of hashes is the
row itself, others count on from there in the pool.

Hashes lie one after the other, in a small index of bits in columns of 64 bits.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from hashmatch.db.near_plan import WORD_BITS, Slot
from hashmatch.errors import HashSetError

if TYPE_CHECKING:
    from hashmatch.model.hashes import Method

_MAGIC = b"HMNEAR\x00\x02"
_HEADER = struct.Struct("<8s4Q")
_SLOT = struct.Struct("<HH")
HEADER_BYTES = 128
MOST_SLOTS = (HEADER_BYTES - _HEADER.size) // _SLOT.size
ALIGNED = 64

SECTIONS = ("values", "entries", "record", "quality", "marks", "before", "pool")
"""The sections in their order."""


@dataclass(frozen=True, slots=True)
class _Frozen:
    """What the header states."""

    method: Method
    hashes: int
    entries: int
    slots: tuple[Slot, ...] = ()
    keys: int = 0


class Layout(_Frozen):
    """How many there are of everything; ``keys`` is the number of keys of all slots that occur."""

    @cached_property
    def words(self) -> tuple[int, ...]:
        """Words of marks of each slot."""
        return tuple(1 << slot.width - WORD_BITS for slot in self.slots)

    @cached_property
    def places(self) -> dict[str, tuple[int, int]]:
        """Offset and length in bytes of each section."""
        words, slots = sum(self.words), len(self.slots)
        lengths = (
            self.hashes * self.method.size,
            4 * (self.hashes + 1),
            4 * self.entries,
            self.entries,
            8 * words,
            4 * words,
            4 * (self.keys + slots + self.hashes * max(0, slots - 1)),
        )
        places, offset = {}, HEADER_BYTES
        for name, length in zip(SECTIONS, lengths, strict=True):
            places[name] = (offset, length)
            offset += -(-length // ALIGNED) * ALIGNED
        return places

    @property
    def size(self) -> int:
        """Length of the whole in bytes."""
        offset, length = self.places[SECTIONS[-1]]
        return offset + -(-length // ALIGNED) * ALIGNED

    def header(self) -> bytes:
        """Write the header."""
        numbers = (self.hashes, self.entries, self.keys, len(self.slots))
        slots = b"".join([_SLOT.pack(*slot) for slot in self.slots])
        return (_HEADER.pack(_MAGIC, *numbers) + slots).ljust(HEADER_BYTES, b"\0")


def layout(method: Method, header: bytes | bytearray | memoryview) -> Layout:
    """Read a header.

    Raises:
        HashSetError: it is none, or of another layout.
    """
    if len(header) < HEADER_BYTES or header[:8] != _MAGIC:
        msg = "a near index of the library is of another layout; import the list again"
        raise HashSetError(msg)
    _, hashes, entries, keys, number = _HEADER.unpack_from(header)
    if number > MOST_SLOTS:
        msg = "a near index of the library states too many slots; import the list again"
        raise HashSetError(msg)
    slots = tuple(
        Slot(*_SLOT.unpack_from(header, _HEADER.size + _SLOT.size * at)) for at in range(number)
    )
    return Layout(method, hashes, entries, slots, keys)
